// SPDX-License-Identifier: MIT
#include "config/bridge_source.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "config/binder.h"
#include "config/expansion.h"
#include "config/merge.h"

namespace wsbridged::config {
namespace {

// Copies nodes as they were written; what two places share stays shared.
class RawCopy {
 public:
  explicit RawCopy(Document& document) : document_(document) {}

  Node& of(const Node& node) {
    const auto known = copies_.find(&node);
    if (known != copies_.end()) {
      return *known->second;
    }
    Node& copy = document_.add(node.kind, node.place);
    copies_.emplace(&node, &copy);
    copy.text = node.written.empty() ? node.text : node.written;
    copy.is_quoted = node.is_quoted;
    for (const Node* item : node.items) {
      copy.items.push_back(&of(*item));
    }
    for (const Node::Entry& entry : node.entries) {
      copy.entries.push_back({&of(*entry.key), &of(*entry.value)});
    }
    return copy;
  }

 private:
  Document& document_;
  std::unordered_map<const Node*, Node*> copies_;
};

Loaded read_again(const Node& own, const Node& merged, const Environment& environment) {
  Document document;
  Problems problems;
  RawCopy copy(document);
  const Node& merged_copy = copy.of(merged);
  const Node& own_copy = copy.of(own);
  expand_scalars(document, environment, problems);
  Config config;
  config.bridges.push_back(bind_bridge(own_copy, merged_copy, problems));
  return {std::move(config), problems.take_errors(), problems.take_warnings()};
}

void collect_files(const Node& node, std::vector<std::string>& files) {
  for (const std::string& file : node.files) {
    if (std::find(files.begin(), files.end(), file) == files.end()) {
      files.push_back(file);
    }
  }
  for (const Node* item : node.items) {
    collect_files(*item, files);
  }
  for (const Node::Entry& entry : node.entries) {
    collect_files(*entry.key, files);
    collect_files(*entry.value, files);
  }
}

}  // namespace

std::vector<std::string> files_below(const Node& node) {
  std::vector<std::string> files;
  collect_files(node, files);
  return files;
}

void add_sources(Config& config, const Node& root, const std::shared_ptr<Document>& document,
                 const Environment& environment) {
  const Node* defaults = root.find("defaults");
  const std::vector<const Node*>& bridges = root.find("bridges")->items;
  for (std::size_t i = 0; i < bridges.size(); ++i) {
    const Node& own = *bridges[i];
    const Node& merged = *merge(defaults, own, *document);
    auto files = files_below(merged);
    if (!files.empty()) {
      config.bridges[i].source = std::make_shared<const BridgeSource>(
          std::move(files),
          [document, &own, &merged, environment] { return read_again(own, merged, environment); });
    }
  }
}

}  // namespace wsbridged::config
