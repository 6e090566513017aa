// SPDX-License-Identifier: MIT
#include "daemon/ctl.h"

#include "daemon/ctl_text.h"
#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("ctl: sizes and ages are for people", "[ctl]") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1024) == "1.0 KiB");
  CHECK(size_text(5.0 * 1024 * 1024 * 1024 * 1024 * 1024) == "5120.0 TiB");
  CHECK(age_text(4.06) == "4.1 s");
  CHECK(age_text(200) == "3m 20s");
  CHECK(age_text(7260) == "2h 01m");
  CHECK(age_text(187'200) == "2d 04h");
}

TEST_CASE("ctl: sessions are a table that says how many it leaves out", "[ctl]") {
  const std::string flow = R"({"lines":12,"bytes":1,"lines_per_second":1.5,"buffered_bytes":1024})";
  const std::string text = ps_text(
      R"({"session_count":3,"sessions":[{"id":7,"bridge":"chat","peer":"uid 0","address":"",)"
      R"("subprotocol":"","state":"connecting","age_seconds":2,"ping_rtt_ms":null,"up":)" +
      flow + ",\"down\":" + flow + "}]}");
  CHECK_THAT(text, StartsWith("SESSION  BRIDGE  PEER   UPSTREAM  STATE         AGE  LINES UP"));
  CHECK_THAT(text, ContainsSubstring("\n7        chat    uid 0  -         connecting  2.0 s"));
  CHECK_THAT(text, ContainsSubstring("2.0 KiB"));
  CHECK_THAT(text, ContainsSubstring("... and 2 more\n"));
  CHECK_THAT(ps_text("{}"), ContainsSubstring("another version"));
  CHECK_THAT(ps_text("no json"), ContainsSubstring("another version"));
}

TEST_CASE("ctl: a tapped line is one line of the terminal's width", "[ctl]") {
  const auto record = [](std::string_view line) {
    return R"({"time":0.5,"direction":"up","size":5,"line":")" + std::string(line) + "\"}";
  };
  CHECK_THAT(tap_text(record("hello"), 0), ContainsSubstring(":00.500 > hello\n"));
  CHECK_THAT(tap_text(record("a\\u001bb"), 0), ContainsSubstring(" > a\\x1bb...\n"));
  CHECK_THAT(tap_text(record("hello"), 20), ContainsSubstring(" > hello\n"));
  CHECK(tap_text(record("hello"), 19).size() == 20);
  CHECK_THAT(tap_text(record("hello"), 19), ContainsSubstring("> h...\n"));
  CHECK_THAT(tap_text(record("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"), 20),
             ContainsSubstring("> \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\n"));
  CHECK_THAT(tap_text(record("\xe2\x80\xae"
                             "abc"),
                      0),
             ContainsSubstring("> \\xe2\\x80\\xaeabc"));
  CHECK_THAT(tap_text(R"({"dropped_lines":3})", 0), ContainsSubstring("3 lines not shown"));
  CHECK_THAT(tap_text(R"({"end":"local end"})", 0), ContainsSubstring("local end"));
  CHECK(tap_text("rubbish", 0).empty());
}

TEST_CASE("ctl: a reload tells what it changed, or every error", "[ctl]") {
  CHECK(reload_text(R"({"change_count":2,"changes":[{"key":"a.b","before":"1","after":"2"},)"
                    R"({"key":"c","before":"","after":"present"}],"warnings":["f:1:1: odd"]})") ==
        "warning: f:1:1: odd\na.b: 1 -> 2\nc: - -> present\nreloaded, 2 changes\n");
  CHECK(reload_text(R"({"change_count":1})") == "reloaded, 1 change\n");
  CHECK(reload_text(R"({"error":"not reloaded","errors":["f:1:1: a","f:2:1: b"]})") ==
        "f:1:1: a\nf:2:1: b\nwsbridged: not reloaded\n");
  CHECK(reload_text("plain") == "plain\n");
  CHECK_THAT(reload_text(R"({"reloaded":false,"under_way":true})"),
             StartsWith("wsbridged: the reload is still under way"));
}

TEST_CASE("ctl: the reason of a refusal is found in its answer", "[ctl]") {
  CHECK(message_of(R"({"error":"no"})") == "no");
  CHECK(message_of(R"({"ready":false,"reason":"draining"})") == "draining");
  CHECK(message_of("plain\n") == "plain");
}

}  // namespace
}  // namespace wsbridged
