// SPDX-License-Identifier: MIT
// The keys of the configuration, map by map. What a value must be, its range and its member are in
// tables.cc; the reference file and the schema say the same, and a test holds them together.
#pragma once

#include <string>
#include <vector>

#include "config/binding.h"
#include "config/config.h"

namespace wsbridged::config {

inline constexpr std::size_t kMaxBridges = 1000;
inline constexpr std::size_t kMaxListeners = 64;  // of one bridge
inline constexpr std::size_t kMaxSubprotocols = 32;
inline constexpr std::size_t kMaxHeaders = 64;
inline constexpr std::size_t kMaxOnOpen = 64;
inline constexpr std::uint32_t kMaxRedirects = 20;  // as in libws
inline constexpr std::size_t kMaxUrls = 16;
inline constexpr std::size_t kMaxAccessRules = 256;  // of one list

// The top of a file. Bridges need the defaults first, so both stay nodes here.
struct File {
  Config config;
  const Node* defaults = nullptr;
  const Node* bridges = nullptr;
  const Node* admin = nullptr;
};

const Table<File>& file_table();
const Table<Log>& log_table();
const Table<Admin>& admin_table();
const Table<Limits>& limits_table();
const Table<Shutdown>& shutdown_table();
const Table<Bridge>& bridge_table();
const Table<Listen>& listen_table();
const Table<Upstream>& upstream_table();
const Table<BasicAuth>& basic_auth_table();
const Table<Tls>& tls_table();
const Table<Framing>& framing_table();
const Table<Session>& session_table();
const Table<Reconnect>& reconnect_table();
// In access_tables.cc
const Table<ProxyProtocol>& proxy_protocol_table();
const Table<Access>& access_table();

// Every key with the keys above it: "bridges.upstream.tls.ca_file".
[[nodiscard]] std::vector<std::string> accepted_keys();

// The nodes of one listener each: `listen` is one of them, or a list of them.
[[nodiscard]] std::vector<const Node*> listen_nodes(const Node& listen);
// The node that holds a listener's address; nullptr when there is none.
[[nodiscard]] const Node* address_node(const Node& listener);

}  // namespace wsbridged::config
