// SPDX-License-Identifier: MIT
// What `ctl` shows to people on a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wsbridged {

// The sessions of /status as a table, or why it cannot be shown.
[[nodiscard]] std::string ps_text(std::string_view status_json);

// A record of a tap: "12:00:01.123 > hello"; '>' is up, '<' down. Cut to `width` columns; 0: as
// long as it is.
[[nodiscard]] std::string tap_text(std::string_view record_json, std::size_t width);

// What a reload changed, or on which lines of the file it failed.
[[nodiscard]] std::string reload_text(std::string_view answer_json);

// The "error", "reason" or "message" of an answer; else the answer itself.
[[nodiscard]] std::string message_of(std::string_view answer_json);

// "512 B", "12.3 KiB"; "4.1 s", "3m 20s", "2d 4h".
[[nodiscard]] std::string size_text(double bytes);
[[nodiscard]] std::string age_text(double seconds);

}  // namespace wsbridged
