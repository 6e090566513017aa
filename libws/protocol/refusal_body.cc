// SPDX-License-Identifier: MIT
// Bodies of refusals, bounded.
#include "protocol/refusal_body.h"

#include <algorithm>
#include <string_view>

#include "protocol/ascii.h"
#include "protocol/http_field.h"

namespace ws::protocol {
namespace {

constexpr std::size_t kMaxChunkLine = 1024;
constexpr std::size_t kMaxLengthDigits = 18;  // decimal, below 2^63
constexpr std::size_t kMaxChunkDigits = 15;   // hexadecimal, the same

int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

RefusalBody::RefusalBody(const HttpResponse& head) {
  const auto codings = list_members(head.headers, "Transfer-Encoding");
  if (has_no_body(head.status)) {
    part_ = Part::kEnd;
  } else if (!codings.empty()) {
    part_ = equal_ignoring_case(codings.back(), "chunked") ? Part::kChunkSize : Part::kUntilEof;
  } else {
    set_content_length(head);
  }
}

// Several equal lengths count as one; anything else is read to the connection's end.
void RefusalBody::set_content_length(const HttpResponse& head) {
  const auto lengths = list_members(head.headers, "Content-Length");
  if (lengths.empty() || lengths.front().size() > kMaxLengthDigits ||
      !std::all_of(lengths.begin(), lengths.end(),
                   [&](std::string_view length) { return length == lengths.front(); }) ||
      !std::all_of(lengths.front().begin(), lengths.front().end(), is_digit)) {
    return;
  }
  for (const char digit : lengths.front()) {
    left_ = left_ * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  part_ = left_ == 0 ? Part::kEnd : Part::kCounted;
}

bool RefusalBody::receive(std::span<const std::byte> bytes, std::string& body) {
  while (!bytes.empty() && part_ != Part::kEnd) {
    if (part_ == Part::kChunkSize) {
      take_chunk_size_byte(static_cast<char>(bytes.front()));
      bytes = bytes.subspan(1);
    } else if (part_ == Part::kChunkEnd) {
      take_chunk_end_byte(static_cast<char>(bytes.front()));
      bytes = bytes.subspan(1);
    } else {
      bytes = take_data(bytes, body);
    }
  }
  return is_complete();
}

std::span<const std::byte> RefusalBody::take_data(std::span<const std::byte> bytes,
                                                  std::string& body) {
  std::size_t size = std::min(bytes.size(), kMaxRefusalBody - body.size());
  if (part_ != Part::kUntilEof) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    left_ -= size;
  }
  body.append(reinterpret_cast<const char*>(bytes.data()), size);
  if (body.size() == kMaxRefusalBody) {
    part_ = Part::kEnd;
  } else if (part_ != Part::kUntilEof && left_ == 0) {
    part_ = part_ == Part::kChunk ? Part::kChunkEnd : Part::kEnd;
  }
  return bytes.subspan(size);
}

// chunk-size [chunk-ext] CRLF; the trailers behind the last chunk, of size 0, are of no interest.
void RefusalBody::take_chunk_size_byte(char c) {
  if (c == '\n') {
    part_ = left_ == 0 ? Part::kEnd : Part::kChunk;
    line_size_ = 0;
    is_in_digits_ = true;
    return;
  }
  const int digit = hex_value(c);
  is_in_digits_ = is_in_digits_ && digit >= 0;
  if (is_in_digits_) {
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  }
  ++line_size_;
  if (line_size_ > kMaxChunkLine || (is_in_digits_ && line_size_ > kMaxChunkDigits) ||
      (line_size_ == 1 && !is_in_digits_)) {
    part_ = Part::kEnd;
  }
}

void RefusalBody::take_chunk_end_byte(char c) {
  if (c == '\n') {
    part_ = Part::kChunkSize;
  } else if (c != '\r') {
    part_ = Part::kEnd;
  }
}

}  // namespace ws::protocol
