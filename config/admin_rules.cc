// SPDX-License-Identifier: MIT
#include "config/admin_rules.h"

#include <variant>

namespace wsbridged::config {

void check_admin(const Node* node, const Admin& admin, Problems& problems) {
  if (node == nullptr) {
    return;
  }
  const auto* listen = admin.listen ? std::get_if<TcpAddress>(&*admin.listen) : nullptr;
  if (listen != nullptr && !is_loopback(*listen)) {
    problems.error(node->find("listen")->place, std::string(kAdminNotLocal));
  }
  const Node* token_file = node->find("token_file");
  if (!admin.token_file.empty() && listen == nullptr && token_file != nullptr) {
    problems.warning(token_file->place,
                     "token_file has no effect: it is asked for on a listen address over TCP only");
  }
}

}  // namespace wsbridged::config
