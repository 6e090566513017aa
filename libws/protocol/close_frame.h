// SPDX-License-Identifier: MIT
// The payload of Close frames (RFC 6455 sections 5.5.1 and 7.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <ws/close_code.h>

namespace ws::protocol {

inline constexpr std::size_t kMaxCloseReason = 123;

struct ClosePayload {
  enum class Outcome : std::uint8_t { kValid, kViolation, kInvalidUtf8 };
  Outcome outcome = Outcome::kValid;
  std::uint16_t code = kCloseNoStatus;  // kCloseNoStatus: the payload was empty
  std::string_view reason;              // into the payload
  std::string_view violation;           // the rule that was broken, a literal
};

[[nodiscard]] ClosePayload parse_close_payload(std::span<const std::byte> payload);

// Empty for kCloseNoStatus. Precondition: any other code may be sent, the reason has at most
// kMaxCloseReason bytes.
[[nodiscard]] std::string make_close_payload(std::uint16_t code, std::string_view reason);

}  // namespace ws::protocol
