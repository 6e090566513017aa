// SPDX-License-Identifier: MIT
// Flags as the document that a file would have been, so that both are judged by the same rules.
// Every node's source is its flag, or the variable that was set instead.
#include <memory>
#include <utility>

#include "config/binder.h"
#include "config/bridge_source.h"
#include "config/document.h"
#include "config/expansion.h"
#include "config/loader.h"

namespace wsbridged::config {
namespace {

class FlagDocument {
 public:
  explicit FlagDocument(const std::map<std::string, std::string>& variables)
      : variables_(variables) {}

  Node& map(const char* flag) { return document_.add(Node::Kind::kMap, place(flag)); }

  Node& list(const char* flag) { return document_.add(Node::Kind::kSequence, place(flag)); }

  Node& scalar(std::string text, const char* flag) {
    return document_.add_scalar(std::move(text), place(flag));
  }

  void put(Node& map, std::string key, const Node& value) {
    Node& name = document_.add_scalar(std::move(key), value.place);
    map.entries.push_back({&name, &value});
  }

  [[nodiscard]] Document& document() { return document_; }

  // Of all flags.
  [[nodiscard]] References references() {
    References references;
    for (const Node& node : document_.nodes()) {
      references.add(*node.place.source, node);
    }
    return references;
  }

 private:
  Place place(const char* flag) {
    const auto variable = variables_.find(flag);
    return {document_.add_source(variable != variables_.end() ? variable->second : flag), 0, 0};
  }

  const std::map<std::string, std::string>& variables_;
  Document document_;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Splits "Name: value" after it was expanded: a file may hold all of a header.
void put_header(const Node& header, Node& headers, Document& document, Problems& problems) {
  const std::size_t colon = header.text.find(':');
  if (header.is_unusable) {
    return;
  }
  if (colon == std::string::npos) {
    problems.error(header.place, "must be 'Name: value'");
    return;
  }
  const std::string_view text = header.text;
  Node& name = document.add_scalar(std::string(trimmed(text.substr(0, colon))), header.place);
  Node& value = document.add_scalar(std::string(trimmed(text.substr(colon + 1))), header.place);
  name.is_expanded = value.is_expanded = header.is_expanded;
  // No template holds a colon: both texts are cut at the same place.
  const std::string_view quoted = header.quoted_text;
  value.quoted_text = quoted.empty() ? "" : trimmed(quoted.substr(quoted.find(':') + 1));
  headers.entries.push_back({&name, &value});
}

Node& make_listen(const QuickBridge& bridge, FlagDocument& flags) {
  Node& listen = flags.map("--listen");
  if (!bridge.listen.empty()) {
    flags.put(listen, "address", flags.scalar(bridge.listen, "--listen"));
  }
  if (bridge.allow_remote) {
    flags.put(listen, "allow_remote", flags.scalar("true", "--allow-remote"));
  }
  return listen;
}

Node& make_upstream(const QuickBridge& bridge, FlagDocument& flags) {
  Node& upstream = flags.map("--upstream");
  flags.put(upstream, "url", flags.scalar(bridge.upstream, "--upstream"));
  if (!bridge.cookie_jar.empty()) {
    flags.put(upstream, "cookie_jar", flags.scalar(bridge.cookie_jar, "--cookie-jar"));
  }
  Node& subprotocols = flags.list("--subprotocol");
  for (const std::string& subprotocol : bridge.subprotocols) {
    subprotocols.items.push_back(&flags.scalar(subprotocol, "--subprotocol"));
  }
  flags.put(upstream, "subprotocols", subprotocols);
  return upstream;
}

// { bridges: [ { name: main, … } ] }
Node& make_root(Node& bridge, FlagDocument& flags) {
  Node& bridges = flags.list("--upstream");
  bridges.items.push_back(&bridge);
  Node& root = flags.map("--upstream");
  flags.put(root, "bridges", bridges);
  return root;
}

}  // namespace

Loaded load_quick_bridge(const QuickBridge& bridge, const Environment& environment,
                         const BridgeCheck& check) {
  FlagDocument flags(bridge.variables);
  Problems problems;
  Node& main = flags.map("--upstream");
  Node& upstream = make_upstream(bridge, flags);
  Node& headers = flags.map("--header");
  std::vector<const Node*> header_texts;
  for (const std::string& header : bridge.headers) {
    header_texts.push_back(&flags.scalar(header, "--header"));
  }
  flags.put(main, "name", flags.scalar("main", "--upstream"));
  flags.put(main, "listen", make_listen(bridge, flags));
  flags.put(main, "upstream", upstream);
  flags.put(upstream, "headers", headers);
  const Node& root = make_root(main, flags);
  expand_scalars(flags.document(), environment, problems);
  for (const Node* header : header_texts) {
    put_header(*header, headers, flags.document(), problems);
  }
  const auto source_of = [&](const Node& /*own*/, const Node& /*merged*/) {
    return make_source(flags.references(),
                       [bridge, environment] { return load_quick_bridge(bridge, environment); });
  };
  return bind_config(root, flags.document(), problems, source_of, check);
}

}  // namespace wsbridged::config
