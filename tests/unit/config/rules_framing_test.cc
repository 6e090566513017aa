// SPDX-License-Identifier: MIT
// Keys of `framing` that do not go together, each at its place.
#include "config/rules_framing.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {

TEST_CASE("rules: mode raw refuses what only lines have, unless it came from the defaults",
          "[rules]") {
  CHECK(errors_of(bridge_with("    framing:\n      mode: raw\n      delimiter: ';'\n"
                              "      keep_cr: true\n      max_line: 5\n"
                              "      embedded_delimiter: keep\n      binary_messages: hex\n"
                              "      final_partial_line: drop\n")) ==
        "f:8:18: delimiter has no meaning in mode raw\n"
        "f:9:16: keep_cr has no meaning in mode raw\n"
        "f:10:17: max_line has no meaning in mode raw\n"
        "f:11:27: embedded_delimiter has no meaning in mode raw\n"
        "f:12:24: binary_messages has no meaning in mode raw\n"
        "f:13:27: final_partial_line has no meaning in mode raw");
  CHECK(errors_of(bridge_with("    framing: {mode: raw, delimiter: \"\\n\", max_line: 1MiB, "
                              "binary_messages: base64, message_type: text}\n"))
            .empty());
  CHECK(errors_of("defaults: {framing: {delimiter: ';'}}\n" +
                  bridge_with("    framing: {mode: raw}\n"))
            .empty());
}

TEST_CASE("rules: a delimiter that embedded_delimiter would write into lines is refused",
          "[rules]") {
  const auto framing = [](std::string_view keys) {
    return errors_of(bridge_with("    framing: {" + std::string(keys) + "}\n"));
  };
  constexpr std::string_view kSpace =
      "f:6:26: delimiter holds a space, which embedded_delimiter: space would write into lines; "
      "set it to escape, split, reject or keep";
  constexpr std::string_view kEscape =
      "f:6:26: delimiter begins with a backslash, x or a digit, of which embedded_delimiter: "
      "escape makes its escapes; set it to split, reject or keep";
  CHECK(framing("delimiter: ' ', embedded_delimiter: space") == kSpace);
  CHECK(framing("delimiter: '; '") == kSpace);
  CHECK(framing("delimiter: ' ', embedded_delimiter: split").empty());
  for (const std::string first : {"\\", "x", "0", "9"}) {
    CHECK(framing("delimiter: '" + first + "', embedded_delimiter: escape") == kEscape);
    CHECK(framing("delimiter: ';" + first + "', embedded_delimiter: escape").empty());
    CHECK(framing("delimiter: '" + first + "'").empty());
  }
}

TEST_CASE("rules: mode length-prefixed refuses what only lines have", "[rules]") {
  CHECK(errors_of(bridge_with("    framing:\n      mode: length-prefixed\n      delimiter: ';'\n"
                              "      keep_cr: true\n      max_line: 5\n"
                              "      embedded_delimiter: keep\n      binary_messages: hex\n"
                              "      final_partial_line: drop\n")) ==
        "f:8:18: delimiter has no meaning in mode length-prefixed\n"
        "f:9:16: keep_cr has no meaning in mode length-prefixed\n"
        "f:11:27: embedded_delimiter has no meaning in mode length-prefixed\n"
        "f:12:24: binary_messages has no meaning in mode length-prefixed");
}

TEST_CASE("rules: an encoding of single bytes leaves nothing to judge", "[rules]") {
  const auto framing = [](std::string_view keys) {
    return errors_of(bridge_with("    framing: {" + std::string(keys) + "}\n"));
  };
  CHECK(framing("encoding: iso-8859-1, message_type: auto") ==
        "f:6:25: encoding iso-8859-1 makes text of every line, so message_type: auto has nothing "
        "to decide; set it to text or binary");
  CHECK(framing("encoding: windows-1252, invalid_utf8: replace") ==
        "f:6:53: invalid_utf8 has no meaning with encoding windows-1252");
  CHECK(framing("encoding: windows-1252, invalid_utf8: close").empty());
  CHECK(framing("encoding: utf-8, message_type: auto, invalid_utf8: replace").empty());
  CHECK(errors_of("defaults: {framing: {invalid_utf8: replace}}\n" +
                  bridge_with("    framing: {encoding: iso-8859-1}\n"))
            .empty());
}

TEST_CASE("rules: an encoding is of little use to binary messages", "[rules]") {
  for (const std::string mode : {"line, message_type: binary", "raw", "length-prefixed"}) {
    const Loaded loaded =
        load(bridge_with("    framing: {encoding: windows-1252, mode: " + mode + "}\n"));
    CHECK(loaded.errors.empty());
    CHECK(joined(loaded.warnings) ==
          "f:6:25: encoding is for text: with message_type: binary only what is received as text "
          "is converted");
  }
}

}  // namespace wsbridged::config
