// SPDX-License-Identifier: MIT
// The distance of words, and when a word is near enough.
#include "config/suggest.h"

#include <array>

#include "support/catch.h"

namespace wsbridged::config {
namespace {

TEST_CASE("edit distance: counts insertions, deletions, replacements, swaps", "[suggest]") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("listen", "listen") == 0);
  CHECK(edit_distance("lisen", "listen") == 1);
  CHECK(edit_distance("listeen", "listen") == 1);
  CHECK(edit_distance("lixten", "listen") == 1);
  CHECK(edit_distance("lisetn", "listen") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("suggest: the nearest word when it is near, nothing otherwise", "[suggest]") {
  constexpr std::array<std::string_view, 5> known = {"name", "listen", "upstream", "ping_timeout",
                                                     "ping_interval"};
  CHECK(suggest("lisen", known) == "listen");
  CHECK(suggest("nmae", known) == "name");
  CHECK(suggest("Upstream", known) == "upstream");
  CHECK(suggest("ping_timeot", known) == "ping_timeout");
  CHECK(suggest("listen", known) == "listen");
  CHECK(suggest("x", known).empty());
  CHECK(suggest("", known).empty());
  CHECK(suggest("compression", known).empty());
  CHECK(suggest(std::string(100'000, 'n'), known).empty());
}

}  // namespace
}  // namespace wsbridged::config
