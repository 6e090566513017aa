// SPDX-License-Identifier: MIT
// Well-formed and malformed sequences of RFC 3629.
#include "config/utf8.h"

#include <string>

#include "support/catch.h"

namespace wsbridged::config {
namespace {

TEST_CASE("utf8: well-formed text has no invalid byte (RFC 3629 4)", "[utf8]") {
  for (const std::string_view text :
       {"", "ascii", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4z"}) {
    CHECK_FALSE(find_invalid_utf8(text).has_value());
  }
  CHECK_FALSE(find_invalid_utf8(std::string(1, '\0')).has_value());
}

TEST_CASE("utf8: the first invalid byte is found, wherever it stands (RFC 3629 4)", "[utf8]") {
  for (const std::string text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe1\x80",
                                 "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                 "\xf5\x80\x80\x80", "\xff", "\xe1\x80z", "\xf1\x80\x80z"}) {
    CHECK(find_invalid_utf8(text) == 0);
    CHECK(find_invalid_utf8("ab\xc3\xa4" + text) == 4);
    CHECK(find_invalid_utf8(text + "ab") == 0);
  }
}

}  // namespace
}  // namespace wsbridged::config
