// SPDX-License-Identifier: MIT
// How an entry of the log looks: for people, for machines, for the journal. Pure; see Log for who
// writes it where.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "daemon/log.h"

namespace wsbridged {

struct LogEntry {
  std::chrono::system_clock::time_point time;
  config::LogLevel level = config::LogLevel::kInfo;
  std::string_view message;
  std::span<const Field> fields;
};

enum class Colour : unsigned char { kNo, kYes };

// Of a message or a text value this many bytes are shown; "..." tells of the rest.
inline constexpr std::size_t kMaxLogValue = 4096;

// Each is one line without its '\n'; control characters (C0, DEL, C1) and invalid UTF-8 are
// escaped. Empty texts are left out; for people, counts (std::uint64_t) of 0 as well.

// "12:00:01.123 INFO  session ended bridge=chat reason=\"bye bye\"", local time.
[[nodiscard]] std::string format_text(const LogEntry& entry, Colour colour);
// {"time":"2026-11-22T12:00:01.123Z","level":"info","message":"session ended","bridge":"chat"}
[[nodiscard]] std::string format_json(const LogEntry& entry);
// "<6>session ended bridge=chat", the prefix as sd-daemon(3) has it; the journal knows the time.
[[nodiscard]] std::string format_journal(const LogEntry& entry);

// Control characters as "\n", "\r", "\t" or "\xHH", likewise characters that cannot be seen or turn
// the direction of writing, and each byte of invalid UTF-8 as "\xHH".
[[nodiscard]] std::string escape_control(std::string_view text);

}  // namespace wsbridged
