// SPDX-License-Identifier: MIT
// The head of an HTTP/1 response (RFC 9112), decoded as it comes. Strict: what two parsers could
// understand differently fails. Bodies are refusal_body.h; what the fields mean is handshake.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <ws/error.h>

namespace ws::protocol {

inline constexpr std::size_t kMaxHeaderFields = 128;

// 1xx before the response that counts, a server's or a proxy's.
inline constexpr std::size_t kMaxInterimResponses = 8;

// Looks at each byte once. Memory: the head's own bytes, at most `max_header`, and kMaxHeaderFields
// strings.
class HttpResponseHead {
 public:
  explicit HttpResponseHead(std::size_t max_header) : max_header_(max_header) {}

  enum class Progress : std::uint8_t { kNeedMore, kComplete, kViolation };

  struct Step {
    Progress progress = Progress::kNeedMore;
    std::size_t taken = 0;  // of the bytes given; behind kComplete the rest is not the head's
  };

  [[nodiscard]] Step receive(std::span<const std::byte> bytes);

  // The rule that was broken, a literal.
  [[nodiscard]] std::string_view violation() const { return violation_; }

  // Has anything been received?
  [[nodiscard]] bool is_begun() const { return size_ > 0; }

  // After kComplete: HTTP/1.0, not 1.1?
  [[nodiscard]] bool is_http_1_0() const { return is_http_1_0_; }

  [[nodiscard]] HttpResponse take() { return std::move(response_); }

 private:
  [[nodiscard]] Progress take_byte(char c);
  [[nodiscard]] Progress end_line();
  [[nodiscard]] Progress end_status_line();
  [[nodiscard]] Progress end_field();
  [[nodiscard]] Progress fail(std::string_view rule);

  std::size_t max_header_;
  std::size_t size_ = 0;
  std::string line_;  // so far, without its line end
  bool has_status_ = false;
  bool is_http_1_0_ = false;
  bool is_after_cr_ = false;
  std::string_view violation_;
  HttpResponse response_;
};

}  // namespace ws::protocol
