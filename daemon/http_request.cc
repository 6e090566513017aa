// SPDX-License-Identifier: MIT
#include "daemon/http_request.h"

#include <algorithm>
#include <charconv>

namespace wsbridged {

namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool is_token_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// RFC 9110 section 5.6.2
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

bool is_visible(char c) {
  return c > ' ' && c < 0x7f;
}

// RFC 9110 section 5.5: no controls but the tab.
bool is_value_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The text before the first "\r\n", which is cut off together with it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

}  // namespace

const std::string* HttpRequest::find(std::string_view name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [name](const auto& f) { return f.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

std::size_t HttpRequest::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(),
                                                [name](const auto& f) { return f.first == name; }));
}

HttpRequestReader::State HttpRequestReader::refuse(int status, std::string_view reason) {
  refusal_ = {.status = status, .reason = reason};
  head_ = {};
  return state_ = State::kRefused;
}

HttpRequestReader::State HttpRequestReader::receive(std::span<const std::byte> bytes) {
  if (state_ != State::kNeedMore) {
    return state_;
  }
  if (has_head_) {
    return skip_body(bytes.size());
  }
  const std::size_t searched = head_.size() - std::min<std::size_t>(head_.size(), 3);
  const std::size_t taken = std::min(bytes.size(), kMaxHead - head_.size());
  head_.append(reinterpret_cast<const char*>(bytes.data()), taken);
  const std::size_t end = head_.find(kHeadEnd, searched);
  if (end == std::string::npos) {
    return head_.size() < kMaxHead ? state_ : refuse(431, "the head is longer than 8 KiB");
  }
  const std::size_t behind = head_.size() - (end + kHeadEnd.size()) + (bytes.size() - taken);
  const std::string head = std::move(head_);
  if (read_head(std::string_view(head).substr(0, end)) != State::kNeedMore) {
    return state_;
  }
  return skip_body(behind);
}

HttpRequestReader::State HttpRequestReader::read_head(std::string_view head) {
  has_head_ = true;
  if (!read_request_line(take_line(head))) {
    return state_;
  }
  while (!head.empty()) {
    if (!read_field(take_line(head))) {
      return refuse(400, "a header field is malformed");
    }
  }
  return judge_body();
}

bool HttpRequestReader::read_request_line(std::string_view line) {
  const std::size_t first = std::min(line.find(' '), line.size());
  const std::size_t last = line.rfind(' ');
  if (last == std::string_view::npos || last <= first || !is_token(line.substr(0, first))) {
    refuse(400, "the request line is malformed");
    return false;
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    refuse(version.starts_with("HTTP/") ? 505 : 400, "only HTTP/1.1 is spoken here");
    return false;
  }
  if (!target.starts_with('/') || !std::all_of(target.begin(), target.end(), is_visible)) {
    refuse(400, "the target must be a path");
    return false;
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  request_.method = line.substr(0, first);
  request_.path = target.substr(0, question);
  request_.query = target.substr(std::min(question + 1, target.size()));
  return true;
}

bool HttpRequestReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return false;
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_byte)) {
    return false;
  }
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), lower);
  request_.fields.emplace_back(std::move(name), value);
  return true;
}

HttpRequestReader::State HttpRequestReader::judge_body() {
  if (request_.count("host") != 1) {
    return refuse(400, "a request needs exactly one Host");  // RFC 9112 section 3.2
  }
  if (request_.find("transfer-encoding") != nullptr) {
    return refuse(501, "Transfer-Encoding is not taken: send a Content-Length");
  }
  const std::string* length = request_.find("content-length");
  if (length == nullptr) {
    return state_;
  }
  const char* const end = length->data() + length->size();
  const auto read = std::from_chars(length->data(), end, body_left_);
  const bool is_digits = !length->empty() && length->front() >= '0' && length->front() <= '9' &&
                         read.ptr == end && request_.count("content-length") == 1;
  if (!is_digits || (read.ec != std::errc() && read.ec != std::errc::result_out_of_range)) {
    return refuse(400, "Content-Length is malformed");
  }
  if (read.ec == std::errc::result_out_of_range || body_left_ > kMaxBody) {
    return refuse(413, "the body is longer than 64 KiB");
  }
  return state_;
}

HttpRequestReader::State HttpRequestReader::skip_body(std::size_t size) {
  body_left_ -= std::min(body_left_, size);
  return state_ = body_left_ == 0 ? State::kComplete : State::kNeedMore;
}

}  // namespace wsbridged
