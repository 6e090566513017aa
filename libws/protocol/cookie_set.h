// SPDX-License-Identifier: MIT
// The cookies of a jar: what may become one, which replaces which, and how many there may be. It
// knows neither files nor requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <ws/cookie_jar.h>

namespace ws::protocol {

// Not thread-safe. Limits: see CookieJar.
class CookieSet {
 public:
  // Takes a cookie, or says why not in words that hold no part of it. Normalises the domain; one
  // of the same name, domain and path is replaced and keeps its age (RFC 6265 5.3, step 11).
  [[nodiscard]] std::optional<std::string> add(Cookie cookie);

  [[nodiscard]] const std::vector<Cookie>& cookies() const { return cookies_; }

 private:
  std::vector<Cookie> cookies_;
  std::unordered_map<std::string, std::size_t> positions_;  // by name, domain and path
  std::unordered_map<std::string, std::size_t> counts_;     // by domain
};

}  // namespace ws::protocol
