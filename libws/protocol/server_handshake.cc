// SPDX-License-Identifier: MIT
// A server's answer to an opening handshake (RFC 6455 section 4.2).
#include "protocol/server_handshake.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <utility>

#include <openssl/evp.h>

#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/http_field.h"
#include "protocol/http_response_head.h"

namespace ws::protocol {
namespace {

using Progress = ServerHandshakeResult::Progress;

constexpr std::size_t kMaxRequest = std::size_t{16} << 10;
constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // section 1.3
constexpr std::string_view kMethod = "GET ";
constexpr std::string_view kVersion = " HTTP/1.1";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kBadRequest = "400 Bad Request";

struct Request {
  std::string_view line;
  std::vector<Header> fields;
};

ServerHandshakeResult refused(std::string_view status, std::string_view more_fields = {}) {
  std::string response = "HTTP/1.1 ";
  response.append(status).append(kLineEnd).append(more_fields);
  response.append("Connection: close\r\nContent-Length: 0\r\n\r\n");
  return {.progress = Progress::kRefused, .response = std::move(response), .subprotocol = {}};
}

// `head` is without its empty line. nullopt for what no strict server takes.
std::optional<Request> parse_request(std::string_view head) {
  Request request;
  const auto end = std::min(head.find(kLineEnd), head.size());
  request.line = head.substr(0, end);
  head.remove_prefix(std::min(end + kLineEnd.size(), head.size()));
  while (!head.empty()) {
    const auto size = std::min(head.find(kLineEnd), head.size());
    const FieldLine field = parse_field_line(head.substr(0, size));
    if (!field.violation.empty() || request.fields.size() == kMaxHeaderFields) {
      return std::nullopt;
    }
    request.fields.push_back({std::string(field.name), std::string(field.value)});
    head.remove_prefix(std::min(size + kLineEnd.size(), head.size()));
  }
  return request;
}

// GET, a target, HTTP/1.1.
bool is_get(std::string_view line) {
  if (line.size() <= kMethod.size() + kVersion.size() ||
      line.substr(0, kMethod.size()) != kMethod ||
      line.substr(line.size() - kVersion.size()) != kVersion) {
    return false;
  }
  const auto target = line.substr(kMethod.size(), line.size() - kMethod.size() - kVersion.size());
  return target.front() == '/' && target.find(' ') == std::string_view::npos &&
         is_field_value(target);
}

bool is_upgrade(const Request& request) {
  return is_get(request.line) && field_values(request.fields, "Host").size() == 1 &&
         has_list_member(request.fields, "Upgrade", "websocket") &&
         has_list_member(request.fields, "Connection", "upgrade");
}

ServerHandshakeResult answer(const Request& request, std::size_t consumed) {
  const auto versions = field_values(request.fields, "Sec-WebSocket-Version");
  if (is_upgrade(request) && (versions.size() != 1 || versions.front() != "13")) {
    return refused("426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n");  // section 4.4
  }
  const auto keys = field_values(request.fields, "Sec-WebSocket-Key");
  if (!is_upgrade(request) || keys.size() != 1 || !is_base64_of_16_bytes(keys.front())) {
    return refused(kBadRequest);
  }
  ServerHandshakeResult result;
  result.progress = Progress::kOpen;
  result.consumed = consumed;
  result.response =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
      accept_key(keys.front()) + "\r\n";
  if (const auto offered = list_members(request.fields, "Sec-WebSocket-Protocol");
      !offered.empty() && is_token(offered.front())) {
    result.subprotocol = offered.front();
    result.response += "Sec-WebSocket-Protocol: " + result.subprotocol + "\r\n";
  }
  result.response += kLineEnd;
  return result;
}

}  // namespace

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += kKeySuffix;
  std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  [[maybe_unused]] const int done =
      EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha1(), nullptr);
  assert(done == 1);
  return encode_base64(std::span(digest).first(size));
}

ServerHandshakeResult answer_request(std::string_view received) {
  const auto end = received.substr(0, kMaxRequest).find(kHeadEnd);
  if (end == std::string_view::npos) {
    return received.size() < kMaxRequest ? ServerHandshakeResult{}
                                         : refused("431 Request Header Fields Too Large");
  }
  const auto request = parse_request(received.substr(0, end));
  return request ? answer(*request, end + kHeadEnd.size()) : refused(kBadRequest);
}

}  // namespace ws::protocol
