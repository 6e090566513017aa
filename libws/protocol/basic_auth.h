// SPDX-License-Identifier: MIT
// The Basic scheme of HTTP (RFC 7617), for servers and for proxies.
#pragma once

#include <string>
#include <string_view>

namespace ws::protocol {

// The rule of section 2 that a user and a password break, a literal that holds neither; empty when
// they keep it: no control characters, no colon in the user.
[[nodiscard]] std::string_view credentials_violation(std::string_view user,
                                                     std::string_view password);

// The value of an Authorization or Proxy-Authorization header; the charset is UTF-8.
[[nodiscard]] std::string basic_authorization(std::string_view user, std::string_view password);

}  // namespace ws::protocol
