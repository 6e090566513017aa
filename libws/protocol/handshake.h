// SPDX-License-Identifier: MIT
// The client's opening handshake (RFC 6455 section 4.1), without I/O: a request to send, a response
// to judge.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/error.h>
#include <ws/url.h>

#include "protocol/random_source.h"

namespace ws::protocol {

struct HandshakeRequest {
  Url url;
  std::vector<std::string> subprotocols;
  bool require_subprotocol = true;
  std::string cookie;           // value of the Cookie header, empty: none
  std::string origin;           // empty: none
  std::vector<Header> headers;  // the caller's
  std::size_t max_header = std::size_t{64} << 10;
};

// Is this request sendable: header names are tokens, values hold no control characters, handshake
// headers (Host excepted) are not overridden, subprotocols are distinct tokens. phase kOptions.
[[nodiscard]] std::optional<Error> check_request(const HandshakeRequest& request);

// One attempt. Not thread-safe. Memory: at most max_header, and 64 KiB of the body of a refusal.
class ClientHandshake {
 public:
  // Precondition: check_request() found nothing.
  ClientHandshake(HandshakeRequest request, RandomSource& random);

  [[nodiscard]] std::string request_bytes() const;

  enum class Progress : std::uint8_t { kNeedMore, kOpen, kFailed };
  // Takes bytes in any chunking, linear in their number. After kOpen, `rest()` holds those behind
  // the response head: they are frames. Interim 1xx responses are skipped, eight at most.
  Progress receive(std::span<const std::byte> bytes);
  // The peer's FIN: ends the body of a refusal, is a failure otherwise.
  Progress receive_eof();

  [[nodiscard]] const HttpResponse& response() const;
  [[nodiscard]] const std::string& subprotocol() const;
  [[nodiscard]] std::span<const std::byte> rest() const;
  // After kFailed: kHttpStatus with the response (body included as far as it came), or
  // kHandshakeRejected naming the rule that was broken. If the open deadline passes while the body
  // of a refusal is still coming, give_up() turns what is there into the failure.
  [[nodiscard]] const Error& error() const;
  Progress give_up();
};

}  // namespace ws::protocol
