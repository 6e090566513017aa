// SPDX-License-Identifier: MIT
#include "daemon/unsent_states.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wsbridged {
namespace {

constexpr std::array<std::string_view, 4> kWaiting{"READY", "RELOADING", "STOPPING", "STATUS"};

// The key of the first line.
std::string_view kind_of(std::string_view state) {
  return state.substr(0, state.find('='));
}

}  // namespace

bool UnsentStates::may_wait(std::string_view state) {
  return std::find(kWaiting.begin(), kWaiting.end(), kind_of(state)) != kWaiting.end();
}

void UnsentStates::add(std::string state) {
  std::erase_if(
      states_, [&state](const std::string& waiting) { return kind_of(waiting) == kind_of(state); });
  states_.push_back(std::move(state));
}

}  // namespace wsbridged
