// SPDX-License-Identifier: MIT
#include "daemon/bridge_parts.h"

#include <algorithm>
#include <utility>

namespace wsbridged {
namespace {

std::shared_ptr<Bridge> find_served(const BridgeMeans& means, const std::string& name) {
  const auto found = std::find_if(means.served.begin(), means.served.end(),
                                  [&name](const auto& bridge) { return bridge->name() == name; });
  return found == means.served.end() ? nullptr : *found;
}

ws::Result<std::shared_ptr<Bridge>> prepare(const config::Bridge& settings,
                                            const BridgeMeans& means, const Bridge* before) {
  auto bridge = Bridge::prepare(
      settings, means.tls_contexts,
      before != nullptr ? before->load() : std::make_shared<BridgeLoad>(means.on_session_end));
  if (bridge && means.on_rereading) {
    bridge.value()->on_rereading([tell = means.on_rereading, name = settings.name](
                                     const Rereading& what) { tell(name, what); });
  }
  return bridge;
}

}  // namespace

BridgeParts gather_parts(const config::Bridge& settings, const BridgeMeans& means) {
  const auto before = find_served(means, settings.name);
  const bool is_kept = before != nullptr && before->settings() == settings;
  BridgeParts parts{.bridge = is_kept ? before : prepare(settings, means, before.get()),
                    .access = AccessList::resolve(settings.access),
                    .targets = {}};
  parts.targets.reserve(settings.listen.size());
  for (const config::Listen& listen : settings.listen) {
    parts.targets.push_back(look_up(listen));
  }
  if (parts.bridge && !is_kept) {
    for (const config::Problem& warning : parts.bridge.value()->warnings()) {
      parts.warnings.push_back(to_string(warning));
    }
  }
  return parts;
}

}  // namespace wsbridged
