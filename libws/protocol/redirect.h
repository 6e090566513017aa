// SPDX-License-Identifier: MIT
// Redirects of an upgrade request (RFC 9110 section 15.4): where they lead, and whether to go
// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ws/error.h>
#include <ws/url.h>

namespace ws::protocol {

// Scheme, host and port (RFC 6454 section 4), ws counting as http and wss as https.
struct Origin {
  bool secure = false;
  std::string host{};
  std::uint16_t port = 0;
  bool operator==(const Origin&) const = default;
};

[[nodiscard]] Origin origin_of(const Url& url);

// The schemes are ws, wss, http and https; nothing but a slash may follow the port. The error has
// phase kOptions.
[[nodiscard]] Result<Origin> parse_origin(std::string_view text);

// 301, 302, 303, 307 or 308. The request is a GET in any case.
[[nodiscard]] bool is_redirect(int status);

// The redirects of one opening. Limits: `max_hops`, which is at most kMaxHops.
class RedirectChain {
 public:
  static constexpr std::size_t kMaxHops = 20;

  // `allowed` are the origins besides that of `first` to which it may lead.
  RedirectChain(const Url& first, std::size_t max_hops, std::vector<Origin> allowed);

  // Is this response a redirect that follow() is to be asked about?
  [[nodiscard]] bool concerns(const HttpResponse& response) const {
    return max_hops_ > 0 && is_redirect(response.status);
  }

  // Where to go from `from`, to whose request with this Cookie header the response came. The same
  // URL with the same cookies a second time is a loop; other cookies may bring another answer. The
  // error is kRedirectRefused, in phase kHttp, with the response.
  [[nodiscard]] Result<Url> follow(const Url& from, std::string_view cookie,
                                   const HttpResponse& response);

 private:
  [[nodiscard]] std::string rule_against(const Url& from, const Url& to) const;

  Origin first_;
  std::size_t max_hops_;
  std::vector<Origin> allowed_;
  std::size_t hops_ = 0;
  std::set<std::string> asked_;
};

}  // namespace ws::protocol
