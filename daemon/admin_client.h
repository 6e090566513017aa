// SPDX-License-Identifier: MIT
// A small blocking HTTP client for the admin listener: one request a connection, over a Unix socket
// or TCP, with a deadline for all of it. For `ctl` and `healthcheck`.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <ws/error.h>

#include "config/config.h"

namespace wsbridged {

struct AdminCall {
  std::string method = "GET";
  std::string path{};
  std::string token{};  // shown when it is not empty
  std::chrono::milliseconds timeout{10'000};
  int output = -1;  // where a told body goes: when its reader leaves, so do we
};

struct AdminReply {
  int status = 0;
  std::string body{};
};

inline constexpr std::size_t kMaxAdminReply = std::size_t{64} << 20U;  // bytes; beyond is an error

// The answer, whatever its status; an error says what failed and what to do.
[[nodiscard]] ws::Result<AdminReply> call_admin(const config::Address& address,
                                                const AdminCall& call);

// The same, but the body of a 200 is told as it comes, without a deadline; false ends it.
[[nodiscard]] ws::Result<AdminReply> call_admin(
    const config::Address& address, const AdminCall& call,
    const std::function<bool(std::string_view)>& on_body);

}  // namespace wsbridged
