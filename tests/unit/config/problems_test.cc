// SPDX-License-Identifier: MIT
// The sink: order, once each, bounded; and text that is fit for a message.
#include "config/problems.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

TEST_CASE("problem: is written with its place, or its source alone", "[problems]") {
  CHECK(to_string(Problem{"/etc/x.yaml", 3, 7, "wrong"}) == "/etc/x.yaml:3:7: wrong");
  CHECK(to_string(Problem{"--listen", 0, 0, "wrong"}) == "--listen: wrong");
}

TEST_CASE("problems: come out in the order of the file, each once", "[problems]") {
  const std::string file = "f";
  Problems problems;
  problems.error({&file, 3, 1}, "third");
  problems.error({&file, 1, 9}, "second");
  problems.error({&file, 1, 2}, "first");
  problems.error({&file, 3, 1}, "third");
  problems.error({&file, 3, 1}, "fourth");
  problems.warning({&file, 1, 1}, "mind");
  CHECK(joined(problems.take_errors()) ==
        "f:1:2: first\nf:1:9: second\nf:3:1: third\nf:3:1: fourth");
  CHECK(joined(problems.take_warnings()) == "f:1:1: mind");
}

TEST_CASE("problems: exactly the limit is kept; one more is said to be more", "[problems]") {
  const std::string file = "f";
  const auto add = [&file](int count) {
    Problems problems;
    for (int line = 1; line <= count; ++line) {
      problems.error({&file, line, 1}, "e");
    }
    return problems.take_errors();
  };
  CHECK(add(100).size() == 100);
  const auto errors = add(101);
  REQUIRE(errors.size() == 101);
  CHECK(to_string(errors.back()) == "f: there are more errors; the first 100 found are shown");
}

TEST_CASE("shown text: control characters are escaped and long texts cut", "[problems]") {
  CHECK(shown("plain") == "'plain'");
  CHECK(shown(std::string_view("a\n\x1b\0\x7f", 5)) == "'a\\n\\x1b\\x00\\x7f'");
  CHECK(shown(std::string(80, 'x')) == "'" + std::string(80, 'x') + "'");
  CHECK(shown(std::string(81, 'x')) == "'" + std::string(80, 'x') + "...'");
  CHECK(shown(std::string(78, 'x') + "\U0001F680") == "'" + std::string(78, 'x') + "...'");
}

}  // namespace
}  // namespace wsbridged::config
