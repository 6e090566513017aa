// SPDX-License-Identifier: MIT
// Keeps repeated warnings and errors from filling the log: the first ones of a kind are written,
// the others counted, and told as one entry. Pure: time comes from the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/log_format.h"

namespace wsbridged {

// What stands for entries that were not written.
struct FoldedEntry {
  config::LogLevel level = config::LogLevel::kWarn;
  std::string message;  // "session failed: 312 more in 10 s"
  // What they have in common, their number, and the sums of what they counted.
  std::vector<Field> fields;
};

// Of one kind are entries of one level, message, bridge and cause. Not thread-safe.
class LogFolding {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::seconds kInterval{10};
  // Written in an interval: of a kind that is new, and of one that goes on.
  static constexpr std::uint64_t kFirstTold = 100;
  static constexpr std::uint64_t kTold = 10;
  // Kinds that are known at a time; a further one drives out the one that was seen first, told.
  static constexpr std::size_t kMaxKinds = 64;

  // Is this entry to be written? Entries of other levels than warn and error always are.
  [[nodiscard]] bool admit(const LogEntry& entry, Clock::time_point now);
  // What is to be told by now, and whatever was driven out.
  [[nodiscard]] std::vector<FoldedEntry> take_due(Clock::time_point now);
  // Everything, at the end.
  [[nodiscard]] std::vector<FoldedEntry> take_all(Clock::time_point now);
  // When take_due() will have something; nullopt: nothing is folded.
  [[nodiscard]] std::optional<Clock::time_point> next_due() const;

 private:
  struct Key {
    config::LogLevel level;
    std::string message;
    std::string bridge;
    std::string cause;
    auto operator<=>(const Key&) const = default;
  };

  struct Kind {
    Clock::time_point begin;  // of the interval
    std::uint64_t limit = kFirstTold;
    std::uint64_t seen = 0;  // in the interval
    std::vector<std::pair<std::string_view, std::uint64_t>> sums{};
  };

  using Kinds = std::map<Key, Kind>;

  static Key key_of(const LogEntry& entry);
  Kind& kind_of(const LogEntry& entry, Clock::time_point now);
  static void add_up(const LogEntry& entry, Kind& kind);
  void tell(const Kinds::value_type& kind, Clock::time_point now);

  Kinds kinds_;
  std::vector<FoldedEntry> due_;
};

}  // namespace wsbridged
