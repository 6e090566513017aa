// SPDX-License-Identifier: MIT
// UTF-8 against a second implementation that follows RFC 3629 by numbers, and the tables of the
// Autobahn test suite's group 6.
#include "protocol/utf8.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;

std::string encoded(unsigned code, unsigned size) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80U | (code >> shift & 0x3fU));
  };
  switch (size) {
    case 1:
      return {static_cast<char>(code)};
    case 2:
      return {static_cast<char>(0xc0U | code >> 6U), tail(0)};
    case 3:
      return {static_cast<char>(0xe0U | code >> 12U), tail(6), tail(0)};
    default:
      return {static_cast<char>(0xf0U | code >> 18U), tail(12), tail(6), tail(0)};
  }
}

unsigned shortest_size(unsigned code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

bool is_scalar_value(unsigned code) {
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

bool feed(Utf8Validator& validator, std::string_view text) {
  return validator.feed(std::as_bytes(std::span(text)));
}

// How many bytes are taken before the first that fails.
std::size_t accepted(std::string_view text) {
  Utf8Validator validator;
  std::size_t count = 0;
  while (count < text.size() && feed(validator, text.substr(count, 1))) {
    ++count;
  }
  return count;
}

bool is_valid_in(const support::Chunks& chunks) {
  Utf8Validator validator;
  return std::all_of(chunks.begin(), chunks.end(),
                     [&](std::string_view chunk) { return feed(validator, chunk); }) &&
         validator.is_complete();
}

std::vector<std::string> valid_texts() {
  return {
      "",
      "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
      "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",  // the Greek word of group 6.1
      "\0"s,
      "\x7f",
      "\xc2\x80",
      "\xdf\xbf",
      "\xe0\xa0\x80",
      "\xed\x9f\xbf",
      "\xee\x80\x80",
      "\xef\xbf\xbd",
      "\xef\xbf\xbe",  // U+FFFE: a non-character is a character here
      "\xef\xbf\xbf",
      "\xf0\x90\x80\x80",
      "\xf4\x8f\xbf\xbf",  // U+10FFFF
      "0123456789abcdef\xe2\x82\xacklmnopqrstuvwxyz",
      "0123456789abcd\xf0\x9f\x98\x80klmnopqrstuvwxyzklmnopqrst",
  };
}

struct Invalid {
  std::string text;
  std::size_t accepted;  // bytes before the first bad one
};

std::vector<Invalid> invalid_texts() {
  return {
      {"\x80", 0},
      {"\xbf", 0},
      {"\xc0\xaf", 0},  // overlong '/'
      {"\xc1\xbf", 0},
      {"\xe0\x80\xaf", 1},
      {"\xe0\x9f\xbf", 1},
      {"\xf0\x80\x80\xaf", 1},
      {"\xf0\x8f\xbf\xbf", 1},
      {"\xf8\x88\x80\x80\x80", 0},      // five bytes
      {"\xfc\x84\x80\x80\x80\x80", 0},  // six bytes
      {"\xfe", 0},
      {"\xff", 0},
      {"\xed\xa0\x80", 1},      // U+D800
      {"\xed\xbf\xbf", 1},      // U+DFFF
      {"\xf4\x90\x80\x80", 1},  // U+110000
      {"\xf5\x80\x80\x80", 0},
      {"\xc3(", 1},
      {"\xe2\x82(", 2},
      {"\xf0\x9f\x98(", 3},
      {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
       "edited",
       12},  // group 6.3.1
  };
}

std::vector<std::string> cut_texts() {
  return {"\xc2", "\xe2\x82", "\xf0\x9f\x98", "a\xe2", "0123456789abcdef\xf0"};
}

}  // namespace

TEST_CASE("utf8: every code point in every length is judged by its number (RFC 3629 3)",
          "[utf8][AB-6.3][RFC6455-8.1-invalid]") {
  for (unsigned code = 0; code < 0x200000; ++code) {
    for (unsigned size = shortest_size(code); size <= 4; ++size) {
      const bool expected = is_scalar_value(code) && size == shortest_size(code);
      if (is_valid_utf8(encoded(code, size)) != expected) {
        FAIL("code point " << code << " in " << size << " bytes");
      }
    }
  }
}

TEST_CASE("utf8: valid text is valid under every chunking", "[utf8][AB-6.3]") {
  for (const std::string& text : valid_texts()) {
    CHECK(is_valid_utf8(text));
    support::for_each_chunking(text,
                               [](const support::Chunks& chunks) { CHECK(is_valid_in(chunks)); });
  }
}

TEST_CASE("utf8: invalid text fails at the byte that no other could mend (RFC 6455 8.1)",
          "[utf8][AB-6.4][AB-6.3]") {
  for (const auto& [text, expected] : invalid_texts()) {
    CHECK_FALSE(is_valid_utf8(text));
    CHECK(accepted(text) == expected);
    support::for_each_chunking(
        text, [](const support::Chunks& chunks) { CHECK_FALSE(is_valid_in(chunks)); });
  }
}

TEST_CASE("utf8: a bad byte is found at every place of the blocks", "[utf8]") {
  for (std::size_t size = 1; size <= 50; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      std::string text(size, 'x');
      text[place] = '\xff';
      CHECK_FALSE(is_valid_utf8(text));
      CHECK(accepted(text) == place);
    }
  }
}

TEST_CASE("utf8: text that ends within a character is fit so far and not complete", "[utf8]") {
  for (const std::string& text : cut_texts()) {
    Utf8Validator validator;
    CHECK(feed(validator, text));
    CHECK_FALSE(validator.is_complete());
    CHECK_FALSE(is_valid_utf8(text));
  }
}

TEST_CASE("utf8: once failed stays failed until reset", "[utf8]") {
  Utf8Validator validator;
  CHECK_FALSE(feed(validator, "\xff"));
  CHECK_FALSE(feed(validator, "fine"));
  CHECK_FALSE(feed(validator, "fine and longer than a block"));
  CHECK_FALSE(feed(validator, ""));
  validator.reset();
  CHECK(feed(validator, "fine"));
}

TEST_CASE("utf8: a validator's state takes at most four bytes", "[utf8]") {
  CHECK(sizeof(Utf8Validator) <= 4);
}

TEST_CASE("utf8: a prefix ends on a character boundary and before bad bytes", "[utf8]") {
  CHECK(utf8_prefix("abc", 5) == "abc");
  CHECK(utf8_prefix("abc", 2) == "ab");
  CHECK(utf8_prefix("a\xe2\x82\xac", 3) == "a");
  CHECK(utf8_prefix("a\xe2\x82\xac", 4) == "a\xe2\x82\xac");
  CHECK(utf8_prefix("ab\xff"
                    "cd",
                    5) == "ab");
  CHECK(utf8_prefix("", 5).empty());
}

}  // namespace ws::protocol
