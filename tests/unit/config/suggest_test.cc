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
  constexpr std::array<std::string_view, 5> kKnown = {"name", "listen", "upstream", "ping_timeout",
                                                      "ping_interval"};
  CHECK(suggest("lisen", kKnown) == "listen");
  CHECK(suggest("nmae", kKnown) == "name");
  CHECK(suggest("Upstream", kKnown) == "upstream");
  CHECK(suggest("ping_timeot", kKnown) == "ping_timeout");
  CHECK(suggest("listen", kKnown) == "listen");
  CHECK(suggest("x", kKnown).empty());
  CHECK(suggest("", kKnown).empty());
  CHECK(suggest("compression", kKnown).empty());
  CHECK(suggest(std::string(100'000, 'n'), kKnown).empty());
}

}  // namespace
}  // namespace wsbridged::config
