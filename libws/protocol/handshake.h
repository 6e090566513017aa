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
#include <ws/options.h>
#include <ws/url.h>

#include "protocol/deflate.h"
#include "protocol/http_response_head.h"
#include "protocol/random_source.h"
#include "protocol/refusal_body.h"

namespace ws::protocol {

struct HandshakeRequest {
  Url url;
  std::vector<std::string> subprotocols;
  bool require_subprotocol = true;
  std::string cookie;           // value of the Cookie header, empty: none
  std::string origin;           // empty: none
  std::vector<Header> headers;  // the caller's
  std::string authorization{};  // value of the Authorization header, empty: none
  std::size_t max_header = std::size_t{64} << 10;
  Compression compression{};
};

// Is this request sendable: header names are tokens, values hold no control characters, handshake
// headers (Host excepted) are not overridden, subprotocols are distinct tokens, compression can be
// offered. phase kOptions.
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

  [[nodiscard]] const HttpResponse& response() const { return response_; }

  // Is it a refusal whose body is still coming? response() is complete but for that.
  [[nodiscard]] bool is_refused() const { return is_receiving_body(); }

  [[nodiscard]] const std::string& subprotocol() const { return subprotocol_; }

  // permessage-deflate as the server agreed to it; nullopt when it did not.
  [[nodiscard]] const std::optional<DeflateSettings>& deflate() const { return deflate_; }

  [[nodiscard]] std::span<const std::byte> rest() const { return rest_; }

  // After kFailed: kHttpStatus with the response (body included as far as it came), or
  // kHandshakeRejected naming the rule that was broken, or kConnectionLost for an EOF before the
  // end of the head. If the open deadline passes while the body of a refusal is still coming,
  // give_up() turns what is there into the failure; without one it changes nothing.
  [[nodiscard]] const Error& error() const { return error_; }

  Progress give_up();

 private:
  [[nodiscard]] bool is_receiving_body() const { return body_.has_value(); }

  [[nodiscard]] std::span<const std::byte> take_head(std::span<const std::byte> bytes);
  void handle_head();
  void skip_interim_response();
  void open();
  void refuse();
  void reject(std::string_view rule);
  // Each returns the rule of section 4.1 that the response breaks, empty when it keeps it.
  [[nodiscard]] std::string_view judge_upgrade() const;
  [[nodiscard]] std::string_view judge_accept() const;
  [[nodiscard]] std::string_view take_extensions();
  [[nodiscard]] std::string_view judge_subprotocol() const;

  HandshakeRequest request_;
  std::string key_;  // Sec-WebSocket-Key
  Progress progress_ = Progress::kNeedMore;
  HttpResponseHead head_;
  std::size_t interim_count_ = 0;
  HttpResponse response_;
  std::string subprotocol_;
  std::optional<DeflateSettings> deflate_;
  std::optional<RefusalBody> body_;  // while the body of a refusal is coming
  std::vector<std::byte> rest_;
  Error error_;
};

}  // namespace ws::protocol
