// SPDX-License-Identifier: MIT
// Up: cuts the local side's bytes into lines, by delimiters, by the lengths before them, or (in
// mode raw) by reads. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "daemon/length_prefix.h"

namespace wsbridged {

// Lines as they are to be sent: without delimiter, without the '\r' that is dropped, escapes
// undone, and in UTF-8 when they are to be text.
class LineSink {
 public:
  virtual ~LineSink() = default;
  // At least one, in order; how many come together has no meaning. Returns how many it took: when
  // that is not all, the next one was refused, which stops the framer: nothing more is delivered,
  // what is left is dropped. `lines` are valid during the call; the framer must not be called or
  // destroyed from inside it.
  virtual std::size_t on_lines(std::span<const std::string_view> lines) = 0;
};

enum class FramerState : unsigned char {
  kReady,
  kTooLong,  // a line is longer than max_line: see too_long()
  kStopped,  // the sink said so
};

// Not thread-safe. Memory: the incomplete line, at most max_line and a delimiter, grown with what
// arrives and not with what a length declares; while a line is delivered also its copy without
// escapes and the one in UTF-8, where framing wants them. Linear in the bytes, whatever the
// chunking: nothing is searched twice.
//
// max_line counts a line as it was received: local bytes, before escapes are undone and before they
// become UTF-8, without the delimiter and without the dropped '\r'. Raw mode has no lines, and each
// read is a message. At the local side's end nothing is taken for a delimiter that is not a whole
// one, so a '\r' there stays.
class LineFramer {
 public:
  // `framing` must outlive it; its delimiter has 1 to 16 bytes, and each character of it a place in
  // the encoding.
  explicit LineFramer(const config::Framing& framing);

  // Takes all of `bytes`, in any chunking; what comes behind a state other than kReady is only
  // counted (skipped_bytes).
  FramerState receive(std::span<const std::byte> bytes, LineSink& sink);
  // The local side's end: what has no delimiter is sent or dropped (final_partial_line). An
  // incomplete message of mode length-prefixed is dropped: it is none that the program meant.
  FramerState finish(LineSink& sink);

  [[nodiscard]] FramerState state() const { return state_; }

  // Of the incomplete line, its length prefix included.
  [[nodiscard]] std::size_t held_bytes() const { return tail_.size() + prefix_.held_bytes(); }

  [[nodiscard]] std::size_t too_long() const {
    return too_long_;
  }  // bytes of the refused line seen so far

  [[nodiscard]] std::size_t dropped_bytes() const { return dropped_; }  // by finish()

  [[nodiscard]] std::size_t skipped_bytes() const {
    return skipped_;
  }  // received behind the line that stopped it

 private:
  static constexpr std::size_t kMaxDelimiter = 16;
  struct Batch;

  void receive_lines(std::string_view rest, LineSink& sink);
  [[nodiscard]] std::string_view receive_whole_lines(std::string_view rest, LineSink& sink);
  [[nodiscard]] std::size_t gather(std::string_view& rest, Batch& batch);
  [[nodiscard]] std::size_t gather_by_byte(std::string_view& rest, Batch& batch);
  [[nodiscard]] std::string_view take_line(std::string_view rest, std::size_t end, LineSink& sink);
  void pass(Batch& batch, std::string_view& rest, LineSink& sink);
  void receive_prefixed(std::string_view rest, LineSink& sink);
  void end_prefixed(std::string_view end, LineSink& sink);
  void receive_raw(std::string_view read, LineSink& sink);
  [[nodiscard]] std::size_t find_delimiter_end(std::string_view text);
  [[nodiscard]] std::size_t match_delimiter(std::string_view text);
  [[nodiscard]] std::string_view without_end(std::string_view text) const;
  void end_line(std::string_view end, LineSink& sink);
  void keep(std::string_view part);
  void deliver(std::string_view line, LineSink& sink);
  [[nodiscard]] bool must_translate(std::string_view line) const;
  [[nodiscard]] std::string translated(std::string_view line) const;
  void refuse(std::size_t size);
  void append_to_tail(std::string_view part);
  void release_line();

  [[nodiscard]] std::string_view tail() const { return {tail_.data(), tail_.size()}; }

  const config::Framing& framing_;
  std::string delimiter_;  // local bytes
  FramerState state_ = FramerState::kReady;
  bool drops_cr_;
  bool undoes_escapes_;
  bool converts_;             // from another encoding than UTF-8
  bool translates_;           // either of them, where a line needs it
  std::uint8_t matched_ = 0;  // bytes of the delimiter that end what was searched so far
  // For each number of matched bytes less one, how many are still matched when the next one is
  // another (the failure function of Knuth, Morris and Pratt).
  std::array<std::uint8_t, kMaxDelimiter> fallback_{};
  LengthPrefix prefix_;
  std::vector<char> tail_;  // a vector, because it reserves exactly what it is told
  std::size_t too_long_ = 0;
  std::size_t dropped_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace wsbridged
