// SPDX-License-Identifier: MIT
#include "daemon/cli_ctl.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("cli ctl: verbs take the arguments that they need", "[cli]") {
  CtlCommand ctl;
  CHECK_FALSE(read_ctl_words({"ps"}, ctl));
  CHECK_FALSE(read_ctl_words({"kill", "7"}, ctl));
  CHECK(ctl.verb == CtlCommand::Verb::kKill);
  CHECK(ctl.argument == "7");
  CHECK_FALSE(read_ctl_words({"log-level", "debug"}, ctl));
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"stop"},
                                                {"ps", "1"},
                                                {"kill"},
                                                {"kill", "x"},
                                                {"kill", "1", "2"},
                                                {"tap", "-1"},
                                                {"log-level", "loud"},
                                                {"drain", "now"}}) {
    CHECK(read_ctl_words(words, ctl));
  }
}

}  // namespace
}  // namespace wsbridged
