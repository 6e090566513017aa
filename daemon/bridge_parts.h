// SPDX-License-Identifier: MIT
// Everything about a bridge that takes time to find out: files to read, names and accounts to look
// up. A reload gathers it on a thread of its own (reload_reader.h), so that a file server or a name
// server that does not answer holds up the reload and nothing else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <ws/error.h>

#include "config/config.h"
#include "daemon/access.h"
#include "daemon/bridge.h"
#include "daemon/listen_target.h"
#include "daemon/tls_contexts.h"

namespace wsbridged {

struct BridgeParts {
  ws::Result<std::shared_ptr<Bridge>> bridge;
  std::variant<AccessList, AccessList::Unknown> access;
  std::vector<ws::Result<ListenTarget>> targets;  // of each entry of `listen`
  std::vector<std::string> warnings{};            // of a bridge that is new, for the log
};

// What they are made with. It may be copied, and used on any thread.
struct BridgeMeans {
  std::shared_ptr<TlsContexts> tls_contexts;
  std::function<void()> on_session_end{};  // of the bridges that are new: see BridgeLoad
  std::function<void(const std::string& bridge, const Rereading& rereading)> on_rereading{};
  std::vector<std::shared_ptr<Bridge>> served{};  // one with the same settings is kept
};

[[nodiscard]] BridgeParts gather_parts(const config::Bridge& settings, const BridgeMeans& means);

}  // namespace wsbridged
