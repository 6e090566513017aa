// SPDX-License-Identifier: MIT
// Why a line or a message was dropped or altered: the words of log, metrics and status. A reason
// that is not in these tables cannot be counted, and all in them are exported from the start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/direction.h"

namespace wsbridged {

struct LineReason {
  Direction direction;
  std::string_view word;
};

enum class DropReason : std::uint8_t {
  kMaxLine,
  kInvalidUtf8,
  kFinalPartialLine,
  kIncompleteMessage,  // less bytes than its length said
  kUpstreamClosing,
  kMaxMessage,
  kBinaryMessages,
  kEmbeddedDelimiter,
  kBehindRefusedMessage,
  kLocalGone,
};

inline constexpr std::array<LineReason, 10> kDropReasons{{
    {Direction::kUp, "max_line"},
    {Direction::kUp, "invalid_utf8"},
    {Direction::kUp, "final_partial_line"},
    {Direction::kUp, "incomplete_message"},
    {Direction::kUp, "upstream_closing"},
    {Direction::kDown, "max_message"},
    {Direction::kDown, "binary_messages"},
    {Direction::kDown, "embedded_delimiter"},
    {Direction::kDown, "behind_refused_message"},
    {Direction::kDown, "local_gone"},
}};
static_assert(kDropReasons.size() == static_cast<std::size_t>(DropReason::kLocalGone) + 1);

enum class AlterReason : std::uint8_t { kReplace, kSpace, kEncoding };

inline constexpr std::array<LineReason, 3> kAlterReasons{{
    {Direction::kUp, "replace"},
    {Direction::kDown, "space"},
    {Direction::kDown, "encoding"},
}};
static_assert(kAlterReasons.size() == static_cast<std::size_t>(AlterReason::kEncoding) + 1);

[[nodiscard]] constexpr const LineReason& explain(DropReason reason) {
  return kDropReasons[static_cast<std::size_t>(reason)];
}

[[nodiscard]] constexpr const LineReason& explain(AlterReason reason) {
  return kAlterReasons[static_cast<std::size_t>(reason)];
}

}  // namespace wsbridged
