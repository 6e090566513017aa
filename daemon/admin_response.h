// SPDX-License-Identifier: MIT
// What the admin listener answers, and how that is written (RFC 9112). Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/tap.h"

namespace wsbridged {

struct AdminResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string content_security_policy = "default-src 'none'; frame-ancestors 'none'";
  std::string fault{};         // of ours, for the log and not for who asks
  std::shared_ptr<Tap> tap{};  // set: its records are the body, until it or the connection ends
};

// {"error": …}, in words that say what to do.
[[nodiscard]] AdminResponse refusal(int status, std::string_view error);

// With the length of the body, which follows unless the request was HEAD.
[[nodiscard]] std::string head_to_wire(const AdminResponse& response);

[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace wsbridged
