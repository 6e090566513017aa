// SPDX-License-Identifier: MIT
#include "config/rules_reconnect.h"

#include "config/values.h"

namespace wsbridged::config {
namespace {

// A line that does not fit into the replay queue could never be sent.
void check_replay(const BoundBridge& bound, const Node& section, Problems& problems) {
  const std::size_t least = bound.bridge.framing.max_line + kReplayOverhead;
  const bool has_lines = bound.bridge.framing.mode != FramingMode::kRaw;
  if (!bound.bridge.reconnect.enabled || !has_lines || bound.bridge.reconnect.replay >= least) {
    return;
  }
  const Node* replay = section.find("replay");
  const Node* max_line = find_path(bound.merged, {"framing", "max_line"});
  const Node& place = replay != nullptr ? *replay : (max_line != nullptr ? *max_line : section);
  problems.error(place.place, "reconnect.replay must be at least framing.max_line and " +
                                  std::to_string(kReplayOverhead) +
                                  " bytes: " + format_size(least));
}

}  // namespace

void check_reconnect(const BoundBridge& bound, Problems& problems) {
  const Node* section = bound.merged.find("reconnect");
  if (section == nullptr || section->kind != Node::Kind::kMap) {
    return;
  }
  check_replay(bound, *section, problems);
  const Reconnect& reconnect = bound.bridge.reconnect;
  if (reconnect.max < reconnect.initial) {
    const Node* max = section->find("max");
    problems.error((max != nullptr ? *max : *section).place,
                   "reconnect.max must be at least reconnect.initial");
  }
}

}  // namespace wsbridged::config
