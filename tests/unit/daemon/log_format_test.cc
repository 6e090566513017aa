// SPDX-License-Identifier: MIT
// The three formats of the log, and that nothing in a value can look like an entry or a field.
#include "daemon/log_format.h"

#include <limits>

#include "support/catch.h"

namespace wsbridged {
namespace {

using Catch::Matchers::EndsWith;

using config::LogLevel;

// 2026-11-22T12:00:01.123Z
constexpr std::chrono::system_clock::time_point kTime{std::chrono::milliseconds(1795348801123)};

std::string json(std::string_view message, std::initializer_list<Field> fields = {}) {
  return format_json({kTime, LogLevel::kInfo, message, fields});
}

std::string journal(std::string_view message, std::initializer_list<Field> fields = {},
                    LogLevel level = LogLevel::kInfo) {
  return format_journal({kTime, level, message, fields});
}

// Without the time, which is local.
std::string text(LogLevel level, Colour colour = Colour::kNo,
                 std::initializer_list<Field> fields = {}) {
  return format_text({kTime, level, "session ended", fields}, colour).substr(12);
}

std::string peer_text(std::string_view text) {
  return std::get<std::string>(Field::peer_text("reason", text).value);
}

}  // namespace

TEST_CASE("log format: JSON has time, level, message and fields in this order", "[log]") {
  CHECK(json("session ended", {{"bridge", std::string("chat")},
                               {"lines_up", std::uint64_t{3}},
                               {"balance", std::int64_t{-4}},
                               {"seconds", 1.5},
                               {"by_peer", true}}) ==
        R"({"time":"2026-11-22T12:00:01.123Z","level":"info","message":"session ended",)"
        R"("bridge":"chat","lines_up":3,"balance":-4,"seconds":1.5,"by_peer":true})");
}

TEST_CASE("log format: JSON escapes controls and replaces invalid UTF-8", "[log]") {
  CHECK_THAT(json("a\n\"b\x7f\xc2\x85\xff\xc3\xa9"),
             ContainsSubstring(R"("message":"a\n\"b\u007f\u0085\ufffd\u00e9")"));
  CHECK_THAT(json("m", {{"key", std::string("\x1b[31m")}}),
             ContainsSubstring(R"("key":"\u001b[31m")"));
  CHECK_THAT(json("m", {{"key", std::numeric_limits<double>::infinity()}}),
             ContainsSubstring(R"("key":null)"));
}

TEST_CASE("log format: a field cannot take the place of the entry's own members", "[log]") {
  CHECK_THAT(json("mine", {{"message", std::string("other")}}), !ContainsSubstring("other"));
}

TEST_CASE("log format: JSON knows times before 1970 and keeps three digits", "[log]") {
  const std::chrono::system_clock::time_point before{std::chrono::milliseconds(-1)};
  CHECK_THAT(format_json({before, LogLevel::kInfo, "m", {}}),
             ContainsSubstring("1969-12-31T23:59:59.999Z"));
}

TEST_CASE("log format: text has a clock with milliseconds and a level of five letters", "[log]") {
  const std::string line = format_text({kTime, LogLevel::kInfo, "m", {}}, Colour::kNo);
  CHECK(line.substr(2, 1) + line.substr(5, 1) == "::");
  CHECK(line.substr(8, 4) == ".123");
  CHECK(text(LogLevel::kDebug) == " DEBUG session ended");
  CHECK(text(LogLevel::kInfo) == " INFO  session ended");
  CHECK(text(LogLevel::kWarn) == " WARN  session ended");
  CHECK(text(LogLevel::kError) == " ERROR session ended");
}

TEST_CASE("log format: colour is around the level only", "[log]") {
  CHECK(text(LogLevel::kError, Colour::kYes) == " \x1b[31mERROR\x1b[0m session ended");
}

TEST_CASE("log format: text values are bare when nothing is in doubt, else quoted", "[log]") {
  const auto field = [](const std::string& value) {
    return text(LogLevel::kInfo, Colour::kNo, {{"k", value}}).substr(21);
  };
  CHECK(field("127.0.0.1:7001") == "k=127.0.0.1:7001");
  CHECK(field("gr\xc3\xbc\xc3\x9f") == "k=gr\xc3\xbc\xc3\x9f");
  CHECK(field("bye bye") == "k=\"bye bye\"");
  CHECK(field("a=b") == "k=\"a=b\"");
  CHECK(field("\" forged=1") == "k=\"\\\" forged=1\"");
  CHECK(field("\\\" forged=1") == "k=\"\\\\\\\" forged=1\"");
  CHECK(field("a\nb\r\t\x1b\x7f") == "k=\"a\\nb\\r\\t\\x1b\\x7f\"");
  CHECK(field("\xc2\x9b\xff") == "k=\"\\xc2\\x9b\\xff\"");
}

TEST_CASE("log format: empty texts are left out, for people counts of nothing as well", "[log]") {
  const std::initializer_list<Field> fields = {
      {"cause", std::string()}, {"lines_up", std::uint64_t{0}}, {"seconds", std::int64_t{0}}};
  CHECK(journal("m", fields) == "<6>m seconds=0");
  CHECK_THAT(json("m", fields), EndsWith(R"("message":"m","lines_up":0,"seconds":0})"));
}

TEST_CASE("log format: numbers and booleans are bare", "[log]") {
  CHECK(journal("m", {{"a", std::uint64_t{18446744073709551615U}},
                      {"b", std::int64_t{-1}},
                      {"c", 0.25},
                      {"d", false}}) == "<6>m a=18446744073709551615 b=-1 c=0.25 d=false");
}

TEST_CASE("log format: the journal's prefix is the priority (sd-daemon(3))", "[log]") {
  CHECK(journal("m", {}, LogLevel::kDebug) == "<7>m");
  CHECK(journal("m", {}, LogLevel::kInfo) == "<6>m");
  CHECK(journal("m", {}, LogLevel::kWarn) == "<4>m");
  CHECK(journal("m", {}, LogLevel::kError) == "<3>m");
  CHECK(journal("a\n<0>b", {{"k", std::string("c\n<0>d")}}) == "<6>a\\n<0>b k=\"c\\n<0>d\"");
}

TEST_CASE("log format: a message or value of 4096 bytes is shown, more is cut", "[log]") {
  const std::string longest(kMaxLogValue, 'a');
  CHECK(journal(longest) == "<6>" + longest);
  CHECK(journal(longest + "b") == "<6>" + longest + "...");
  CHECK(journal("m", {{"k", longest + "b"}}) == "<6>m k=" + longest + "...");
  CHECK_THAT(json(longest + "b"), ContainsSubstring(longest + "...\"}"));
}

TEST_CASE("log format: peer text is cut at 200 bytes, never inside a character", "[log]") {
  const std::string letters(200, 'a');
  CHECK(peer_text(letters) == letters);
  CHECK(peer_text(letters + "b") == letters + "...");
  CHECK(peer_text(letters.substr(1) + "\xc3\xa9") == letters.substr(1) + "...");
  CHECK(peer_text(letters.substr(2) + "\xc3\xa9") == letters.substr(2) + "\xc3\xa9");
  CHECK(peer_text(letters.substr(1) + "\xf0\x9f\x98\x80") == letters.substr(1) + "...");
  CHECK(peer_text("").empty());
}

TEST_CASE("log format: peer text has its controls and invalid bytes escaped", "[log]") {
  CHECK(peer_text("a\r\n\x1b[0m\xff\xc2\x80z") == "a\\r\\n\\x1b[0m\\xff\\xc2\\x80z");
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    expected += "\\x80";
  }
  CHECK(peer_text(std::string(300, '\x80')).substr(0, 12) == expected.substr(0, 12));
  CHECK(peer_text(std::string(300, '\x80')).size() <= expected.size() + 3);
}

TEST_CASE("log format: what cannot be seen, or turns the direction of writing, is escaped",
          "[log]") {
  CHECK(peer_text("a\xe2\x80\xae"
                  "b") == "a\\xe2\\x80\\xaeb");                    // U+202E
  CHECK(peer_text("\xe2\x80\x8b") == "\\xe2\\x80\\x8b");           // U+200B
  CHECK(peer_text("\xe2\x81\xa6") == "\\xe2\\x81\\xa6");           // U+2066
  CHECK(peer_text("\xef\xbb\xbf") == "\\xef\\xbb\\xbf");           // U+FEFF
  CHECK(peer_text("\xe2\x80\xa8") == "\\xe2\\x80\\xa8");           // U+2028
  CHECK(peer_text("\xd8\x9c") == "\\xd8\\x9c");                    // U+061C
  CHECK(peer_text("\xf3\xa0\x80\xa0") == "\\xf3\\xa0\\x80\\xa0");  // U+E0020
  for (const std::string shown : {"\xe2\x80\x90", "\xe2\x80\xaf", "\xe2\x80\xa7", "\xc2\xa0",
                                  "\xf0\x9f\x98\x80", "\xd7\x90", "\xef\xbf\xbd"}) {
    CHECK(peer_text(shown) == shown);
  }
}

TEST_CASE("log format: escape_control leaves text alone", "[log]") {
  CHECK(escape_control("plain \\ \"text\" \xe2\x82\xac") == "plain \\ \"text\" \xe2\x82\xac");
  CHECK(escape_control(std::string_view("\0", 1)) == "\\x00");
}

}  // namespace wsbridged
