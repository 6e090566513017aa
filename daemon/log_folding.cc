// SPDX-License-Identifier: MIT
#include "daemon/log_folding.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <variant>

namespace wsbridged {

namespace {

// Whole numbers of an entry that count nothing.
constexpr std::array<std::string_view, 3> kNoCounts = {"session", "close_code", "duration_ms"};

std::string text_field(const LogEntry& entry, std::string_view key) {
  for (const Field& field : entry.fields) {
    if (field.key == key && std::holds_alternative<std::string>(field.value)) {
      return std::get<std::string>(field.value);
    }
  }
  return {};
}

bool is_count(const Field& field) {
  return std::holds_alternative<std::uint64_t>(field.value) &&
         std::find(kNoCounts.begin(), kNoCounts.end(), field.key) == kNoCounts.end();
}

}  // namespace

bool LogFolding::admit(const LogEntry& entry, Clock::time_point now) {
  if (entry.level < config::LogLevel::kWarn) {
    return true;
  }
  Kind& kind = kind_of(entry, now);
  if (++kind.seen <= kind.limit) {
    return true;
  }
  add_up(entry, kind);
  return false;
}

LogFolding::Key LogFolding::key_of(const LogEntry& entry) {
  return {.level = entry.level,
          .message = std::string(entry.message),
          .bridge = text_field(entry, "bridge"),
          .cause = text_field(entry, "cause")};
}

LogFolding::Kind& LogFolding::kind_of(const LogEntry& entry, Clock::time_point now) {
  Key key = key_of(entry);
  auto found = kinds_.find(key);
  if (found == kinds_.end()) {
    if (kinds_.size() >= kMaxKinds) {
      const auto oldest = std::min_element(
          kinds_.begin(), kinds_.end(),
          [](const auto& a, const auto& b) { return a.second.begin < b.second.begin; });
      tell(*oldest, now);
      kinds_.erase(oldest);
    }
    return kinds_.emplace(std::move(key), Kind{.begin = now}).first->second;
  }
  Kind& kind = found->second;
  if (now - kind.begin >= kInterval) {
    tell(*found, now);
    // One that pauses for an interval is new again.
    const bool goes_on = kind.seen > kind.limit && now - kind.begin < 2 * kInterval;
    kind = {.begin = now, .limit = goes_on ? kTold : kFirstTold};
  }
  return kind;
}

void LogFolding::add_up(const LogEntry& entry, Kind& kind) {
  for (const Field& field : entry.fields) {
    if (!is_count(field)) {
      continue;
    }
    const auto value = std::get<std::uint64_t>(field.value);
    const auto known = std::find_if(kind.sums.begin(), kind.sums.end(),
                                    [&field](const auto& sum) { return sum.first == field.key; });
    if (known != kind.sums.end()) {
      known->second += value;
    } else {
      kind.sums.emplace_back(field.key, value);
    }
  }
}

void LogFolding::tell(const Kinds::value_type& kind, Clock::time_point now) {
  const auto& [key, state] = kind;
  if (state.seen <= state.limit) {
    return;
  }
  const std::uint64_t folded = state.seen - state.limit;
  // What comes late was not folded later.
  const auto passed = std::min<Clock::duration>(now - state.begin, kInterval);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(passed).count();
  FoldedEntry entry{.level = key.level,
                    .message = key.message + ": " + std::to_string(folded) + " more in " +
                               std::to_string(seconds) + " s",
                    .fields = {}};
  entry.fields.push_back({"bridge", key.bridge});
  entry.fields.push_back({"cause", key.cause});
  entry.fields.push_back({"folded", folded});
  for (const auto& [name, sum] : state.sums) {
    if (sum > 0) {
      entry.fields.push_back({name, sum});
    }
  }
  due_.push_back(std::move(entry));
}

std::vector<FoldedEntry> LogFolding::take_due(Clock::time_point now) {
  for (auto kind = kinds_.begin(); kind != kinds_.end();) {
    const bool is_over = now - kind->second.begin >= kInterval;
    if (is_over && kind->second.seen > kind->second.limit) {
      tell(*kind, now);
      kind->second = {.begin = now, .limit = kTold};
      ++kind;
    } else {
      kind = is_over ? kinds_.erase(kind) : std::next(kind);
    }
  }
  return std::exchange(due_, {});
}

std::vector<FoldedEntry> LogFolding::take_all(Clock::time_point now) {
  for (const auto& kind : kinds_) {
    tell(kind, now);
  }
  kinds_.clear();
  return std::exchange(due_, {});
}

std::optional<LogFolding::Clock::time_point> LogFolding::next_due() const {
  if (!due_.empty()) {
    return Clock::time_point{};  // long ago
  }
  std::optional<Clock::time_point> first;
  for (const auto& [key, kind] : kinds_) {
    if (kind.seen > kind.limit && (!first || kind.begin + kInterval < *first)) {
      first = kind.begin + kInterval;
    }
  }
  return first;
}

}  // namespace wsbridged
