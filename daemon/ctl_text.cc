// SPDX-License-Identifier: MIT
#include "daemon/ctl_text.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/log_format.h"
#include "daemon/text_columns.h"

namespace wsbridged {

namespace {

using nlohmann::json;
using Row = std::vector<std::string>;

constexpr std::size_t kFirstNumber = 5;  // the columns from here on are numbers

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), pattern, values...);
  return {text.data(), static_cast<std::size_t>(std::clamp(size, 0, 63))};
}

std::string rate_text(double per_second) {
  return per_second < 10 ? format("%.1f", per_second) : format("%.0f", per_second);
}

std::string text_at(const json& object, const char* key) {
  const std::string text = escape_control(object.value(key, std::string()));
  return text.empty() ? "-" : text;
}

Row session_row(const json& session) {
  const json& up = session.at("up");
  const json& down = session.at("down");
  const double buffered =
      up.at("buffered_bytes").get<double>() + down.at("buffered_bytes").get<double>();
  const json& rtt = session.at("ping_rtt_ms");
  return {std::to_string(session.at("id").get<std::uint64_t>()),
          text_at(session, "bridge"),
          text_at(session, "peer"),
          text_at(session, session.value("address", "").empty() ? "upstream" : "address"),
          text_at(session, "state"),
          age_text(session.at("age_seconds").get<double>()),
          std::to_string(up.at("lines").get<std::uint64_t>()),
          std::to_string(down.at("lines").get<std::uint64_t>()),
          rate_text(up.at("lines_per_second").get<double>()),
          rate_text(down.at("lines_per_second").get<double>()),
          size_text(buffered),
          rtt.is_null() ? "-" : format("%.1f ms", rtt.get<double>())};
}

std::string table_text(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - columns_of(row[i]), ' ');
      line += i == 0 ? "" : "  ";
      line += i >= kFirstNumber ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string clock_text(double unix_seconds) {
  const auto whole = static_cast<time_t>(unix_seconds);
  const double part = unix_seconds - static_cast<double>(whole);
  tm local{};
  localtime_r(&whole, &local);
  return format("%02d:%02d:%02d.%03d", local.tm_hour, local.tm_min, local.tm_sec,
                static_cast<int>(part * 1000));
}

}  // namespace

std::string size_text(double bytes) {
  constexpr std::array<const char*, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) {
    return format("%.0f B", bytes);
  }
  std::size_t unit = 0;
  bytes /= 1024;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return format("%.1f %s", bytes, kUnits[unit]);
}

std::string age_text(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  if (whole < 60) {
    return format("%.1f s", seconds);
  }
  if (whole < 3600) {
    return format("%lldm %02llds", whole / 60, whole % 60);
  }
  if (whole < 86'400) {
    return format("%lldh %02lldm", whole / 3600, whole / 60 % 60);
  }
  return format("%lldd %02lldh", whole / 86'400, whole / 3600 % 24);
}

std::string ps_text(std::string_view status_json) {
  try {
    const json status = json::parse(status_json);
    const json& sessions = status.at("sessions");
    std::vector<Row> rows{{"SESSION", "BRIDGE", "PEER", "UPSTREAM", "STATE", "AGE", "LINES UP",
                           "LINES DOWN", "UP/S", "DOWN/S", "BUFFERED", "RTT"}};
    for (const json& session : sessions) {
      rows.push_back(session_row(session));
    }
    std::string text = table_text(rows);
    const auto count = status.at("session_count").get<std::size_t>();
    if (count > sessions.size()) {
      text += "... and " + std::to_string(count - sessions.size()) + " more\n";
    }
    return text;
  } catch (const json::exception&) {
    return "the answer is not what this version knows: is the daemon of another version?\n";
  }
}

std::string tap_text(std::string_view record_json, std::size_t width) {
  const json record = json::parse(record_json, nullptr, false);
  std::string text;
  if (!record.is_object()) {
    return "";
  }
  if (record.contains("end")) {
    return "-- the session has ended: " + escape_control(record.value("end", "")) + "\n";
  }
  if (record.contains("dropped_lines")) {
    return "-- " + std::to_string(record.value("dropped_lines", std::uint64_t{0})) +
           " lines not shown: this terminal was too slow\n";
  }
  const std::string line = record.value("line", "");
  text = clock_text(record.value("time", 0.0));
  text += record.value("direction", "") == "up" ? " > " : " < ";
  text += escape_control(line);
  text += record.value("size", std::size_t{0}) > line.size() ? "..." : "";
  return (width == 0 ? text : cut_to_columns(text, width)) + "\n";
}

std::string reload_text(std::string_view answer_json) {
  const json answer = json::parse(answer_json, nullptr, false);
  std::string text;
  if (!answer.is_object()) {
    return message_of(answer_json) + "\n";
  }
  if (answer.value("under_way", false)) {
    return "wsbridged: the reload is still under way, its files or names do not answer: the log "
           "will "
           "tell its outcome\n";
  }
  for (const char* list : {"errors", "warnings"}) {
    for (const json& problem : answer.value(list, json::array())) {
      text +=
          (list[0] == 'w' ? "warning: " : "") + escape_control(problem.get<std::string>()) + "\n";
    }
  }
  for (const json& change : answer.value("changes", json::array())) {
    text += text_at(change, "key") + ": " + text_at(change, "before") + " -> " +
            text_at(change, "after") + "\n";
  }
  if (answer.contains("error")) {
    return text + "wsbridged: " + message_of(answer_json) + "\n";
  }
  const auto count = answer.value("change_count", std::size_t{0});
  return text + "reloaded, " + std::to_string(count) + (count == 1 ? " change\n" : " changes\n");
}

std::string message_of(std::string_view answer_json) {
  const json answer = json::parse(answer_json, nullptr, false);
  if (answer.is_object()) {
    for (const char* key : {"error", "reason", "message"}) {
      if (answer.contains(key) && answer[key].is_string()) {
        return answer[key].get<std::string>();
      }
    }
  }
  std::string text(answer_json.substr(0, 200));
  text.erase(text.find_last_not_of('\n') + 1);
  return escape_control(text);
}

}  // namespace wsbridged
