// SPDX-License-Identifier: MIT
// An automaton over bytes whose states are bit offsets: a row holds, for one byte, the next state
// of every state, so a step is one load and one shift. Runs of ASCII never reach it.
#include "protocol/utf8.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ws::protocol {
namespace {

// States, multiples of the six bits that one takes in a row. They are named after what may follow
// (RFC 3629 section 4, UTF8-octets).
enum State : std::uint8_t {
  kReject = 0,
  kStart = 6,        // any first byte
  kOneTail = 12,     // 80..BF
  kTwoTails = 18,    // 80..BF, then kOneTail
  kThreeTails = 24,  // 80..BF, then kTwoTails
  kAfterE0 = 30,     // A0..BF: no overlong forms
  kAfterEd = 36,     // 80..9F: no surrogates
  kAfterF0 = 42,     // 90..BF: no overlong forms
  kAfterF4 = 48,     // 80..8F: nothing above U+10FFFF
};

constexpr unsigned kStateMask = 0x3f;

constexpr State after_first(unsigned byte) {
  if (byte < 0x80) {
    return kStart;
  }
  if (byte < 0xc2 || byte > 0xf4) {
    return kReject;
  }
  if (byte < 0xe0) {
    return kOneTail;
  }
  if (byte < 0xf0) {
    return byte == 0xe0 ? kAfterE0 : byte == 0xed ? kAfterEd : kTwoTails;
  }
  return byte == 0xf0 ? kAfterF0 : byte == 0xf4 ? kAfterF4 : kThreeTails;
}

constexpr bool is_between(unsigned byte, unsigned low, unsigned high) {
  return byte >= low && byte <= high;
}

constexpr std::uint64_t make_row(unsigned byte) {
  const auto next = [](State from, State to) { return std::uint64_t{to} << from; };
  std::uint64_t row = next(kStart, after_first(byte));
  if (is_between(byte, 0x80, 0xbf)) {
    row |= next(kOneTail, kStart) | next(kTwoTails, kOneTail) | next(kThreeTails, kTwoTails);
    row |= next(kAfterE0, byte >= 0xa0 ? kOneTail : kReject);
    row |= next(kAfterEd, byte <= 0x9f ? kOneTail : kReject);
    row |= next(kAfterF0, byte >= 0x90 ? kTwoTails : kReject);
    row |= next(kAfterF4, byte <= 0x8f ? kTwoTails : kReject);
  }
  return row;
}

constexpr std::array<std::uint64_t, 256> make_rows() {
  std::array<std::uint64_t, 256> rows{};
  for (unsigned byte = 0; byte < rows.size(); ++byte) {
    rows[byte] = make_row(byte);
  }
  return rows;
}

constexpr auto kRows = make_rows();
constexpr std::size_t kBlock = 16;

bool is_ascii_block(const std::byte* bytes) {
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), bytes, kBlock);
  return ((words[0] | words[1]) & 0x8080808080808080U) == 0;
}

std::uint64_t step(std::uint64_t state, std::byte byte) {
  return kRows[std::to_integer<std::size_t>(byte)] >> (state & kStateMask);
}

std::uint8_t run(std::uint8_t state, std::span<const std::byte> bytes) {
  std::uint64_t wide = state;  // only the low six bits count; masking waits for the next step
  for (const std::byte byte : bytes) {
    wide = step(wide, byte);
  }
  return static_cast<std::uint8_t>(wide & kStateMask);
}

// The state after all of `bytes`. kReject is never left, so nothing is gained by looking at it
// more often than once a block.
std::uint8_t advance(std::uint8_t state, std::span<const std::byte> bytes) {
  while (bytes.size() >= kBlock && state != kReject) {
    if (state != kStart || !is_ascii_block(bytes.data())) {
      state = run(state, bytes.first(kBlock));
    }
    bytes = bytes.subspan(kBlock);
  }
  return run(state, bytes);
}

}  // namespace

bool Utf8Validator::feed(std::span<const std::byte> bytes) {
  static_assert(kStart == State::kStart);
  state_ = advance(state_, bytes);
  return state_ != kReject;
}

bool is_valid_utf8(std::span<const std::byte> bytes) {
  return advance(kStart, bytes) == kStart;
}

bool is_valid_utf8(std::string_view text) {
  return is_valid_utf8(std::as_bytes(std::span(text)));
}

std::string_view utf8_prefix(std::string_view text, std::size_t size) {
  std::size_t valid = 0;
  std::uint64_t state = kStart;
  for (std::size_t i = 0; i < std::min(size, text.size()); ++i) {
    state = step(state, static_cast<std::byte>(text[i]));
    if ((state & kStateMask) == kStart) {
      valid = i + 1;
    }
  }
  return text.substr(0, valid);
}

}  // namespace ws::protocol
