// SPDX-License-Identifier: MIT
// The three formats of the log. A value that could be taken for something else is quoted: no peer
// may write what looks like an entry or a field of ours.
#include "daemon/log_format.h"

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "daemon/text_codec.h"

namespace wsbridged {
namespace {

using config::LogLevel;

constexpr std::size_t kMaxPeerText = 200;

struct LevelStyle {
  std::string_view name;    // in JSON
  std::string_view label;   // for people
  std::string_view colour;  // an SGR sequence
  int priority;             // of syslog(3)
};

LevelStyle style_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return {"debug", "DEBUG", "\x1b[2m", 7};
    case LogLevel::kInfo:
      return {"info", "INFO ", "\x1b[32m", 6};
    case LogLevel::kWarn:
      return {"warn", "WARN ", "\x1b[33m", 4};
    case LogLevel::kError:
      break;
  }
  return {"error", "ERROR", "\x1b[31m", 3};
}

bool is_in(char32_t code, char32_t first, char32_t last) {
  return code >= first && code <= last;
}

// What has no picture of its own and changes how others are shown, or hides: line and paragraph
// separators, zero-width characters, and those that turn the direction of writing.
bool is_invisible(char32_t code) {
  return code == 0x00ad || code == 0x061c || code == 0x180e || is_in(code, 0x200b, 0x200f) ||
         is_in(code, 0x2028, 0x202e) || is_in(code, 0x2060, 0x206f) || code == 0xfeff ||
         is_in(code, 0xfff9, 0xfffb) || is_in(code, 0xe0000, 0xe007f);
}

bool is_control(std::string_view character) {
  const char32_t code = code_point(character);
  return code < 0x20 || is_in(code, 0x7f, 0x9f) || is_invisible(code);
}

void append_escaped(std::string& out, std::string_view character) {
  for (const char byte : character) {
    switch (byte) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
}

// The first `limit` bytes, less a character that the cut would take apart.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  std::size_t size = limit;
  while (size > 0 && limit - size < 3 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80) {
    --size;
  }
  return text.substr(0, size);
}

// With "..." where something is missing.
std::string shown(std::string_view text, std::size_t limit) {
  std::string part(cut(text, limit));
  if (part.size() < text.size()) {
    part += "...";
  }
  return part;
}

// A text value as people and logfmt readers have it: bare, or in quotes with quotes and backslashes
// escaped. Control characters are left to the caller.
void append_value(std::string& out, std::string_view value) {
  const std::string text = shown(value, kMaxLogValue);
  const bool is_bare = !text.empty() && text.find_first_of(" \"=\\") == std::string::npos &&
                       escape_control(text) == text;
  if (is_bare) {
    out += text;
    return;
  }
  out += '"';
  for (const char character : text) {
    if (character == '"' || character == '\\') {
      out += '\\';
    }
    out += character;
  }
  out += '"';
}

bool is_empty(const Field& field) {
  const auto* const text = std::get_if<std::string>(&field.value);
  return text != nullptr && text->empty();
}

bool tells_nothing(const Field& field) {
  const auto* const count = std::get_if<std::uint64_t>(&field.value);
  return is_empty(field) || (count != nullptr && *count == 0);
}

void append_message_and_fields(std::string& out, const LogEntry& entry) {
  out += shown(entry.message, kMaxLogValue);
  for (const Field& field : entry.fields) {
    if (tells_nothing(field)) {
      continue;
    }
    out += ' ';
    out += field.key;
    out += '=';
    if (const auto* const text = std::get_if<std::string>(&field.value)) {
      append_value(out, *text);
    } else {
      std::visit(
          [&out](const auto& value) { fmt::format_to(std::back_inserter(out), "{}", value); },
          field.value);
    }
  }
}

struct ClockTime {
  std::tm parts{};
  int milliseconds = 0;
};

enum class Zone : unsigned char { kLocal, kUtc };

ClockTime clock_time(std::chrono::system_clock::time_point time, Zone zone) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto unix_time = static_cast<std::time_t>(seconds.count());
  ClockTime result;
  result.milliseconds = static_cast<int>((since_epoch - seconds).count());
  if (zone == Zone::kUtc) {
    ::gmtime_r(&unix_time, &result.parts);
  } else {
    ::localtime_r(&unix_time, &result.parts);
  }
  return result;
}

// RFC 3339.
std::string utc_timestamp(std::chrono::system_clock::time_point time) {
  const auto [parts, fraction] = clock_time(time, Zone::kUtc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     fraction);
}

}  // namespace

std::string escape_control(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    const std::string_view character = text.substr(0, sequence.size);
    if (!sequence.valid || is_control(character)) {
      append_escaped(escaped, character);
    } else {
      escaped += character;
    }
    text.remove_prefix(sequence.size);
  }
  return escaped;
}

Field Field::peer_text(std::string_view key, std::string_view text) {
  return {key, escape_control(shown(text, kMaxPeerText))};
}

std::string format_text(const LogEntry& entry, Colour colour) {
  const auto [parts, fraction] = clock_time(entry.time, Zone::kLocal);
  const LevelStyle style = style_of(entry.level);
  const bool is_coloured = colour == Colour::kYes;
  std::string body;
  append_message_and_fields(body, entry);
  return fmt::format("{:02}:{:02}:{:02}.{:03} {}{}{} {}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                     fraction, is_coloured ? style.colour : "", style.label,
                     is_coloured ? "\x1b[0m" : "", escape_control(body));
}

std::string format_json(const LogEntry& entry) {
  nlohmann::ordered_json object{{"time", utc_timestamp(entry.time)},
                                {"level", style_of(entry.level).name},
                                {"message", shown(entry.message, kMaxLogValue)}};
  for (const Field& field : entry.fields) {
    if (is_empty(field)) {
      continue;
    }
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
            object.emplace(std::string(field.key), shown(value, kMaxLogValue));
          } else {
            object.emplace(std::string(field.key), value);
          }
        },
        field.value);
  }
  // ASCII only: that escapes DEL and the C1 controls, too.
  return object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

std::string format_journal(const LogEntry& entry) {
  std::string body;
  append_message_and_fields(body, entry);
  return fmt::format("<{}>{}", style_of(entry.level).priority, escape_control(body));
}

}  // namespace wsbridged
