// SPDX-License-Identifier: MIT
#include "config/rules_framing.h"

#include "config/words.h"

namespace wsbridged::config {
namespace {

struct LineKey {
  std::string_view name;
  bool (*is_default)(const Framing& framing);
  bool is_of_lengths = false;  // has a meaning in mode length-prefixed, too
};

// Without lines these say nothing: in a bridge of another mode of its own they are a mistake.
constexpr LineKey kLineKeys[] = {
    {"delimiter", [](const Framing& f) { return f.delimiter == "\n"; }},
    {"keep_cr", [](const Framing& f) { return !f.keep_cr; }},
    {"max_line", [](const Framing& f) { return f.max_line == std::size_t{1} << 20U; }, true},
    {"embedded_delimiter",
     [](const Framing& f) { return f.embedded_delimiter == EmbeddedDelimiter::kSpace; }},
    {"binary_messages",
     [](const Framing& f) {
       return f.binary_messages == BinaryMessages::kBase64 ||
              f.binary_messages == BinaryMessages::kRaw;
     }},
    {"final_partial_line",
     [](const Framing& f) { return f.final_partial_line == FinalPartialLine::kSend; }, true},
};

void check_mode(const BoundBridge& bound, Problems& problems) {
  const Framing& framing = bound.bridge.framing;
  if (framing.mode == FramingMode::kLine) {
    return;
  }
  for (const LineKey& key : kLineKeys) {
    const bool has_meaning = key.is_of_lengths && framing.mode == FramingMode::kLengthPrefixed;
    const Node* node = find_path(bound.own, {"framing", key.name});
    if (node != nullptr && !has_meaning && !key.is_default(framing)) {
      problems.error(node->place, std::string(key.name) + " has no meaning in mode " +
                                      std::string(word_of(kFramingModes, framing.mode)));
    }
  }
}

// A message's delimiter cannot be made harmless by what would be a delimiter, or begin one, again.
void check_embedded_delimiter(const BoundBridge& bound, Problems& problems) {
  const Framing& framing = bound.bridge.framing;
  const Node* delimiter = find_path(bound.merged, {"framing", "delimiter"});
  if (framing.mode != FramingMode::kLine || delimiter == nullptr || framing.delimiter.empty()) {
    return;
  }
  if (framing.embedded_delimiter == EmbeddedDelimiter::kSpace &&
      framing.delimiter.find(' ') != std::string::npos) {
    problems.error(delimiter->place,
                   "delimiter holds a space, which embedded_delimiter: space would write into "
                   "lines; set it to escape, split, reject or keep");
  }
  if (framing.embedded_delimiter == EmbeddedDelimiter::kEscape &&
      std::string_view("\\x0123456789").find(framing.delimiter.front()) != std::string_view::npos) {
    problems.error(delimiter->place,
                   "delimiter begins with a backslash, x or a digit, of which "
                   "embedded_delimiter: escape makes its escapes; set it to split, reject or keep");
  }
}

// In an encoding of single bytes every byte is a character: nothing is left to judge.
void check_encoding(const BoundBridge& bound, Problems& problems) {
  const Framing& framing = bound.bridge.framing;
  const Node* encoding = find_path(bound.merged, {"framing", "encoding"});
  if (framing.encoding == Encoding::kUtf8 || encoding == nullptr) {
    return;
  }
  const std::string name(word_of(kEncodings, framing.encoding));
  if (framing.message_type == MessageKind::kAuto) {
    problems.error(encoding->place, "encoding " + name +
                                        " makes text of every line, so message_type: auto has "
                                        "nothing to decide; set it to text or binary");
  }
  if (framing.message_type == MessageKind::kBinary) {
    problems.warning(encoding->place,
                     "encoding is for text: with message_type: binary only what is received as "
                     "text is converted");
  }
  const Node* invalid_utf8 = find_path(bound.own, {"framing", "invalid_utf8"});
  if (invalid_utf8 != nullptr && framing.invalid_utf8 != InvalidUtf8::kClose) {
    problems.error(invalid_utf8->place, "invalid_utf8 has no meaning with encoding " + name);
  }
}

}  // namespace

void check_framing(const BoundBridge& bound, Problems& problems) {
  check_mode(bound, problems);
  check_embedded_delimiter(bound, problems);
  check_encoding(bound, problems);
}

}  // namespace wsbridged::config
