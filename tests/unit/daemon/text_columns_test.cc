// SPDX-License-Identifier: MIT
#include "daemon/text_columns.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

const std::string kWideA = "\xe6\xbc\xa2";      // U+6F22
const std::string kUmlaut = "a\xcc\x88";        // a, U+0308
const std::string kSmile = "\xf0\x9f\x98\x80";  // U+1F600

TEST_CASE("text columns: wide characters take two, marks none, all others one", "[columns]") {
  CHECK(columns_of("") == 0);
  CHECK(columns_of("A~ z") == 4);
  CHECK(columns_of("\xc3\xa4\xd7\x90\xe2\x82\xac") == 3);
  CHECK(columns_of(kWideA + kSmile) == 4);
  CHECK(columns_of(kUmlaut) == 1);
  CHECK(columns_of("\xef\xbc\xa1\xef\xbd\xa1") == 3);  // U+FF01 to U+FF60 are wide, U+FF61 is not
  CHECK(columns_of("\xef\xbf\xbd") == 1);
}

TEST_CASE("text columns: a cut is at most as wide as asked, and never within a character",
          "[columns]") {
  CHECK(cut_to_columns("hello", 5) == "hello");
  CHECK(cut_to_columns("hello", 4) == "h...");
  CHECK(cut_to_columns("hello", 2) == "..");
  CHECK(cut_to_columns("hello", 0).empty());
  CHECK(cut_to_columns(kWideA + kWideA + kWideA, 6) == kWideA + kWideA + kWideA);
  CHECK(cut_to_columns(kWideA + kWideA + kWideA, 5) == kWideA + "...");
  CHECK(cut_to_columns(kWideA + kWideA + kWideA, 4) == "...");
  CHECK(cut_to_columns(kUmlaut + "bcde", 4) == kUmlaut + "...");
  for (std::size_t width = 0; width < 12; ++width) {
    CHECK(columns_of(cut_to_columns(kSmile + kUmlaut + kWideA + "xyz" + kSmile, width)) <= width);
  }
}

}  // namespace
}  // namespace wsbridged
