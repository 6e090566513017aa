// SPDX-License-Identifier: MIT
// Mode line: one search over each byte, memchr to the delimiter's first byte, then a step per byte
// while part of it is matched, carried on by the next read. Lines that lie whole in a read and are
// sent as they are go on together.
#include "daemon/line_framer.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "daemon/local_encoding.h"
#include "daemon/text_codec.h"

namespace wsbridged {
namespace {

constexpr std::size_t kNoEnd = std::string_view::npos;
// A tail no larger than this is kept between lines; larger ones are given back.
constexpr std::size_t kKeptCapacity = 1024;

}  // namespace

// Lines of one read, as they are sent.
struct LineFramer::Batch {
  static constexpr std::size_t kMost = 64;

  std::array<std::string_view, kMost> lines;
  std::size_t count = 0;
};

LineFramer::LineFramer(const config::Framing& framing)
    : framing_(framing),
      delimiter_(from_utf8(framing.encoding, framing.delimiter).bytes),
      drops_cr_(framing.delimiter == "\n" && !framing.keep_cr),
      undoes_escapes_(framing.mode == config::FramingMode::kLine &&
                      framing.embedded_delimiter == config::EmbeddedDelimiter::kEscape),
      converts_(framing.encoding != config::Encoding::kUtf8 &&
                framing.message_type == config::MessageKind::kText),
      translates_(undoes_escapes_ || converts_) {
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

// The position behind the first delimiter that ends in `text` (it may have begun earlier), or
// kNoEnd.
std::size_t LineFramer::find_delimiter_end(std::string_view text) {
  if (delimiter_.size() > 1) {
    return match_delimiter(text);
  }
  const void* const hit = std::memchr(text.data(), delimiter_.front(), text.size());
  return hit == nullptr ? kNoEnd
                        : static_cast<std::size_t>(static_cast<const char*>(hit) - text.data()) + 1;
}

// Without the delimiter that ends it, and the '\r' that is dropped.
std::string_view LineFramer::without_end(std::string_view text) const {
  text.remove_suffix(delimiter_.size());
  if (drops_cr_ && text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return text;
}

void LineFramer::receive_lines(std::string_view rest, LineSink& sink) {
  if (state_ == FramerState::kReady && !rest.empty()) {
    rest = take_line(rest, find_delimiter_end(rest), sink);  // earlier reads may have begun it
  }
  if (state_ == FramerState::kReady && !rest.empty()) {
    rest = receive_whole_lines(rest, sink);
  }
  skipped_ += rest.size();
}

// Returns what is left when a line has stopped it.
std::string_view LineFramer::receive_whole_lines(std::string_view rest, LineSink& sink) {
  Batch batch;
  while (state_ == FramerState::kReady && !rest.empty()) {
    const std::size_t end =
        delimiter_.size() > 1 ? gather(rest, batch) : gather_by_byte(rest, batch);
    pass(batch, rest, sink);
    if (state_ == FramerState::kReady && end != 0) {
      rest = take_line(rest, end, sink);
    }
  }
  return rest;
}

// Collects lines from the beginning of `rest`, which they leave, and returns where the first one
// ends that cannot be collected (kNoEnd: not in this read); 0: there is none, or no room.
std::size_t LineFramer::gather(std::string_view& rest, Batch& batch) {
  while (!rest.empty() && batch.count < batch.lines.size()) {
    const std::size_t end = match_delimiter(rest);
    if (end == kNoEnd) {
      return kNoEnd;
    }
    const std::string_view line = without_end(rest.substr(0, end));
    if (line.size() > framing_.max_line || (translates_ && must_translate(line))) {
      return end;
    }
    batch.lines[batch.count++] = line;
    rest.remove_prefix(end);
  }
  return 0;
}

// The same for a delimiter of one byte, and with everything in registers.
std::size_t LineFramer::gather_by_byte(std::string_view& rest, Batch& batch) {
  const char delimiter = delimiter_.front();
  const std::size_t max_line = framing_.max_line;
  const bool drops_cr = drops_cr_;
  const bool translates = translates_;
  const char* const end = rest.data() + rest.size();
  const char* begin = rest.data();
  std::string_view* next = batch.lines.data();
  std::size_t other = 0;
  for (; begin != end && next != batch.lines.data() + batch.lines.size(); ++next) {
    const void* const hit = std::memchr(begin, delimiter, static_cast<std::size_t>(end - begin));
    if (hit == nullptr) {
      other = kNoEnd;
      break;
    }
    const auto* const line_end = static_cast<const char*>(hit);
    auto size = static_cast<std::size_t>(line_end - begin);
    if (drops_cr && size > 0 && line_end[-1] == '\r') {
      --size;
    }
    if (size > max_line || (translates && must_translate({begin, size}))) {
      other = static_cast<std::size_t>(line_end - begin) + 1;
      break;
    }
    *next = {begin, size};
    begin = line_end + 1;
  }
  batch.count = static_cast<std::size_t>(next - batch.lines.data());
  rest = {begin, end};
  return other;
}

// A line by itself: one that may go on in the next read, or is not plain. Returns what is behind
// it.
std::string_view LineFramer::take_line(std::string_view rest, std::size_t end, LineSink& sink) {
  if (end == kNoEnd) {
    keep(rest);
    return {};
  }
  end_line(rest.substr(0, end), sink);
  return rest.substr(end);
}

// Lines of a read follow each other in it: when one is refused, `rest` is what is behind that one.
void LineFramer::pass(Batch& batch, std::string_view& rest, LineSink& sink) {
  const auto lines = std::span(batch.lines).first(std::exchange(batch.count, 0));
  const std::size_t taken = lines.empty() ? 0 : sink.on_lines(lines);
  if (taken == lines.size()) {
    return;
  }
  state_ = FramerState::kStopped;
  if (taken + 1 < lines.size()) {
    const char* const next = lines[taken + 1].data();
    rest = {next, rest.data() + rest.size()};
  }
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

// What find_delimiter_end() does for a delimiter of several bytes.
std::size_t LineFramer::match_delimiter(std::string_view text) {
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
  const std::string_view line = without_end(end);
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
  std::string translation;
  if (translates_ && must_translate(line)) {
    translation = translated(line);
    line = translation;
  }
  if (sink.on_lines({&line, 1}) == 0) {
    state_ = FramerState::kStopped;
  }
}

bool LineFramer::must_translate(std::string_view line) const {
  return (undoes_escapes_ && line.find('\\') != kNoEnd) ||
         (converts_ && ascii_prefix(line) < line.size());
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
