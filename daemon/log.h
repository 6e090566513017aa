// SPDX-License-Identifier: MIT
// The log on stderr: one entry a line, a message and named fields. No header value, cookie, line or
// password is ever handed to it; text from a peer goes through Field::peer_text().
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "config/config.h"

namespace wsbridged {

struct Field {
  std::string_view key;  // a literal: it is kept
  std::variant<std::string, std::int64_t, std::uint64_t, double, bool> value;

  // At most 200 bytes of `text`, with control characters and invalid UTF-8 escaped.
  static Field peer_text(std::string_view key, std::string_view text);
};

// Thread-safe. Entries below the level cost one comparison. Repeated warnings and errors are folded
// (log_folding.h), by a thread that begins with the first of them.
class Log {
 public:
  using Level = config::LogLevel;
  // kAuto: "<N>" priorities when stderr is the journal's (JOURNAL_STREAM), text on a terminal, else
  // JSON.
  explicit Log(const config::Log& settings, int descriptor = 2);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool is_on(Level level) const;
  void set_level(Level level);
  void set_format(config::LogFormat format);
  void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
  void debug(std::string_view message, std::initializer_list<Field> fields = {});
  void info(std::string_view message, std::initializer_list<Field> fields = {});
  void warn(std::string_view message, std::initializer_list<Field> fields = {});
  void error(std::string_view message, std::initializer_list<Field> fields = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wsbridged
