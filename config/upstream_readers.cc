// SPDX-License-Identifier: MIT
#include "config/upstream_readers.h"

#include <utility>

namespace wsbridged::config {
namespace {

// One for each item, empty for one that is reported.
std::vector<std::string> read_texts(const Field& field, std::size_t max, Check check,
                                    Problems& problems) {
  std::vector<std::string> texts;
  if (!is_list(field, max, problems)) {
    return texts;
  }
  for (const Node* node : field.node.items) {
    const Field item{field.key, *node};
    if (is_scalar(item, problems)) {
      std::string text;
      store(check(node->text), text, item, Secrecy::kPlain, problems);
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

}  // namespace

void read_pin_sha256(const Field& field, Tls& tls, Problems& problems) {
  tls.pin_sha256 = read_texts(field, kMaxPins, check_pin, problems);
}

void read_redirect_to(const Field& field, Upstream& upstream, Problems& problems) {
  upstream.redirect_to = read_texts(field, kMaxRedirectTo, check_origin, problems);
}

void read_resolve(const Field& field, Upstream& upstream, Problems& problems) {
  if (!is_map(field, problems)) {
    return;
  }
  upstream.resolve.clear();
  if (field.node.entries.size() > kMaxResolve) {
    problems.error(field.node.entries[kMaxResolve].key->place,
                   "resolve must have at most " + std::to_string(kMaxResolve) + " entries");
    return;
  }
  for (const Node::Entry& entry : field.node.entries) {
    if (entry.key->is_unusable || entry.value->kind == Node::Kind::kNull) {
      continue;
    }
    if (is_scalar({field.key, *entry.value}, problems)) {
      upstream.resolve[entry.key->text] = entry.value->text;
    }
  }
}

}  // namespace wsbridged::config
