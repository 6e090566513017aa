// SPDX-License-Identifier: MIT
// The request half of the client's handshake: is it sendable, and its bytes.
#include <algorithm>
#include <array>
#include <utility>

#include "protocol/ascii.h"
#include "protocol/extension_deflate.h"
#include "protocol/handshake.h"
#include "protocol/http_field.h"
#include "protocol/version.h"

namespace ws::protocol {
namespace {

constexpr std::string_view kWebSocketPrefix = "Sec-WebSocket-";

// Fields that the handshake itself sends, or that would give the request a body.
constexpr std::array<std::string_view, 4> kReservedFields = {"Upgrade", "Connection",
                                                             "Content-Length", "Transfer-Encoding"};

Error option_error(std::string message) {
  return {
      .phase = Phase::kOptions, .code = ErrorCode::kInvalidOption, .message = std::move(message)};
}

bool is_reserved(std::string_view name) {
  return equal_ignoring_case(name.substr(0, kWebSocketPrefix.size()), kWebSocketPrefix) ||
         std::any_of(kReservedFields.begin(), kReservedFields.end(),
                     [&](std::string_view field) { return equal_ignoring_case(name, field); });
}

bool is_request_part(std::string_view text) {
  return !text.empty() &&
         std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == ' '; });
}

std::optional<Error> check_field(const Header& field) {
  if (!is_token(field.name)) {
    return option_error("a header name is not a token");
  }
  if (is_reserved(field.name)) {
    return option_error("header " + field.name + " belongs to the handshake");
  }
  if (!is_field_value(field.value)) {
    return option_error("header " + field.name + " holds a control character");
  }
  return std::nullopt;
}

// One header from two sources is a mistake, not a choice.
std::optional<Error> check_sources(const HandshakeRequest& request) {
  const auto count = [&](std::string_view name) {
    return field_values(request.headers, name).size();
  };
  if (count("Host") > 1) {
    return option_error("header Host is given twice");
  }
  if (count("Cookie") + (request.cookie.empty() ? 0U : 1U) > 1) {
    return option_error("header Cookie is given twice (a header and the cookie jar?)");
  }
  if (count("Authorization") + (request.authorization.empty() ? 0U : 1U) > 1) {
    return option_error("header Authorization is given twice (a header and basic_auth?)");
  }
  if (count("Origin") + (request.origin.empty() ? 0U : 1U) > 1) {
    return option_error("header Origin is given twice");
  }
  return std::nullopt;
}

std::optional<Error> check_subprotocols(const std::vector<std::string>& subprotocols) {
  for (auto offered = subprotocols.begin(); offered != subprotocols.end(); ++offered) {
    if (!is_token(*offered)) {
      return option_error("a subprotocol is not a token");
    }
    if (std::find(subprotocols.begin(), offered, *offered) != offered) {
      return option_error("subprotocol " + *offered + " is offered twice");
    }
  }
  return std::nullopt;
}

std::string joined(const std::vector<std::string>& members) {
  std::string list;
  for (const std::string& member : members) {
    list += list.empty() ? member : ", " + member;
  }
  return list;
}

class RequestWriter {
 public:
  explicit RequestWriter(std::string_view target) {
    text_.append("GET ").append(target).append(" HTTP/1.1\r\n");
  }

  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(": ").append(value).append("\r\n");
  }

  void add_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      add(name, value);
    }
  }

  [[nodiscard]] std::string finish() { return std::move(text_.append("\r\n")); }

 private:
  std::string text_;
};

}  // namespace

std::optional<Error> check_request(const HandshakeRequest& request) {
  if (!is_request_part(request.url.host) || !is_request_part(request.url.target)) {
    return option_error("the URL holds a space or a control character");
  }
  if (!is_field_value(request.cookie) || !is_field_value(request.origin) ||
      !is_field_value(request.authorization)) {
    return option_error("the cookie, the origin or the authorization holds a control character");
  }
  for (const Header& field : request.headers) {
    if (auto error = check_field(field)) {
      return error;
    }
  }
  if (auto error = check_sources(request)) {
    return error;
  }
  if (const auto rule = check_compression(request.compression);
      request.compression.enabled && !rule.empty()) {
    return option_error(std::string(rule));
  }
  return check_subprotocols(request.subprotocols);
}

// Names in title case: some servers compare them as they stand, although they must not.
std::string ClientHandshake::request_bytes() const {
  const auto given_host = field_values(request_.headers, "Host");
  RequestWriter writer(request_.url.target);
  writer.add("Host",
             given_host.empty() ? request_.url.authority() : std::string(given_host.front()));
  writer.add("Upgrade", "websocket");
  writer.add("Connection", "Upgrade");
  writer.add("Sec-WebSocket-Key", key_);
  writer.add("Sec-WebSocket-Version", "13");
  writer.add_unless_empty("Sec-WebSocket-Protocol", joined(request_.subprotocols));
  writer.add_unless_empty("Sec-WebSocket-Extensions", deflate_offer(request_.compression));
  writer.add_unless_empty("Origin", request_.origin);
  writer.add_unless_empty("Authorization", request_.authorization);
  writer.add_unless_empty("Cookie", request_.cookie);
  if (field_values(request_.headers, "User-Agent").empty()) {
    writer.add("User-Agent", kUserAgent);
  }
  for (const Header& field : request_.headers) {
    if (!equal_ignoring_case(field.name, "Host")) {
      writer.add(field.name, field.value);
    }
  }
  return writer.finish();
}

}  // namespace ws::protocol
