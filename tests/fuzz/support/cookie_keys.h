// SPDX-License-Identifier: MIT
// Cookies as texts that can be compared: all but their age.
#pragma once

#include <string>
#include <vector>

#include <ws/cookie_jar.h>

namespace fuzz {

[[nodiscard]] inline std::string key_of(const ws::Cookie& cookie) {
  return cookie.domain + '\t' + cookie.path + '\t' + cookie.name + '\t' + cookie.value + '\t' +
         std::to_string(cookie.expires) + (cookie.host_only ? 'h' : '-') +
         (cookie.secure ? 's' : '-') + (cookie.http_only ? 'o' : '-');
}

[[nodiscard]] inline std::vector<std::string> keys_of(const std::vector<ws::Cookie>& cookies) {
  std::vector<std::string> keys;
  for (const ws::Cookie& cookie : cookies) {
    keys.push_back(key_of(cookie));
  }
  return keys;
}

}  // namespace fuzz
