// SPDX-License-Identifier: MIT
// The bytes of a run: all lines are equal, so what a side sends is made once, and what it receives
// is counted by size. A unit is one line with its delimiter, or one WebSocket frame that holds it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

enum class Format : std::uint8_t { kLines, kClientFrames, kServerFrames };

// What a control frame said (RFC 6455 section 5.5).
struct ControlFrame {
  std::uint8_t opcode = 0;
  std::string payload;
};

inline constexpr std::uint8_t kClose = 0x8;
inline constexpr std::uint8_t kPing = 0x9;
inline constexpr std::uint8_t kPong = 0xa;

// A text line of `size` bytes, another character in every place of 64.
[[nodiscard]] std::string line_of(std::size_t size);
// A whole frame of the side that `format` names. A client's is masked with a fixed key.
[[nodiscard]] std::string frame_of(Format format, std::uint8_t opcode, std::string_view payload);

// Units to send, one behind the other.
class UnitStock {
 public:
  UnitStock(Format format, std::size_t line_size);

  [[nodiscard]] std::size_t unit_size() const { return unit_size_; }

  // The bytes from `position` of an endless row of units: at most `limit`, and at least kChunk of
  // them when that many are asked for.
  [[nodiscard]] std::string_view from(std::uint64_t position, std::uint64_t limit) const {
    const std::size_t start = position % row_size_;
    return std::string_view(block_).substr(start, limit);
  }

 private:
  static constexpr std::size_t kChunk = std::size_t{128} << 10U;

  std::size_t unit_size_;
  std::size_t row_size_;
  std::string block_;
};

enum class Checking : std::uint8_t { kContents, kCount };

// websocat (1.13) sends lines that come at once with their newlines, or each newline as a message
// of its own. That is not the work, but lets it be measured when it is allowed: such messages are
// not counted.
enum class Newlines : std::uint8_t { kRefused, kAllowed };

// Counts the units in what is received, in any chunking.
class UnitReader {
 public:
  // `line` must outlive it. `format` is what the other side sends.
  UnitReader(Format format, std::string_view line, Newlines newlines = Newlines::kRefused);

  struct Outcome {
    std::uint64_t unit_count = 0;
    bool is_wrong = false;  // these are not the units that were to come
  };

  // Stops behind a control frame, which is then in control(): `bytes` is left as what follows it.
  Outcome receive(std::span<const char>& bytes, Checking checking);
  // Bytes of lines that nobody has looked at.
  std::uint64_t skip(std::uint64_t size);

  [[nodiscard]] bool has_control() const { return has_control_; }

  [[nodiscard]] ControlFrame take_control();

 private:
  static constexpr std::size_t kMaxHeader = 14;

  Outcome receive_lines(std::span<const char>& bytes, Checking checking);
  Outcome receive_frames(std::span<const char>& bytes, Checking checking);
  std::uint64_t take_whole_frames(std::span<const char>& bytes) const;
  bool read_header(std::span<const char>& bytes);
  bool judge_header();
  bool read_payload(std::span<const char>& bytes, Checking checking);
  [[nodiscard]] std::size_t wanted_header() const;
  [[nodiscard]] bool is_line_size() const;
  [[nodiscard]] bool is_expected(std::span<const char> part) const;

  std::string_view line_;
  Format format_;
  Newlines newlines_;
  std::string start_;      // of every frame that holds a line, up to its key
  std::size_t frame_ = 0;  // its size
  bool has_control_ = false;
  bool is_in_payload_ = false;
  std::uint64_t offset_ = 0;  // within the line, or the frame's payload
  std::uint64_t payload_size_ = 0;
  std::size_t header_size_ = 0;
  std::array<unsigned char, kMaxHeader> header_{};
  std::array<unsigned char, 4> key_{};
  ControlFrame control_;
};

}  // namespace bench
