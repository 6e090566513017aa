// SPDX-License-Identifier: MIT
// Durations, sizes, numbers and booleans, and what is suggested for a wrong one.
#include "config/values.h"

#include "support/catch.h"

namespace wsbridged::config {
namespace {

using std::chrono::milliseconds;

template <class T>
std::string suggestion(const Parsed<T>& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal != nullptr ? refusal->suggestion : "accepted";
}

TEST_CASE("duration: one whole number and one unit, and back", "[values]") {
  CHECK(std::get<milliseconds>(parse_duration("250ms")) == milliseconds(250));
  CHECK(std::get<milliseconds>(parse_duration("10s")) == milliseconds(10'000));
  CHECK(std::get<milliseconds>(parse_duration("5m")) == milliseconds(300'000));
  CHECK(std::get<milliseconds>(parse_duration("1h")) == milliseconds(3'600'000));
  CHECK(std::get<milliseconds>(parse_duration("0s")) == milliseconds(0));
  CHECK(std::get<milliseconds>(parse_duration("9999999999h")).count() == 35'999'999'996'400'000);
  for (const std::string text : {"0s", "1ms", "999ms", "1s", "61s", "1m", "90m", "1h", "25h"}) {
    CHECK(format_duration(std::get<milliseconds>(parse_duration(text))) == text);
  }
  CHECK(format_duration(milliseconds(60'000)) == "1m");
}

TEST_CASE("duration: everything else is refused, with a guess where there is one", "[values]") {
  CHECK(suggestion(parse_duration("10")) == "10s");
  CHECK(suggestion(parse_duration("0")) == "0s");
  CHECK(suggestion(parse_duration("10 s")) == "10s");
  CHECK(suggestion(parse_duration("10sec")) == "10s");
  CHECK(suggestion(parse_duration("10MS")) == "10ms");
  CHECK(suggestion(parse_duration("2min")) == "2m");
  for (const std::string_view text :
       {"", "s", "1.5s", "-1s", "+1s", "1h30m", "1d", "10000000000s", " 1s", "ten"}) {
    CHECK(suggestion(parse_duration(text)).empty());
  }
}

TEST_CASE("size: bytes or a binary unit, and back", "[values]") {
  CHECK(std::get<std::size_t>(parse_size("4096")) == 4096);
  CHECK(std::get<std::size_t>(parse_size("64KiB")) == 65'536);
  CHECK(std::get<std::size_t>(parse_size("1MiB")) == 1'048'576);
  CHECK(std::get<std::size_t>(parse_size("1GiB")) == 1'073'741'824);
  for (const std::string text : {"0", "1", "1000", "1KiB", "65535", "64KiB", "3MiB", "2GiB"}) {
    CHECK(format_size(std::get<std::size_t>(parse_size(text))) == text);
  }
  CHECK(format_size(4096) == "4KiB");
}

TEST_CASE("size: decimal and short units are refused with the binary one", "[values]") {
  CHECK(suggestion(parse_size("64KB")) == "64KiB");
  CHECK(suggestion(parse_size("64k")) == "64KiB");
  CHECK(suggestion(parse_size("1 MiB")) == "1MiB");
  CHECK(suggestion(parse_size("1g")) == "1GiB");
  CHECK(suggestion(parse_size("10B")) == "10");
  for (const std::string_view text : {"", "KiB", "-1", "1.5MiB", "0x10", "10000000000", "1TiB"}) {
    CHECK(suggestion(parse_size(text)).empty());
  }
}

TEST_CASE("number: digits only", "[values]") {
  CHECK(std::get<std::uint32_t>(parse_number("0")) == 0);
  CHECK(std::get<std::uint32_t>(parse_number("999999999")) == 999'999'999);
  CHECK(std::get<std::uint32_t>(parse_number("4294967295")) == 4'294'967'295);
  for (const std::string_view text :
       {"", "4294967296", "10000000000", "-1", "+1", "1.0", "0x1", "1_000", "1s"}) {
    CHECK(std::holds_alternative<Refusal>(parse_number(text)));
  }
}

TEST_CASE("boolean: true and false and no other spelling", "[values]") {
  CHECK(std::get<bool>(parse_bool("true")));
  CHECK_FALSE(std::get<bool>(parse_bool("false")));
  for (const std::string_view text : {"yes", "on", "y", "1", "True", "TRUE", "Yes"}) {
    CHECK(suggestion(parse_bool(text)) == "true");
  }
  for (const std::string_view text : {"no", "off", "n", "0", "False", "NO"}) {
    CHECK(suggestion(parse_bool(text)) == "false");
  }
  CHECK(suggestion(parse_bool("perhaps")).empty());
}

}  // namespace
}  // namespace wsbridged::config
