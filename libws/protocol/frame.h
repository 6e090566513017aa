// SPDX-License-Identifier: MIT
// Frame headers (RFC 6455 section 5.2), both ways. Payloads are somebody else's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/masking.h"

namespace ws::protocol {

// A client masks what it sends and refuses masked frames; a server the reverse (section 5.1).
enum class Role : std::uint8_t { kClient, kServer };

enum class Opcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xa,
};

[[nodiscard]] constexpr bool is_control_frame(Opcode opcode) {
  return opcode >= Opcode::kClose;
}

enum class Fin : std::uint8_t { kMore, kFinal };

inline constexpr std::size_t kMaxFrameHeader = 14;
inline constexpr std::size_t kMaxControlPayload = 125;  // section 5.5

struct FrameHeader {
  Opcode opcode = Opcode::kText;
  Fin fin = Fin::kFinal;
  bool is_compressed = false;  // RSV1 (RFC 7692 section 6)
  std::uint8_t size = 0;       // of the header itself
  MaskKey key{};               // zero when the frame is not masked
  std::uint64_t payload_size = 0;
};

// What the bytes of a header say so far.
struct DecodedHeader {
  enum class Outcome : std::uint8_t { kNeedMore, kHeader, kViolation };
  Outcome outcome = Outcome::kNeedMore;
  FrameHeader header;
  std::string_view violation;  // the rule that was broken, a literal
};

// What RSV1 means on the first frame of a message: nothing, or with permessage-deflate that the
// message is compressed. On all other frames it is reserved (RFC 7692 section 6.1).
enum class Rsv1 : std::uint8_t { kReserved, kCompressed };

// Judges the frame header at the start of `bytes` as `role` receives it. The first two bytes are
// judged as soon as each is there.
[[nodiscard]] DecodedHeader decode_frame_header(std::span<const std::byte> bytes, Role role,
                                                Rsv1 rsv1 = Rsv1::kReserved);

// The same for what nearly all frames of a server are, inline: a whole message of at most 125
// bytes, not compressed. Precondition of the second: the first.
[[nodiscard]] constexpr bool is_short_message_header(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && (bytes[0] == std::byte{0x81} || bytes[0] == std::byte{0x82}) &&
         bytes[1] <= std::byte{kMaxControlPayload};
}

[[nodiscard]] constexpr FrameHeader decode_short_message_header(std::span<const std::byte> bytes) {
  return {.opcode = static_cast<Opcode>(bytes[0] & std::byte{0x0f}),
          .size = 2,
          .payload_size = std::to_integer<std::uint64_t>(bytes[1])};
}

// Writes the header of a frame that `role` sends and returns its size; `header.size` is not read.
// Precondition: kMaxFrameHeader writable bytes.
std::size_t encode_frame_header(std::byte* out, const FrameHeader& header, Role role);

// How many bytes encode_frame_header() will write.
[[nodiscard]] constexpr std::size_t frame_header_size(std::uint64_t payload_size, Role role) {
  const std::size_t key = role == Role::kClient ? sizeof(MaskKey) : 0;
  return key + (payload_size <= 125 ? 2 : payload_size <= 0xffff ? 4 : 10);
}

}  // namespace ws::protocol
