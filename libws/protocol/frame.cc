// SPDX-License-Identifier: MIT
// The bit layout of frame headers, and every rule about them that needs no memory of other frames.
#include "protocol/frame.h"

#include <algorithm>

#include "protocol/byte_order.h"

namespace ws::protocol {
namespace {

constexpr unsigned kFinBit = 0x80;
constexpr unsigned kRsvBits = 0x70;
constexpr unsigned kRsv1Bit = 0x40;
constexpr unsigned kOpcodeBits = 0x0f;
constexpr unsigned kMaskBit = 0x80;
constexpr unsigned kLengthBits = 0x7f;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;

constexpr unsigned kControlBit = 0x08;
// One bit for each opcode of section 5.2; all others are reserved.
constexpr unsigned kKnownOpcodes = 0x0707;

DecodedHeader violation(std::string_view rule) {
  return {DecodedHeader::Outcome::kViolation, {}, rule};
}

// Empty when the first byte breaks no rule.
std::string_view judge_first_byte(unsigned byte, Rsv1 rsv1) {
  if (const unsigned rsv = byte & kRsvBits; rsv != 0) {
    const auto opcode = static_cast<Opcode>(byte & kOpcodeBits);
    const bool may_be_compressed = opcode == Opcode::kText || opcode == Opcode::kBinary;
    if (rsv1 == Rsv1::kReserved || rsv != kRsv1Bit) {
      return "RSV bit set without an extension";
    }
    if (!may_be_compressed) {
      return "RSV1 set on a frame that begins no message";
    }
  }
  if ((kKnownOpcodes >> (byte & kOpcodeBits) & 1U) == 0) {
    return "reserved opcode";
  }
  if ((byte & (kFinBit | kControlBit)) == kControlBit) {
    return "fragmented control frame";
  }
  return {};
}

std::string_view judge_second_byte(unsigned first, unsigned second, Role role) {
  const bool masked = (second & kMaskBit) != 0;
  if (masked && role == Role::kClient) {
    return "masked frame from a server";
  }
  if (!masked && role == Role::kServer) {
    return "unmasked frame from a client";
  }
  if ((first & kControlBit) != 0 && (second & kLengthBits) > kMaxControlPayload) {
    return "control frame longer than 125 bytes";
  }
  return {};
}

std::string_view judge_length(unsigned length_code, std::uint64_t payload_size) {
  if (payload_size >> 63U != 0) {
    return "64-bit length with the most significant bit set";
  }
  if (payload_size < kLength16 || (length_code == kLength64 && payload_size <= 0xffff)) {
    return "payload length not in its shortest form";
  }
  return {};
}

std::uint64_t load_length(const std::byte* bytes, unsigned length_code) {
  return length_code == kLength16 ? load_be16(bytes + 2) : load_be64(bytes + 2);
}

constexpr std::size_t header_size(unsigned second) {
  const unsigned code = second & kLengthBits;
  const std::size_t length = code == kLength16 ? 2 : code == kLength64 ? 8 : 0;
  return 2 + length + ((second & kMaskBit) != 0 ? sizeof(MaskKey) : 0);
}

}  // namespace

DecodedHeader decode_frame_header(std::span<const std::byte> bytes, Role role, Rsv1 rsv1) {
  if (bytes.empty()) {
    return {};
  }
  const auto first = std::to_integer<unsigned>(bytes[0]);
  if (const auto rule = judge_first_byte(first, rsv1); !rule.empty()) {
    return violation(rule);
  }
  if (bytes.size() < 2) {
    return {};
  }
  const auto second = std::to_integer<unsigned>(bytes[1]);
  if (const auto rule = judge_second_byte(first, second, role); !rule.empty()) {
    return violation(rule);
  }
  const std::size_t size = header_size(second);
  if (bytes.size() < size) {
    return {};
  }

  DecodedHeader result;
  result.outcome = DecodedHeader::Outcome::kHeader;
  result.header.opcode = static_cast<Opcode>(first & kOpcodeBits);
  result.header.fin = (first & kFinBit) != 0 ? Fin::kFinal : Fin::kMore;
  result.header.is_compressed = (first & kRsv1Bit) != 0;
  result.header.size = static_cast<std::uint8_t>(size);
  result.header.payload_size = second & kLengthBits;
  if (result.header.payload_size > kMaxControlPayload) {
    result.header.payload_size = load_length(bytes.data(), second & kLengthBits);
    if (const auto rule = judge_length(second & kLengthBits, result.header.payload_size);
        !rule.empty()) {
      return violation(rule);
    }
  }
  if ((second & kMaskBit) != 0) {
    std::copy_n(bytes.data() + size - sizeof(MaskKey), sizeof(MaskKey), result.header.key.data());
  }
  return result;
}

std::size_t encode_frame_header(std::byte* out, const FrameHeader& header, Role role) {
  const unsigned fin = header.fin == Fin::kFinal ? kFinBit : 0;
  const unsigned mask = role == Role::kClient ? kMaskBit : 0;
  const unsigned rsv1 = header.is_compressed ? kRsv1Bit : 0;
  out[0] = static_cast<std::byte>(fin | rsv1 | static_cast<unsigned>(header.opcode));
  std::size_t size = 2;
  if (header.payload_size <= kMaxControlPayload) {
    out[1] = static_cast<std::byte>(mask | static_cast<unsigned>(header.payload_size));
  } else if (header.payload_size <= 0xffff) {
    out[1] = static_cast<std::byte>(mask | kLength16);
    store_be16(out + 2, static_cast<std::uint16_t>(header.payload_size));
    size += 2;
  } else {
    out[1] = static_cast<std::byte>(mask | kLength64);
    store_be64(out + 2, header.payload_size);
    size += 8;
  }
  if (mask != 0) {
    std::copy(header.key.begin(), header.key.end(), out + size);
    size += header.key.size();
  }
  return size;
}

}  // namespace ws::protocol
