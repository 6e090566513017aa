// SPDX-License-Identifier: MIT
// Mode line: one search over each byte, memchr to the delimiter's first byte, then a step per byte
// while part of it is matched, carried on by the next read.
#include "daemon/line_framer.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "daemon/local_encoding.h"
#include "daemon/text_codec.h"

namespace wsbridged {
namespace {

constexpr std::size_t kNoEnd = std::string_view::npos;
// A tail no larger than this is kept between lines; larger ones are given back.
constexpr std::size_t kKeptCapacity = 1024;

}  // namespace

LineFramer::LineFramer(const config::Framing& framing)
    : framing_(framing),
      delimiter_(from_utf8(framing.encoding, framing.delimiter).bytes),
      drops_cr_(framing.delimiter == "\n" && !framing.keep_cr),
      undoes_escapes_(framing.mode == config::FramingMode::kLine &&
                      framing.embedded_delimiter == config::EmbeddedDelimiter::kEscape),
      converts_(framing.encoding != config::Encoding::kUtf8 &&
                framing.message_type == config::MessageKind::kText) {
  const std::string& delimiter = delimiter_;
  assert(!delimiter.empty() && delimiter.size() <= kMaxDelimiter);
  std::uint8_t matched = 0;
  for (std::size_t i = 1; i < delimiter.size(); ++i) {
    while (matched > 0 && delimiter[i] != delimiter[matched]) {
      matched = fallback_[matched - 1U];
    }
    if (delimiter[i] == delimiter[matched]) {
      ++matched;
    }
    fallback_[i] = matched;
  }
}

FramerState LineFramer::receive(std::span<const std::byte> bytes, LineSink& sink) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  switch (framing_.mode) {
    case config::FramingMode::kLine:
      receive_lines(text, sink);
      break;
    case config::FramingMode::kLengthPrefixed:
      receive_prefixed(text, sink);
      break;
    case config::FramingMode::kRaw:
      receive_raw(text, sink);
      break;
  }
  return state_;
}

void LineFramer::receive_lines(std::string_view rest, LineSink& sink) {
  while (state_ == FramerState::kReady && !rest.empty()) {
    const std::size_t end = find_delimiter_end(rest);
    if (end == kNoEnd) {
      keep(rest);
      return;
    }
    end_line(rest.substr(0, end), sink);
    rest.remove_prefix(end);
  }
  skipped_ += rest.size();
}

void LineFramer::receive_prefixed(std::string_view rest, LineSink& sink) {
  while (state_ == FramerState::kReady && !rest.empty()) {
    if (!prefix_.take(rest)) {
      return;
    }
    if (prefix_.value() > framing_.max_line) {
      refuse(prefix_.value());
      break;
    }
    const std::size_t missing = prefix_.value() - tail_.size();
    if (rest.size() < missing) {
      append_to_tail(rest);
      return;
    }
    end_prefixed(rest.substr(0, missing), sink);
    rest.remove_prefix(missing);
  }
  skipped_ += rest.size();
}

// `end` is what came last of a complete message.
void LineFramer::end_prefixed(std::string_view end, LineSink& sink) {
  if (!tail_.empty()) {
    append_to_tail(end);
    end = tail();
  }
  deliver(end, sink);
  release_line();
}

void LineFramer::receive_raw(std::string_view read, LineSink& sink) {
  if (state_ != FramerState::kReady) {
    skipped_ += read.size();
  } else if (!read.empty()) {
    deliver(read, sink);
  }
}

// The position behind the first delimiter that ends in `text` (it may have begun earlier), or
// kNoEnd.
std::size_t LineFramer::find_delimiter_end(std::string_view text) {
  const std::string& delimiter = delimiter_;
  for (std::size_t i = 0; i < text.size();) {
    if (matched_ == 0) {
      const void* const hit = std::memchr(text.data() + i, delimiter[0], text.size() - i);
      if (hit == nullptr) {
        return kNoEnd;
      }
      i = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    }
    while (matched_ > 0 && delimiter[matched_] != text[i]) {
      matched_ = fallback_[matched_ - 1U];
    }
    if (delimiter[matched_] == text[i]) {
      ++matched_;
    }
    ++i;
    if (matched_ == delimiter.size()) {
      matched_ = 0;
      return i;
    }
  }
  return kNoEnd;
}

// `end` is what came last of a complete line, with its delimiter (or the rest of it).
void LineFramer::end_line(std::string_view end, LineSink& sink) {
  const std::size_t size = tail_.size() + end.size() - delimiter_.size();
  const bool was_kept = !tail_.empty();
  if (size > framing_.max_line + (drops_cr_ ? 1 : 0)) {
    refuse(size);
    return;
  }
  if (was_kept) {
    append_to_tail(end);
    end = tail();
  }
  std::string_view line = end.substr(0, size);
  if (drops_cr_ && line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  if (line.size() > framing_.max_line) {
    refuse(line.size());
    return;
  }
  deliver(line, sink);
  if (was_kept) {
    release_line();
  }
}

// Keeps what has no delimiter yet, unless it is already too long for whatever may follow: only the
// part of a delimiter, or a '\r', at its end may turn out not to belong to the line.
void LineFramer::keep(std::string_view part) {
  const std::size_t undecided = drops_cr_ && part.ends_with('\r') ? 1 : matched_;
  const std::size_t size = tail_.size() + part.size() - undecided;
  if (size > framing_.max_line) {
    refuse(size);
  } else {
    append_to_tail(part);
  }
}

FramerState LineFramer::finish(LineSink& sink) {
  if (state_ != FramerState::kReady || held_bytes() == 0) {
    return state_;
  }
  if (framing_.final_partial_line == config::FinalPartialLine::kDrop ||
      framing_.mode == config::FramingMode::kLengthPrefixed) {
    dropped_ += held_bytes();
  } else if (tail_.size() > framing_.max_line) {
    refuse(tail_.size());
  } else {
    deliver(tail(), sink);
  }
  matched_ = 0;
  release_line();
  return state_;
}

void LineFramer::deliver(std::string_view line, LineSink& sink) {
  const bool is_escaped = undoes_escapes_ && line.find('\\') != kNoEnd;
  const bool is_foreign = converts_ && ascii_prefix(line) < line.size();
  const bool goes_on =
      is_escaped || is_foreign ? sink.on_line(translated(line)) : sink.on_line(line);
  if (!goes_on) {
    state_ = FramerState::kStopped;
  }
}

// Escapes stand for local bytes, so they are undone first.
std::string LineFramer::translated(std::string_view line) const {
  if (!undoes_escapes_) {
    return to_utf8(framing_.encoding, line);
  }
  std::string unescaped = unescape_line(line);
  return converts_ ? to_utf8(framing_.encoding, unescaped) : unescaped;
}

void LineFramer::refuse(std::size_t size) {
  state_ = FramerState::kTooLong;
  too_long_ = size;
  release_line();
}

// Doubles, so that a line that comes byte by byte is copied a bounded number of times, but never
// beyond what a line may take.
void LineFramer::append_to_tail(std::string_view part) {
  const std::size_t size = tail_.size() + part.size();
  if (size > tail_.capacity()) {
    const std::size_t limit = framing_.max_line + delimiter_.size() + 1;
    tail_.reserve(std::max(size, std::min(2 * tail_.capacity(), limit)));
  }
  tail_.insert(tail_.end(), part.begin(), part.end());
}

void LineFramer::release_line() {
  prefix_.clear();
  tail_.clear();
  if (tail_.capacity() > kKeptCapacity) {
    tail_.shrink_to_fit();
  }
}

}  // namespace wsbridged
