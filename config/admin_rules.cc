// SPDX-License-Identifier: MIT
#include "config/admin_rules.h"

#include <variant>

#include "config/binding.h"
#include "config/checks.h"

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

void check_admin_token(const Node* node, const Admin& admin, Problems& problems) {
  const Node* const token_file = node == nullptr ? nullptr : node->find("token_file");
  const auto checked = check_token_file(admin.token_file);
  if (const auto* refusal = std::get_if<Refusal>(&checked);
      refusal != nullptr && token_file != nullptr) {
    report_refusal({"token_file", *token_file}, *refusal, Secrecy::kPlain, problems);
  }
}

}  // namespace wsbridged::config
