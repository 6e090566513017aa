// SPDX-License-Identifier: MIT
// Framing a second time, by the words of the documentation and as simply as possible: whole
// strings, one byte at a time, no state. Shares nothing with the daemon but the configuration's
// struct.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace wsbridged::reference {

struct Message {
  bool is_binary = false;
  std::string data;
  bool operator==(const Message&) const = default;
};

// What became of local bytes.
struct Sent {
  std::vector<Message> messages{};
  int close_code = 0;  // 0: the session was not ended
  std::size_t altered_count = 0;
  std::size_t dropped_bytes = 0;
  bool operator==(const Sent&) const = default;
};

// What became of messages.
struct Read {
  std::string bytes{};
  int close_code = 0;
  std::size_t altered_count = 0;
  std::size_t line_count = 0;
  bool operator==(const Read&) const = default;
};

// `reads` are what arrived at once each; behind the last one the local side ends.
// For a failed check.
std::ostream& operator<<(std::ostream& out, const Sent& sent);
std::ostream& operator<<(std::ostream& out, const Read& read);

[[nodiscard]] Sent send(const config::Framing& framing, const std::vector<std::string_view>& reads);

// The message that ends the session is not written, nor any behind it.
[[nodiscard]] Read write(const config::Framing& framing, const std::vector<Message>& messages);

}  // namespace wsbridged::reference
