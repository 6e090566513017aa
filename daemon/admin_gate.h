// SPDX-License-Identifier: MIT
// Who may ask the admin listener for what: the rules that stand before everything it does. Pure but
// for the token's file. Against other web sites in the operator's browser: Host (DNS rebinding) and
// Origin and Sec-Fetch-Site (cross-site requests); against other users of the machine: the token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "daemon/admin_response.h"
#include "daemon/http_request.h"

namespace wsbridged {

enum class AdminAction : std::uint8_t {
  kMetrics,
  kLivez,
  kReadyz,
  kStatus,
  kPage,
  kKill,
  kTap,
  kDrain,
  kReload,
  kLogLevel,
};

struct AdminRoute {
  AdminAction action;
  std::string argument;  // of /ctl/kill/ID, /ctl/tap/ID and /ctl/log-level/L
};

// Which listener a request came in by.
struct AdminDoor {
  enum class Serves : std::uint8_t { kAll, kMetrics } serves = Serves::kAll;
  bool is_unix = false;
};

// "[::1]:9843", "127.0.0.1", "localhost:80", or one of `names` (lower case) with or without a port.
[[nodiscard]] bool is_known_host(std::string_view host, const std::vector<std::string>& names);

// The token in `path`, or why it is not one. It must be a regular file that only its owner may
// write, with 16 bytes to 4 KiB; one trailing newline is dropped.
[[nodiscard]] std::variant<std::string, ws::Error> read_token(const std::string& path);

// In a time that depends on the lengths only.
[[nodiscard]] bool is_equal_secret(std::string_view a, std::string_view b);

class AdminGate {
 public:
  // Besides "localhost" and addresses, the hosts that `settings` names are known.
  explicit AdminGate(const config::Admin& settings);

  // What is asked for, or the refusal.
  [[nodiscard]] std::variant<AdminRoute, AdminResponse> admit(const HttpRequest& request,
                                                              const AdminDoor& door) const;

 private:
  [[nodiscard]] std::variant<AdminRoute, AdminResponse> check_verb(const HttpRequest& request,
                                                                   AdminRoute route,
                                                                   const AdminDoor& door) const;

  std::string token_file_;
  std::vector<std::string> names_;
};

}  // namespace wsbridged
