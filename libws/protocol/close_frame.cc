// SPDX-License-Identifier: MIT
// Close payloads: nothing, or a code and a reason.
#include "protocol/close_frame.h"

#include <array>
#include <cassert>

#include "protocol/byte_order.h"
#include "protocol/utf8.h"

namespace ws::protocol {

ClosePayload parse_close_payload(std::span<const std::byte> payload) {
  if (payload.empty()) {
    return {};
  }
  if (payload.size() == 1) {
    return {ClosePayload::Outcome::kViolation, kCloseNoStatus, {}, "Close frame with half a code"};
  }
  const std::uint16_t code = load_be16(payload.data());
  if (!is_valid_close_code(code)) {
    return {ClosePayload::Outcome::kViolation, code, {}, "close code that must not be sent"};
  }
  const auto reason = payload.subspan(2);
  if (!is_valid_utf8(reason)) {
    return {ClosePayload::Outcome::kInvalidUtf8, code, {}, "close reason is not UTF-8"};
  }
  return {.code = code,
          .reason = {reinterpret_cast<const char*>(reason.data()), reason.size()},
          .violation = {}};
}

std::string make_close_payload(std::uint16_t code, std::string_view reason) {
  assert(reason.size() <= kMaxCloseReason);
  if (code == kCloseNoStatus) {
    return {};
  }
  std::array<std::byte, 2> bytes{};
  store_be16(bytes.data(), code);
  std::string payload(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  payload += reason;
  return payload;
}

}  // namespace ws::protocol
