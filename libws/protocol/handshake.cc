// SPDX-License-Identifier: MIT
// The response half of the client's handshake (RFC 6455 section 4.1).
#include "protocol/handshake.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/extension.h"
#include "protocol/extension_deflate.h"
#include "protocol/http_field.h"
#include "protocol/server_handshake.h"

namespace ws::protocol {
namespace {

constexpr std::size_t kNonceSize = 16;
constexpr int kSwitchingProtocols = 101;

std::string make_key(RandomSource& random) {
  std::array<std::byte, kNonceSize> nonce{};
  random.fill(nonce);
  return encode_base64(nonce);
}

}  // namespace

ClientHandshake::ClientHandshake(HandshakeRequest request, RandomSource& random)
    : request_(std::move(request)), key_(make_key(random)), head_(request_.max_header) {
  assert(!check_request(request_));
}

ClientHandshake::Progress ClientHandshake::receive(std::span<const std::byte> bytes) {
  while (progress_ == Progress::kNeedMore && !bytes.empty()) {
    if (!is_receiving_body()) {
      bytes = take_head(bytes);
    } else {
      if (body_->receive(bytes, response_.body)) {
        refuse();
      }
      bytes = {};
    }
  }
  if (progress_ == Progress::kOpen) {
    rest_.insert(rest_.end(), bytes.begin(), bytes.end());
  }
  return progress_;
}

std::span<const std::byte> ClientHandshake::take_head(std::span<const std::byte> bytes) {
  const auto step = head_.receive(bytes);
  if (step.progress == HttpResponseHead::Progress::kViolation) {
    reject(head_.violation());
  } else if (step.progress == HttpResponseHead::Progress::kComplete) {
    handle_head();
  }
  return bytes.subspan(step.taken);
}

void ClientHandshake::handle_head() {
  response_ = head_.take();
  if (response_.status < 200 && response_.status != kSwitchingProtocols) {
    skip_interim_response();
  } else if (response_.status == kSwitchingProtocols) {
    open();
  } else {
    body_.emplace(response_);
    if (body_->is_complete()) {
      refuse();
    }
  }
}

// RFC 9110 section 15.2: a client parses any number of them. Eight are any number.
void ClientHandshake::skip_interim_response() {
  if (++interim_count_ > kMaxInterimResponses) {
    reject("more than 8 interim responses");
    return;
  }
  head_ = HttpResponseHead(request_.max_header);
  response_ = {};
}

void ClientHandshake::open() {
  if (head_.is_http_1_0()) {
    reject("101 of HTTP/1.0");
    return;
  }
  for (const auto rule :
       {judge_upgrade(), judge_accept(), take_extensions(), judge_subprotocol()}) {
    if (!rule.empty()) {
      reject(rule);
      return;
    }
  }
  const auto chosen = field_values(response_.headers, "Sec-WebSocket-Protocol");
  subprotocol_ = chosen.empty() ? "" : chosen.front();
  progress_ = Progress::kOpen;
}

std::string_view ClientHandshake::judge_upgrade() const {
  const auto upgrades = list_members(response_.headers, "Upgrade");
  if (upgrades.size() != 1 || !equal_ignoring_case(upgrades.front(), "websocket")) {
    return "the Upgrade header is not exactly 'websocket'";
  }
  if (!has_list_member(response_.headers, "Connection", "upgrade")) {
    return "the Connection header does not name 'Upgrade'";
  }
  return {};
}

std::string_view ClientHandshake::judge_accept() const {
  const auto accepts = field_values(response_.headers, "Sec-WebSocket-Accept");
  if (accepts.size() != 1) {
    return accepts.empty() ? "there is no Sec-WebSocket-Accept header"
                           : "there is more than one Sec-WebSocket-Accept header";
  }
  return accepts.front() == accept_key(key_) ? ""
                                             : "Sec-WebSocket-Accept does not answer the key sent";
}

// The server may choose what was offered and nothing else. An empty list names none.
std::string_view ClientHandshake::take_extensions() {
  const auto chosen = parse_extensions(response_.headers);
  if (!chosen) {
    return "the Sec-WebSocket-Extensions header is malformed";
  }
  const AcceptedDeflate accepted = judge_deflate_response(*chosen, request_.compression);
  if (const auto* rule = std::get_if<std::string_view>(&accepted)) {
    return *rule;
  }
  deflate_ = std::get<std::optional<DeflateSettings>>(accepted);
  return {};
}

std::string_view ClientHandshake::judge_subprotocol() const {
  const auto chosen = field_values(response_.headers, "Sec-WebSocket-Protocol");
  const auto& offered = request_.subprotocols;
  if (chosen.size() > 1) {
    return "there is more than one Sec-WebSocket-Protocol header";
  }
  if (chosen.empty()) {
    return request_.require_subprotocol && !offered.empty()
               ? "the server chose none of the subprotocols offered"
               : "";
  }
  return std::find(offered.begin(), offered.end(), chosen.front()) != offered.end()
             ? ""
             : "the server chose a subprotocol that was not offered";
}

ClientHandshake::Progress ClientHandshake::receive_eof() {
  if (progress_ != Progress::kNeedMore) {
    return progress_;
  }
  if (is_receiving_body()) {
    refuse();
    return progress_;
  }
  error_ = {.phase = Phase::kHttp,
            .code = ErrorCode::kConnectionLost,
            .message = head_.is_begun() ? "the server closed the connection within its response"
                                        : "the server closed the connection without a response"};
  progress_ = Progress::kFailed;
  return progress_;
}

ClientHandshake::Progress ClientHandshake::give_up() {
  if (progress_ == Progress::kNeedMore && is_receiving_body()) {
    refuse();
  }
  return progress_;
}

void ClientHandshake::refuse() {
  body_.reset();
  error_ = {.phase = Phase::kHttp,
            .code = ErrorCode::kHttpStatus,
            .message = "the server answered " + std::to_string(response_.status),
            .response = response_};
  progress_ = Progress::kFailed;
}

void ClientHandshake::reject(std::string_view rule) {
  error_ = {.phase = Phase::kHttp,
            .code = ErrorCode::kHandshakeRejected,
            .message = "the server's handshake is invalid: " + std::string(rule)};
  if (response_.status != 0) {
    error_.response = response_;
  }
  progress_ = Progress::kFailed;
}

}  // namespace ws::protocol
