// SPDX-License-Identifier: MIT
// YAML text into nodes: places, and every way in which a text can be refused.
#include "config/document.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

std::string refusal_of(std::string_view yaml) {
  Document document;
  Problems problems;
  const Node* root = parse_yaml(yaml, "f", document, problems);
  std::string errors = joined(problems.take_errors());
  CHECK((root == nullptr || errors.empty() || errors.find("key") != std::string::npos));
  return errors;
}

TEST_CASE("document: nodes know their place, their quotes and both of two equal keys",
          "[document]") {
  Document document;
  Problems problems;
  const Node* root = parse_yaml("a: 'x'\nb: [1, ~]\na: 2\n", "f", document, problems);
  REQUIRE(root != nullptr);
  REQUIRE(root->entries.size() == 3);
  CHECK(root->find("a")->is_quoted);
  CHECK(root->find("a")->text == "x");
  CHECK(root->find("b")->place.line == 2);
  CHECK(root->find("b")->place.column == 4);
  CHECK(root->find("b")->items[1]->kind == Node::Kind::kNull);
  CHECK(root->find("c") == nullptr);
  CHECK(root->entries[2].key->is_unusable);
  CHECK(joined(problems.take_errors()) == "f:3:1: duplicate key 'a', first at line 1");
}

TEST_CASE("document: null is an absent key", "[document]") {
  Document document;
  Problems problems;
  const Node* root = parse_yaml("{a: ~, b: null, c: , d: 'null'}", "f", document, problems);
  REQUIRE(root != nullptr);
  CHECK(root->find("a") == nullptr);
  CHECK(root->find("b") == nullptr);
  CHECK(root->find("c") == nullptr);
  CHECK(root->find("d") != nullptr);
}

TEST_CASE("document: text that is not UTF-8 or holds control characters is refused in its place",
          "[document]") {
  CHECK(refusal_of("a: 1\nb: \xff\n") == "f:2:4: invalid UTF-8: save it as UTF-8");
  CHECK(refusal_of("\xfe\xff"
                   "a") == "f:1:1: invalid UTF-8: save it as UTF-8");
  const std::string control = ": control character: write it as an escape inside double quotes";
  CHECK(refusal_of(std::string("a: 1\0", 5)) == "f:1:5" + control);
  CHECK(refusal_of("a:\n  \x1b[0m") == "f:2:3" + control);
  CHECK(refusal_of("a: \"\\0\\e\"").empty());
}

TEST_CASE("document: a byte order mark and CRLF change nothing", "[document]") {
  Document document;
  Problems problems;
  const Node* root = parse_yaml(
      "\xef\xbb\xbf"
      "a: 1\r\nb: x\r\n",
      "f", document, problems);
  REQUIRE(root != nullptr);
  CHECK(root->find("b")->text == "x");
  CHECK(root->entries[0].key->place.column == 1);
  CHECK(root->entries[1].key->place.line == 2);
}

TEST_CASE("document: several documents, tags, odd keys and broken YAML are refused", "[document]") {
  CHECK(refusal_of("a: 1\n---\nb: 1\n") ==
        "f:2:1: a second document begins here: one file holds one document");
  CHECK(refusal_of("---\na: 1\n...\n").empty());
  CHECK(refusal_of("a: !!str 1") ==
        "f:1:4: tags are not used here: leave "
        "'tag:yaml.org,2002:str' out");
  CHECK(refusal_of("a: !x {b: 1}") == "f:1:4: tags are not used here: leave '!x' out");
  CHECK(refusal_of("[a]: 1") == "f:1:1: a key must be a word");
  CHECK(refusal_of("~: 1") == "f:1:1: a key must be a word");
  CHECK_THAT(refusal_of("a: 1\nb: [1"), StartsWith("f:2:1: not YAML: "));
  CHECK_THAT(refusal_of("a: \"\\q\""), StartsWith("f:1:7: not YAML: "));
  CHECK_THAT(refusal_of("a: *x"), StartsWith("f:1:4: not YAML: "));
  CHECK(refusal_of("a: \"\\").ends_with("\\x04"));  // so yaml-cpp writes the end of the text
  CHECK(refusal_of("a: \"\\\u00e9\"").ends_with("\\xc3"));
  CHECK(refusal_of("") == "f:1:1: empty: at least one bridge is needed");
  CHECK(refusal_of("# only this\n") == "f:1:1: empty: at least one bridge is needed");
}

TEST_CASE("document: an alias is what it stands for, and never itself", "[document]") {
  Document document;
  Problems problems;
  const Node* root = parse_yaml("a: &x {k: v}\nb: *x\n", "f", document, problems);
  REQUIRE(root != nullptr);
  CHECK(root->find("a") == root->find("b"));
  CHECK(refusal_of("a: &x [*x]") == "f:1:8: an alias inside its own anchor");
}

TEST_CASE("document: size is taken at 1 MiB and refused beyond it", "[document]") {
  const std::string text = "a: 1\n#" + std::string(kMaxFileBytes - 6, 'x');
  CHECK(refusal_of(text).empty());
  CHECK(refusal_of(text + "x") == "f: is larger than 1 MiB");
}

TEST_CASE("document: depth is taken at 64 and refused beyond it, through aliases too",
          "[document]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(refusal_of(nested(64)).empty());
  CHECK(refusal_of(nested(65)) == "f:1:65: more than 64 levels of nesting");
  const std::string anchored = "a: &x " + nested(60) + "\nb: ";
  CHECK(refusal_of(anchored + "[[[*x]]]").empty());
  CHECK(refusal_of(anchored + "[[[[*x]]]]") == "f:2:8: more than 64 levels of nesting");
}

TEST_CASE("document: entries of one list and one map are bounded", "[document]") {
  const auto list = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += "- a\n";
    }
    return text;
  };
  CHECK(refusal_of(list(kMaxListItems)).empty());
  CHECK(refusal_of(list(kMaxListItems + 1)) ==
        "f:10001:3: more than 10000 entries in one map or list");
  const auto map = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += "k" + std::to_string(i) + ": a\n";
    }
    return text;
  };
  CHECK(refusal_of(map(kMaxMapKeys)).empty());
  CHECK(refusal_of(map(kMaxMapKeys + 1)) == "f:1001:1: more than 1000 entries in one map or list");
}

TEST_CASE("document: aliases count as what they stand for", "[document]") {
  // The anchored list is 1 + 999 nodes; each alias is as many more.
  std::string text = "- &x [a";
  for (int i = 1; i < 999; ++i) {
    text += ",a";
  }
  text += "]\n";
  std::string below = text;
  for (int i = 0; i < 98; ++i) {
    below += "- *x\n";
  }
  CHECK(refusal_of(below).empty());
  CHECK(refusal_of(below + "- *x\n") == "f:100:3: more than 100000 values in one file");
  std::string bomb = "- &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string inner = "*a" + std::to_string(i - 1);
    bomb.append("- &a").append(std::to_string(i)).append(" [");
    bomb.append(inner).append(",").append(inner).append("]\n");
  }
  CHECK_THAT(refusal_of(bomb), ContainsSubstring("more than 100000 values in one file"));
}

}  // namespace
}  // namespace wsbridged::config
