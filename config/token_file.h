// SPDX-License-Identifier: MIT
// The file of admin.token_file: read at load, so that one that can never work is an error at its
// place, and again for each verb.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

namespace wsbridged::config {

inline constexpr std::size_t kMinAdminToken = 16;    // bytes
inline constexpr std::size_t kMaxAdminToken = 4096;  // bytes

struct TokenFault {
  std::string what;  // "is no regular file"; neither the path nor anything of the file
  int system_errno = 0;
};

// Its content without a newline at the end.
[[nodiscard]] std::variant<std::string, TokenFault> read_token_file(const std::string& path);

}  // namespace wsbridged::config
