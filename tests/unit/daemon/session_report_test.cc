// SPDX-License-Identifier: MIT
#include "daemon/session_report.h"

#include <unistd.h>

#include <array>

#include <nlohmann/json.hpp>

#include "support/catch.h"

using namespace wsbridged;

namespace {

// Writes the report as JSON into a pipe and reads it back.
nlohmann::json logged(const SessionReport& report) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  {
    Log log({.level = config::LogLevel::kInfo, .format = config::LogFormat::kJson}, ends[1]);
    log_session_end(log, {.bridge = "chat", .id = 7, .peer = "uid 1000"}, report,
                    std::chrono::milliseconds(1500));
  }
  close(ends[1]);
  std::string text(8192, '\0');
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  REQUIRE(size > 0);
  text.resize(static_cast<std::size_t>(size));
  return nlohmann::json::parse(text);
}

}  // namespace

TEST_CASE("session report: an end is one entry with its cause and every counter", "[report]") {
  SessionReport report;
  report.up = {
      .lines = 3, .bytes = 30, .dropped_lines = 1, .unwanted_lines = 1, .altered_lines = 2};
  report.down = {.lines = 4, .bytes = 40, .dropped_lines = 0, .altered_lines = 0};
  report.close_code = 1000;
  report.end = SessionEnd{.by = Side::kLocal, .cause = "local end"};
  const auto entry = logged(report);
  CHECK(entry["level"] == "info");
  CHECK(entry["message"] == "session ended");
  CHECK(entry["bridge"] == "chat");
  CHECK(entry["session"] == 7);
  CHECK(entry["by"] == "local");
  CHECK(entry["cause"] == "local end");
  CHECK(entry["lines_up"] == 3);
  CHECK(entry["bytes_down"] == 40);
  CHECK(entry["dropped_lines_up"] == 1);
  CHECK(entry["altered_lines_up"] == 2);
  CHECK(entry["close_code"] == 1000);
  CHECK(entry["duration_ms"] == 1500);
}

TEST_CASE("session report: a failure is a warning with its advice", "[report]") {
  SessionReport report;
  report.end = SessionEnd{.by = Side::kUpstream, .is_error = true, .cause = "x", .advice = "do y"};
  const auto entry = logged(report);
  CHECK(entry["level"] == "warn");
  CHECK(entry["message"] == "session failed");
  CHECK(entry["advice"] == "do y");
}

TEST_CASE("session report: an end that lost bytes is a warning", "[report]") {
  SessionReport report;
  report.end = SessionEnd{.by = Side::kUpstream, .cause = "x"};
  report.unsent_bytes_up = 1;
  const auto entry = logged(report);
  CHECK(entry["level"] == "warn");
  CHECK(entry["message"] == "session ended");
}

TEST_CASE("session report: what a peer says is cut at 200 bytes and escaped", "[report]") {
  SessionReport report;
  report.end = SessionEnd{.by = Side::kUpstream, .cause = "x"};
  report.close_reason = "bad\nnews" + std::string(300, 'z');
  const std::string reason = logged(report)["close_reason"];
  CHECK(reason.size() <= 210);
  CHECK(reason.find('\n') == std::string::npos);
}

TEST_CASE("session report: the phrase of a refusal is a peer's text, and no part of the cause",
          "[report]") {
  SessionReport report;
  report.end = SessionEnd{.by = Side::kUpstream, .is_error = true, .cause = "answered 403"};
  report.answer_reason = "no\xe2\x80\xae" + std::string(300, 'z');
  const auto entry = logged(report);
  CHECK(entry["cause"] == "answered 403");
  CHECK(entry["answer_reason"] == "no\\xe2\\x80\\xae" + std::string(195, 'z') + "...");
}

TEST_CASE("session report: lost is what left one side and never reached the other", "[report]") {
  SessionReport report;
  CHECK_FALSE(report.has_lost_bytes());
  report.discarded_bytes = 10;  // the program wrote it after the end: nobody had taken it
  CHECK_FALSE(report.has_lost_bytes());
  report.unsent_bytes_down = 1;
  CHECK(report.has_lost_bytes());
}
