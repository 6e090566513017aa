// SPDX-License-Identifier: MIT
// Response heads, a byte at a time.
#include "protocol/http_response_head.h"

#include <algorithm>

#include "protocol/ascii.h"
#include "protocol/http_field.h"

namespace ws::protocol {
namespace {

constexpr std::string_view kProtocol = "HTTP/1.";
constexpr std::size_t kStatusPlace = 9;  // "HTTP/1.1 " comes first
constexpr std::size_t kStatusEnd = kStatusPlace + 3;

// A server that does not speak HTTP/1 is known by its first byte, so nobody waits for its line end.
bool may_become_status_line(std::string_view line) {
  const auto size = std::min(line.size(), kProtocol.size());
  return line.substr(0, size) == kProtocol.substr(0, size);
}

}  // namespace

HttpResponseHead::Step HttpResponseHead::receive(std::span<const std::byte> bytes) {
  Step step;
  while (step.progress == Progress::kNeedMore && step.taken < bytes.size()) {
    step.progress = take_byte(static_cast<char>(bytes[step.taken]));
    ++step.taken;
  }
  return step;
}

HttpResponseHead::Progress HttpResponseHead::take_byte(char c) {
  if (size_ == max_header_) {
    return fail("response head longer than max_header");
  }
  ++size_;
  if (is_after_cr_) {
    is_after_cr_ = false;
    return c == '\n' ? end_line() : fail("CR without LF in the response head");
  }
  switch (c) {
    case '\r':
      is_after_cr_ = true;
      return Progress::kNeedMore;
    case '\n':
      return fail("LF without CR in the response head");
    case '\0':
      return fail("NUL in the response head");
    default:
      line_ += c;
      return has_status_ || may_become_status_line(line_) ? Progress::kNeedMore
                                                          : fail("response that is not HTTP/1");
  }
}

HttpResponseHead::Progress HttpResponseHead::end_line() {
  if (!has_status_) {
    return end_status_line();
  }
  if (!line_.empty()) {
    return end_field();
  }
  return Progress::kComplete;
}

// status-line = HTTP-version SP 3DIGIT SP [reason]; the last space is often left out, too.
HttpResponseHead::Progress HttpResponseHead::end_status_line() {
  const std::string_view line = line_;
  if (line.size() < kStatusEnd || (line[7] != '0' && line[7] != '1') || line[8] != ' ' ||
      (line.size() > kStatusEnd && line[kStatusEnd] != ' ')) {
    return fail("malformed status line");
  }
  const auto digits = line.substr(kStatusPlace, 3);
  if (!std::all_of(digits.begin(), digits.end(), is_digit) || digits.front() == '0') {
    return fail("malformed status code");
  }
  const auto reason = trim(line.substr(kStatusEnd));
  if (std::any_of(reason.begin(), reason.end(),
                  [](char c) { return is_control(c) && c != '\t'; })) {
    return fail("control character in the reason phrase");
  }
  response_.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  response_.reason = reason;
  is_http_1_0_ = line[7] == '0';
  has_status_ = true;
  line_.clear();
  return Progress::kNeedMore;
}

HttpResponseHead::Progress HttpResponseHead::end_field() {
  if (response_.headers.size() == kMaxHeaderFields) {
    return fail("more than 128 header fields");
  }
  const FieldLine field = parse_field_line(line_);
  if (!field.violation.empty()) {
    return fail(field.violation);
  }
  response_.headers.push_back({std::string(field.name), std::string(field.value)});
  line_.clear();
  return Progress::kNeedMore;
}

HttpResponseHead::Progress HttpResponseHead::fail(std::string_view rule) {
  violation_ = rule;
  return Progress::kViolation;
}

}  // namespace ws::protocol
