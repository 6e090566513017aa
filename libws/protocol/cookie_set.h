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
  // of the same name, domain and path is replaced and keeps its age (RFC 6265 5.3, step 11). What
  // a user gives is bounded by the number of all cookies alone: nobody else can fill his jar.
  [[nodiscard]] std::optional<std::string> add(Cookie cookie);

  // The same for a cookie that a server has sent at `now` (Unix time): one that has expired hides
  // what it replaces, and what is too much drives out, of its domain or of all, first the expired
  // ones and then the oldest.
  [[nodiscard]] std::optional<std::string> put(Cookie cookie, std::int64_t now);
  void drop_expired(std::int64_t now);

  // In the order of their age, but for those that were driven out.
  [[nodiscard]] const std::vector<Cookie>& cookies() const { return cookies_; }

 private:
  [[nodiscard]] bool replace(const Cookie& cookie);
  void append(Cookie cookie);
  template <typename Predicate>
  void make_room(std::int64_t now, Predicate may_go);
  void erase(std::size_t position);

  std::vector<Cookie> cookies_;
  std::unordered_map<std::string, std::size_t> positions_;  // by name, domain and path
  std::unordered_map<std::string, std::size_t> counts_;     // by domain
  std::uint64_t next_order_ = 0;
};

// May anyone have a name below this one, as below co.uk? Not so of single names that nobody has
// listed, such as localhost. Lower case ASCII.
[[nodiscard]] bool is_public_suffix(const std::string& domain);

}  // namespace ws::protocol
