// SPDX-License-Identifier: MIT
#include "config/access_rules.h"

#include <string>
#include <string_view>
#include <vector>

#include "config/tables.h"
#include "config/template_text.h"

namespace wsbridged::config {
namespace {

struct UsableListener {
  const Node& node;
  const Listen& listen;

  [[nodiscard]] bool is_unix() const { return std::holds_alternative<UnixAddress>(listen.address); }

  // Of the socket or of a PROXY header.
  [[nodiscard]] bool may_have_address() const {
    return !is_unix() || listen.proxy_protocol.from_unix;
  }
};

// Those whose address could be read.
std::vector<UsableListener> listeners_of(const BoundBridge& bound) {
  std::vector<UsableListener> usable;
  const Node* listen = bound.merged.find("listen");
  const auto nodes = listen != nullptr ? listen_nodes(*listen) : std::vector<const Node*>();
  for (std::size_t i = 0; i < nodes.size() && nodes.size() == bound.bridge.listen.size(); ++i) {
    const Node* address = address_node(*nodes[i]);
    if (address != nullptr && address->kind == Node::Kind::kScalar && !address->is_unusable &&
        std::holds_alternative<Address>(parse_address(address->text))) {
      usable.push_back({*nodes[i], bound.bridge.listen[i]});
    }
  }
  return usable;
}

// ---- access ----

void check_accounts(const Node& rules, const UsableListener& listener, Problems& problems) {
  for (const std::string_view key : {"allow_uids", "allow_gids"}) {
    const Node* list = rules.find(key);
    if (list != nullptr && !list->items.empty()) {
      problems.error(list->place, std::string(key) + " is for Unix sockets: the TCP listener " +
                                      shown(to_string(listener.listen.address)) +
                                      " cannot tell who connects (use allow_cidrs there, in a "
                                      "bridge of its own)");
    }
  }
}

void check_rules(const Node& rules, const std::vector<UsableListener>& listeners,
                 Problems& problems) {
  bool has_addresses = listeners.empty();
  bool is_told = false;
  for (const UsableListener& listener : listeners) {
    has_addresses = has_addresses || listener.may_have_address();
    if (!listener.is_unix() && !is_told) {
      is_told = true;
      check_accounts(rules, listener, problems);
    }
  }
  const Node* cidrs = rules.find("allow_cidrs");
  if (!has_addresses && cidrs != nullptr && !cidrs->items.empty()) {
    problems.error(cidrs->place,
                   "allow_cidrs is for TCP listeners, or Unix ones with proxy_protocol: this "
                   "bridge has neither");
  }
}

void check_proxy_protocol(const UsableListener& listener, Problems& problems) {
  const Node* map = listener.node.find("proxy_protocol");
  const Node* from = map != nullptr ? map->find("from") : nullptr;
  if (from == nullptr) {
    return;
  }
  const ProxyProtocol& proxy_protocol = listener.listen.proxy_protocol;
  if (listener.is_unix() && !proxy_protocol.from.empty()) {
    problems.error(from->place,
                   "from must be [unix] on a Unix listener, whose peers have no address");
  }
  if (!listener.is_unix() && proxy_protocol.from_unix) {
    problems.error(from->place, "from must hold networks: unix is for Unix listeners");
  }
}

// ---- Templates ----

struct TemplateText {
  std::string_view key;
  const Node& node;
};

void collect(std::string_view key, const Node& node, std::vector<TemplateText>& texts) {
  if (node.kind == Node::Kind::kScalar && !node.is_unusable) {
    texts.push_back({key, node});
  }
  for (const Node* item : node.items) {
    collect(key, *item, texts);
  }
  for (const Node::Entry& entry : node.entries) {
    collect(key, *entry.value, texts);
  }
}

std::vector<TemplateText> template_texts(const BoundBridge& bound) {
  std::vector<TemplateText> texts;
  const Node* upstream = bound.merged.find("upstream");
  for (const std::string_view key : {"url", "urls", "cookie_jar", "headers", "on_open"}) {
    const Node* node = upstream != nullptr ? upstream->find(key) : nullptr;
    if (node != nullptr) {
      collect(key, *node, texts);
    }
  }
  return texts;
}

// Which listener cannot tell it, in words; empty: each can, or may.
std::string_view who_cannot_tell(TemplateName name, const std::vector<UsableListener>& listeners) {
  for (const UsableListener& listener : listeners) {
    switch (name) {
      case TemplateName::kPeerAddr:
      case TemplateName::kPeerPort:
        if (!listener.may_have_address()) {
          return "a Unix listener without proxy_protocol";
        }
        break;
      case TemplateName::kPeerUid:
      case TemplateName::kPeerGid:
      case TemplateName::kPeerPid:
        if (!listener.is_unix()) {
          return "a TCP listener";
        }
        break;
      case TemplateName::kBridge:
      case TemplateName::kSession:
        break;
    }
  }
  return {};
}

}  // namespace

void check_access(const BoundBridge& bound, Problems& problems) {
  const auto listeners = listeners_of(bound);
  if (const Node* rules = bound.merged.find("access")) {
    check_rules(*rules, listeners, problems);
  }
  for (const UsableListener& listener : listeners) {
    check_proxy_protocol(listener, problems);
  }
}

void check_templates(const BoundBridge& bound, Problems& problems) {
  const auto listeners = listeners_of(bound);
  for (const TemplateText& text : template_texts(bound)) {
    for (const TemplateName name : templates_in(text.node.as_template())) {
      const std::string_view who = who_cannot_tell(name, listeners);
      if (!who.empty()) {
        problems.error(text.node.place, std::string(text.key)
                                            .append(" holds ")
                                            .append(to_string(name))
                                            .append(", which ")
                                            .append(who)
                                            .append(" of this bridge cannot tell"));
      }
    }
  }
}

}  // namespace wsbridged::config
