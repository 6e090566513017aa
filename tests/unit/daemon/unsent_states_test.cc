// SPDX-License-Identifier: MIT
#include "daemon/unsent_states.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace wsbridged {
namespace {

using Strings = std::vector<std::string>;

Strings take_all(UnsentStates& unsent) {
  Strings all;
  for (; !unsent.empty(); unsent.pop()) {
    all.push_back(unsent.front());
  }
  return all;
}

TEST_CASE("unsent_states: what says how things are may wait, what is true at its time does not") {
  for (const char* const state : {"READY=1\nSTATUS=x", "RELOADING=1\nMONOTONIC_USEC=1",
                                  "STOPPING=1\nSTATUS=x", "STATUS=READY=1"}) {
    CHECK(UnsentStates::may_wait(state));
  }
  for (const char* const state :
       {"WATCHDOG=1", "EXTEND_TIMEOUT_USEC=1\nSTATUS=x", "", "READYX=1"}) {
    CHECK_FALSE(UnsentStates::may_wait(state));
  }
}

TEST_CASE("unsent_states: they wait in their order, the latest of each kind") {
  UnsentStates unsent;
  CHECK(unsent.empty());
  for (int i = 0; i < 100; ++i) {
    unsent.add("READY=1\nSTATUS=" + std::to_string(i));
    unsent.add("STATUS=" + std::to_string(i));
    unsent.add("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(i));
  }
  unsent.add("READY=1\nSTATUS=last");
  unsent.add("STOPPING=1");
  CHECK(take_all(unsent) == Strings{"STATUS=99", "RELOADING=1\nMONOTONIC_USEC=99",
                                    "READY=1\nSTATUS=last", "STOPPING=1"});
}

}  // namespace
}  // namespace wsbridged
