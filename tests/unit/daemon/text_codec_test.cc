// SPDX-License-Identifier: MIT
// Base64 and hex by the vectors of RFC 4648, escapes, and the repair of UTF-8 by the examples of
// Unicode 3.9.
#include "daemon/text_codec.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

std::string base64(std::string_view bytes) {
  std::string text(base64_size(bytes.size()), '?');
  encode_base64(bytes, std::as_writable_bytes(std::span(text)));
  return text;
}

std::string hex(std::string_view bytes) {
  std::string text(2 * bytes.size(), '?');
  encode_hex(bytes, std::as_writable_bytes(std::span(text)));
  return text;
}

std::string escape(std::string_view text, std::string_view delimiter) {
  const LineEscaper escaper(delimiter);
  REQUIRE(escaper.is_usable());
  std::string out(LineEscaper::kMaxEscape * text.size(), '?');
  out.resize(escaper.escape(text, std::as_writable_bytes(std::span(out))));
  return out;
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::string replacements(int count) {
  std::string text;
  while (count-- > 0) {
    text += kReplacement;
  }
  return text;
}

}  // namespace

TEST_CASE("text codec: base64 has the standard alphabet and padding (RFC 4648 10)",
          "[text_codec]") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("fooba") == "Zm9vYmE=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xfb\xff\xfe") == "+//+");
  CHECK(base64({"\0\0\0", 3}) == "AAAA");
}

TEST_CASE("text codec: hex has two lower-case digits a byte (RFC 4648 8)", "[text_codec]") {
  CHECK(hex("").empty());
  CHECK(hex({"\0\x0a\x7f\x80\xff", 5}) == "000a7f80ff");
}

TEST_CASE("text codec: backslash, newline and carriage return are escaped for any delimiter",
          "[text_codec]") {
  CHECK(escape("a\\b\nc\rd", "\n") == "a\\\\b\\nc\\rd");
  CHECK(escape("a\\b\nc\rd", {"\0", 1}) == "a\\\\b\\nc\\rd");
}

TEST_CASE("text codec: the delimiter's other bytes are escaped as \\xHH", "[text_codec]") {
  CHECK(escape({"a\0b", 3}, {"\0", 1}) == "a\\x00b");
  CHECK(escape("a|;b", ";|") == "a\\x7c\\x3bb");
  CHECK(escape("\xff", "\xff") == "\\xff");
}

TEST_CASE("text codec: no escape holds the byte that the delimiter begins with", "[text_codec]") {
  CHECK(escape("n\n", "n") == "\\x6e\\x0a");
  CHECK(escape("r\r", "r") == "\\x72\\x0d");
  CHECK(escape("a\n", "a") == "\\x61\\n");
  CHECK(escape("k", "ak") == "\\x6B");
  for (int byte = 0; byte < 256; ++byte) {
    const char first = static_cast<char>(byte);
    const std::string delimiter{first, '\xab', '\xcd', '\n', '\r', 'l'};
    if (LineEscaper(delimiter).is_usable()) {
      CHECK(escape(delimiter + "\\nr", delimiter).find(first) == std::string::npos);
    }
  }
}

TEST_CASE("text codec: delimiters that begin with a byte of every escape are not usable",
          "[text_codec]") {
  for (const std::string delimiter : {"\\", "x", "0", "5", "9", "\\n", "xyz", "1\n"}) {
    CHECK_FALSE(LineEscaper(delimiter).is_usable());
  }
  for (const std::string delimiter : {"\n", "n", "a", "F", "X", "|x", "n5", "\r\n", " "}) {
    CHECK(LineEscaper(delimiter).is_usable());
  }
}

TEST_CASE("text codec: the clean prefix ends before the first byte to escape", "[text_codec]") {
  const LineEscaper escaper(";");
  CHECK(escaper.clean_prefix("") == 0);
  CHECK(escaper.clean_prefix("abc") == 3);
  CHECK(escaper.clean_prefix("ab;c") == 2);
  CHECK(escaper.clean_prefix("\\") == 0);
}

TEST_CASE("text codec: unescaping takes digits of either case and leaves what is no escape",
          "[text_codec]") {
  CHECK(unescape_line("\\\\ \\n \\r \\x4a\\x4A") == "\\ \n \r JJ");
  CHECK(unescape_line("\\x00") == std::string(1, '\0'));
  for (const std::string text :
       {"", "plain", "\\", "\\q", "\\N", "\\x", "\\x4", "\\xg0", "\\x0g"}) {
    CHECK(unescape_line(text) == text);
  }
  CHECK(unescape_line("\\q\\n") == "\\q\n");
  CHECK(unescape_line("\\x\\n") == "\\x\n");
}

TEST_CASE("text codec: well-formed UTF-8 is left alone", "[text_codec]") {
  const std::string text =
      "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
  CHECK(replace_invalid_utf8(text) == text);
  CHECK(replace_invalid_utf8("").empty());
}

TEST_CASE("text codec: each maximal subpart becomes one U+FFFD (Unicode 3.9, table 3-8)",
          "[text_codec]") {
  CHECK(replace_invalid_utf8("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64") ==
        "a" + replacements(3) + "b" + replacements(1) + "c" + replacements(2) + "d");
}

TEST_CASE("text codec: overlong forms, surrogates and beyond U+10FFFF have no maximal subpart",
          "[text_codec]") {
  CHECK(replace_invalid_utf8("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41") == replacements(8) + "A");
  CHECK(replace_invalid_utf8("\xed\xa0\x80\xed\xbf\xbf") == replacements(6));
  CHECK(replace_invalid_utf8("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42") ==
        replacements(5) + "A" + replacements(2) + "B");
  CHECK(replace_invalid_utf8("\xf5\x80\xfe") == replacements(3));
}

TEST_CASE("text codec: a sequence cut by the end is one U+FFFD", "[text_codec]") {
  CHECK(replace_invalid_utf8("a\xe2\x82") == "a" + replacements(1));
  CHECK(replace_invalid_utf8("a\xf0\x9f\x98") == "a" + replacements(1));
  CHECK(replace_invalid_utf8("\xc3") == kReplacement);
}

TEST_CASE("text codec: the first sequence tells its size and whether it is valid", "[text_codec]") {
  const auto first = [](std::string_view text) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    return std::pair(sequence.size, sequence.valid);
  };
  CHECK(first("ab") == std::pair(std::size_t{1}, true));
  CHECK(first("\xf0\x9f\x98\x80z") == std::pair(std::size_t{4}, true));
  CHECK(first("\xf0\x9f\x98z") == std::pair(std::size_t{3}, false));
  CHECK(first("\x80z") == std::pair(std::size_t{1}, false));
}

}  // namespace wsbridged
