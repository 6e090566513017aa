// SPDX-License-Identifier: MIT
// Rules inside one bridge and between bridges. Places come from the nodes, values from the structs.
#include "config/rules.h"

#include <algorithm>
#include <initializer_list>
#include <map>

#include "config/access_rules.h"
#include "config/checks.h"
#include "config/header_sources.h"
#include "config/rules_framing.h"
#include "config/rules_reconnect.h"
#include "config/tables.h"
#include "config/upstream_pairs.h"

namespace wsbridged::config {
namespace {

void require(const Node& bridge, std::initializer_list<std::string_view> keys, Problems& problems) {
  const Node* above = &bridge;
  std::string path;
  for (const std::string_view key : keys) {
    const Node* found = above->find(key);
    path += (path.empty() ? "" : ".") + std::string(key);
    if (found == nullptr) {
      problems.error(above->place, "bridge needs " + path);
      return;
    }
    if (found->kind == Node::Kind::kScalar) {
      return;
    }
    above = found;
  }
}

// ---- Listeners ----

void check_unix_key(const Node& listener, std::string_view key, Problems& problems) {
  if (const Node* node = listener.find(key)) {
    problems.error(node->place, std::string(key) + " is for Unix sockets: a TCP listener has none");
  }
}

// systemd made the socket: what it is like stands in the .socket unit.
void check_systemd_key(const Node& listener, std::string_view key, std::string_view unit_key,
                       Problems& problems) {
  if (const Node* node = listener.find(key)) {
    problems.error(node->place, std::string(key) + " is not for systemd:NAME: set " +
                                    std::string(unit_key) + " in the .socket unit");
  }
}

void check_systemd(const Node& listener, Problems& problems) {
  check_systemd_key(listener, "mode", "SocketMode=", problems);
  check_systemd_key(listener, "owner", "SocketUser=", problems);
  check_systemd_key(listener, "group", "SocketGroup=", problems);
  check_systemd_key(listener, "backlog", "Backlog=", problems);
}

void warn_of_open_mode(const Node& listener, const Listen& listen, Problems& problems) {
  const Node* mode = listener.find("mode");
  if (mode != nullptr && (listen.mode.back() - '0') % 4 >= 2) {
    problems.warning(mode->place, "mode lets every user of this machine connect");
  }
}

void check_listener(const Node& listener, const Listen& listen, Problems& problems) {
  const Node* address = address_node(listener);
  if (address == nullptr) {
    problems.error(listener.place, "listen needs address");
    return;
  }
  if (address->kind != Node::Kind::kScalar || address->is_unusable ||
      std::holds_alternative<std::string>(parse_address(address->text))) {
    return;  // reported already
  }
  if (std::holds_alternative<SystemdAddress>(listen.address)) {
    check_systemd(listener, problems);
    return;
  }
  const auto* tcp = std::get_if<TcpAddress>(&listen.address);
  if (tcp == nullptr) {
    warn_of_open_mode(listener, listen, problems);
    return;
  }
  for (const std::string_view key : {"mode", "owner", "group"}) {
    check_unix_key(listener, key, problems);
  }
  if (!listen.allow_remote && !is_loopback(*tcp)) {
    problems.error(address->place,
                   "listen is not a loopback address: other machines could connect; allow it "
                   "with allow_remote: true (--allow-remote)");
  }
}

void check_listeners(const BoundBridge& bound, Problems& problems) {
  const Node* listen = bound.merged.find("listen");
  if (listen == nullptr) {
    return;
  }
  const auto nodes = listen_nodes(*listen);
  if (nodes.empty()) {
    problems.error(listen->place, "listen needs at least one address");
  }
  // As many as were read, unless the list was refused as a whole.
  for (std::size_t i = 0; i < nodes.size() && nodes.size() == bound.bridge.listen.size(); ++i) {
    check_listener(*nodes[i], bound.bridge.listen[i], problems);
  }
}

// ---- Upstream ----

// Either will do; both would leave open which one counts.
void check_url_keys(const BoundBridge& bound, Problems& problems) {
  const Node* url = find_path(bound.merged, {"upstream", "url"});
  const Node* urls = find_path(bound.merged, {"upstream", "urls"});
  const bool has_urls =
      urls != nullptr && !(urls->kind == Node::Kind::kSequence && urls->items.empty());
  if (!has_urls) {
    require(bound.merged, {"upstream", "url"}, problems);
  } else if (url != nullptr) {
    problems.error(urls->place, "url and urls: use one of them");
  }
}

void check_on_open(const BoundBridge& bound, Problems& problems) {
  const Node* on_open = find_path(bound.merged, {"upstream", "on_open"});
  const Framing& framing = bound.bridge.framing;
  if (on_open == nullptr) {
    return;
  }
  for (const Node* line : on_open->items) {
    if (line->kind != Node::Kind::kScalar || line->is_unusable) {
      continue;
    }
    if (line->text.size() > framing.max_line) {
      problems.error(line->place, "on_open must hold lines of at most max_line");
    }
    if (framing.mode == FramingMode::kLine &&
        line->text.find(framing.delimiter) != std::string::npos) {
      problems.error(line->place,
                     "on_open must hold lines without the delimiter (a block of text: '>-')");
    }
  }
}

// The URLs that check_url() took.
std::vector<const Node*> urls_of(const BoundBridge& bound) {
  std::vector<const Node*> nodes;
  const Node* url = find_path(bound.merged, {"upstream", "url"});
  const Node* urls = find_path(bound.merged, {"upstream", "urls"});
  nodes.push_back(url);
  if (urls != nullptr) {
    nodes.insert(nodes.end(), urls->items.begin(), urls->items.end());
  }
  std::erase_if(nodes, [](const Node* node) {
    return node == nullptr || node->kind != Node::Kind::kScalar || node->is_unusable ||
           std::holds_alternative<Refusal>(check_url(node->text));
  });
  return nodes;
}

bool is_secure(const Node* url) {
  return lower_case(url->text).starts_with("wss:");
}

void warn_of_upstream(const BoundBridge& bound, Problems& problems) {
  const Upstream& upstream = bound.bridge.upstream;
  const Node* skip = find_path(bound.merged, {"upstream", "tls", "insecure_skip_verify"});
  if (upstream.tls.insecure_skip_verify && upstream.tls.pin_sha256.empty() && skip != nullptr) {
    problems.warning(skip->place, "insecure_skip_verify: anyone can be the server");
  }
  const auto urls = urls_of(bound);
  const bool has_plain_only = std::none_of(urls.begin(), urls.end(), is_secure);
  if (!urls.empty() && has_plain_only && upstream.follow_redirects == 0 &&
      find_path(bound.own, {"upstream", "tls"}) != nullptr) {
    problems.warning(urls.front()->place, "tls has no effect on a ws:// URL");
  }
  for (const Node* url : urls) {
    if (!is_secure(url) && sends_credentials(bound) &&
        !is_loopback(TcpAddress{lower_case(host_of_url(url->text)), 0})) {
      problems.warning(url->place, "cookies or credentials travel unencrypted over ws://");
    }
  }
}

// ---- Between bridges ----

struct UsedAddress {
  Address address;
  const Node* node;
};

std::string at_line(const Node& node) {
  return node.place.line > 0 ? " at line " + std::to_string(node.place.line) : "";
}

void collect_address(const Node* node, std::vector<UsedAddress>& used) {
  if (node == nullptr || node->kind != Node::Kind::kScalar || node->is_unusable) {
    return;
  }
  auto parsed = parse_address(node->text);
  if (auto* address = std::get_if<Address>(&parsed)) {
    used.push_back({std::move(*address), node});
  }
}

void collect_addresses(const Node& bridge, std::vector<UsedAddress>& used) {
  const Node* listen = bridge.find("listen");
  if (listen == nullptr) {
    return;
  }
  for (const Node* listener : listen_nodes(*listen)) {
    collect_address(address_node(*listener), used);
  }
}

std::vector<UsedAddress> admin_addresses(const Node* admin) {
  std::vector<UsedAddress> used;
  if (admin != nullptr) {
    collect_address(admin->find("listen"), used);
    collect_address(admin->find("metrics"), used);
  }
  return used;
}

// Addresses can only meet on one port or one path.
std::string meeting_key(const Address& address) {
  const auto* tcp = std::get_if<TcpAddress>(&address);
  return tcp != nullptr ? std::to_string(tcp->port) : to_string(address);
}

void check_addresses(const std::vector<const Node*>& bridges, const Node* admin,
                     Problems& problems) {
  std::vector<UsedAddress> all = admin_addresses(admin);
  for (const Node* bridge : bridges) {
    collect_addresses(*bridge, all);
  }
  std::map<std::string, std::vector<const UsedAddress*>> seen;
  for (const UsedAddress& used : all) {
    if (problems.is_full()) {
      return;
    }
    auto& others = seen[meeting_key(used.address)];
    const auto found = std::find_if(others.begin(), others.end(), [&used](const UsedAddress* o) {
      return overlap(o->address, used.address);
    });
    if (found != others.end()) {
      problems.error(used.node->place,
                     "listen is an address that is in use" + at_line(*(*found)->node));
    }
    const auto* tcp = std::get_if<TcpAddress>(&used.address);
    if (tcp == nullptr || tcp->port != 0) {
      others.push_back(&used);
    }
  }
}

void check_names(const std::vector<const Node*>& bridges, Problems& problems) {
  std::map<std::string_view, const Node*> seen;
  for (const Node* bridge : bridges) {
    const Node* name = bridge->find("name");
    if (name == nullptr || name->kind != Node::Kind::kScalar || name->is_unusable) {
      continue;
    }
    const auto [first, is_new] = seen.emplace(name->text, name);
    if (!is_new) {
      problems.error(name->place, "name is that of the bridge" + at_line(*first->second));
    }
  }
}

}  // namespace

const Node* find_path(const Node& node, std::initializer_list<std::string_view> keys) {
  const Node* found = &node;
  for (const std::string_view key : keys) {
    found = found != nullptr ? found->find(key) : nullptr;
  }
  return found;
}

void apply_dependent_defaults(const Node& merged, Bridge& bridge) {
  Framing& framing = bridge.framing;
  if (find_path(merged, {"framing", "message_type"}) == nullptr) {
    framing.message_type =
        framing.mode == FramingMode::kLine ? MessageKind::kText : MessageKind::kBinary;
  }
  if (find_path(merged, {"framing", "binary_messages"}) == nullptr) {
    framing.binary_messages =
        framing.message_type == MessageKind::kText ? BinaryMessages::kBase64 : BinaryMessages::kRaw;
  }
}

void check_bridge(const BoundBridge& bound, Problems& problems) {
  require(bound.merged, {"name"}, problems);
  require(bound.merged, {"listen"}, problems);
  check_url_keys(bound, problems);
  check_listeners(bound, problems);
  check_header_sources(bound, problems);
  check_upstream_pairs(bound, problems);
  check_on_open(bound, problems);
  check_framing(bound, problems);
  check_reconnect(bound, problems);
  check_access(bound, problems);
  check_templates(bound, problems);
  warn_of_upstream(bound, problems);
}

void check_bridges(const std::vector<const Node*>& merged, const Node* admin, Problems& problems) {
  check_names(merged, problems);
  check_addresses(merged, admin, problems);
}

}  // namespace wsbridged::config
