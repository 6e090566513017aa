// SPDX-License-Identifier: MIT
// Reads one HTTP/1.1 request of the admin listener (RFC 9112) out of bytes as they come. Pure; it
// knows no paths and judges nobody. Strict where leniency has been used for attacks: one Host, no
// folded fields, no chunked bodies, CRLF only.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsbridged {

struct HttpRequest {
  std::string method{};
  std::string path{};                                         // of the target, not decoded
  std::string query{};                                        // behind the '?'
  std::vector<std::pair<std::string, std::string>> fields{};  // names in lower case

  // The first value of a field by its name in lower case; nullptr when absent.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

// Not thread-safe. Memory: the head, at most kMaxHead; a body is skipped, as no verb needs one.
class HttpRequestReader {
 public:
  static constexpr std::size_t kMaxHead = std::size_t{8} << 10U;   // bytes
  static constexpr std::size_t kMaxBody = std::size_t{64} << 10U;  // bytes, as Content-Length says

  enum class State : unsigned char {
    kNeedMore,
    kComplete,  // see request()
    kRefused,   // see refusal()
  };

  struct Refusal {
    int status = 400;
    std::string_view reason;  // for people
  };

  // What comes behind a whole or refused request is ignored: one request a connection.
  State receive(std::span<const std::byte> bytes);

  [[nodiscard]] State state() const { return state_; }

  [[nodiscard]] const HttpRequest& request() const { return request_; }

  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  State refuse(int status, std::string_view reason);
  State read_head(std::string_view head);
  bool read_request_line(std::string_view line);
  bool read_field(std::string_view line);
  State judge_body();
  State skip_body(std::size_t size);

  State state_ = State::kNeedMore;
  bool has_head_ = false;
  std::string head_;
  std::size_t body_left_ = 0;
  HttpRequest request_;
  Refusal refusal_;
};

}  // namespace wsbridged
