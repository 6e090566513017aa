// SPDX-License-Identifier: MIT
// Both encodings whole, against the table of the WHATWG Encoding Standard, and what they lack.
#include "daemon/local_encoding.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

using config::Encoding;

std::string all_bytes() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

TEST_CASE("local encoding: every byte is a character and comes back", "[local_encoding]") {
  for (const Encoding encoding : {Encoding::kIso88591, Encoding::kWindows1252}) {
    const LocalText back = from_utf8(encoding, to_utf8(encoding, all_bytes()));
    CHECK(back.bytes == all_bytes());
    CHECK(back.replaced_count == 0);
  }
}

TEST_CASE("local encoding: iso-8859-1 has the characters of its numbers", "[local_encoding]") {
  CHECK(to_utf8(Encoding::kIso88591, "a\x80\x9f\xa0\xe9\xff") ==
        "a\xc2\x80\xc2\x9f\xc2\xa0\xc3\xa9\xc3\xbf");
}

TEST_CASE("local encoding: windows-1252 has 27 characters of its own and five C1 controls",
          "[local_encoding]") {
  CHECK(to_utf8(Encoding::kWindows1252,
                "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f") ==
        "\u20ac\xc2\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\xc2\x8d"
        "\u017d\xc2\x8f");
  CHECK(to_utf8(Encoding::kWindows1252,
                "\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f") ==
        "\xc2\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\xc2\x9d"
        "\u017e\u0178");
  CHECK(to_utf8(Encoding::kWindows1252, "\xa0\xff") == "\u00a0\u00ff");
}

TEST_CASE("local encoding: what an encoding lacks is one '?' a character, and counted",
          "[local_encoding]") {
  const auto check = [](Encoding encoding, std::string_view text, std::string_view bytes,
                        std::size_t replaced_count) {
    const LocalText local = from_utf8(encoding, text);
    CHECK(local.bytes == bytes);
    CHECK(local.replaced_count == replaced_count);
  };
  check(Encoding::kIso88591, "caf\u00e9 \u20ac \U0001F680\u0100", "caf\xe9 ? ??", 3);
  check(Encoding::kWindows1252, "caf\u00e9 \u20ac \U0001F680\u0100", "caf\xe9 \x80 ??", 2);
  check(Encoding::kWindows1252, "\xc2\x80\xc2\x9f", "??", 2);
  check(Encoding::kIso88591, {"\0?\x7f", 3}, {"\0?\x7f", 3}, 0);
  check(Encoding::kIso88591, "a\xff\xe2\x82z", "a??z", 2);
  check(Encoding::kUtf8, "\u20ac\xff", "\u20ac\xff", 0);
}

TEST_CASE("local encoding: the ASCII front is found at every place", "[local_encoding]") {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string front(size, 'x');
    CHECK(ascii_prefix(front) == size);
    CHECK(ascii_prefix(front + "\x80") == size);
    CHECK(ascii_prefix(front + "\xff" + front) == size);
    CHECK(to_utf8(Encoding::kIso88591, front + "\xe9" + front) == front + "\u00e9" + front);
  }
}

}  // namespace wsbridged
