// SPDX-License-Identifier: MIT
#include "config/upstream_pairs.h"

namespace wsbridged::config {
namespace {

struct Pair {
  bool is_broken;
  const Node* place;  // nullptr when the key stands on its default
  const char* message;
};

const Node* find_below(const Node* map, std::string_view key) {
  return map != nullptr ? map->find(key) : nullptr;
}

}  // namespace

void check_upstream_pairs(const BoundBridge& bound, Problems& problems) {
  const Upstream& upstream = bound.bridge.upstream;
  const Node* node = bound.merged.find("upstream");
  const Pair pairs[] = {
      {upstream.store_cookies && upstream.cookie_jar.empty(), find_below(node, "store_cookies"),
       "store_cookies needs cookie_jar, the file to store them in"},
      {upstream.basic_auth.user.empty() && !upstream.basic_auth.password.empty(),
       find_below(find_below(node, "basic_auth"), "password"), "basic_auth needs user"},
      {upstream.tls.cert_file.empty() && !upstream.tls.key_file.empty(),
       find_below(find_below(node, "tls"), "key_file"),
       "key_file needs cert_file, the certificate of the key"},
  };
  for (const Pair& pair : pairs) {
    if (pair.is_broken && pair.place != nullptr && !pair.place->is_unusable) {
      problems.error(pair.place->place, pair.message);
    }
  }
  const Node* redirect_to = find_below(node, "redirect_to");
  if (redirect_to != nullptr && !upstream.redirect_to.empty() && upstream.follow_redirects == 0) {
    problems.warning(redirect_to->place, "redirect_to has no effect while follow_redirects is 0");
  }
}

}  // namespace wsbridged::config
