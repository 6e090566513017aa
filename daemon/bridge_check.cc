// SPDX-License-Identifier: MIT
#include "daemon/bridge_check.h"

#include <string>
#include <variant>

#include <ws/cookie_jar.h>
#include <ws/options.h>
#include <ws/url.h>

#include "daemon/bridge.h"
#include "daemon/local_encoding.h"
#include "daemon/unix_socket_access.h"

namespace wsbridged {

namespace {

void check_accounts(const config::Bridge& bridge, std::vector<config::Misfit>& misfits) {
  for (std::size_t i = 0; i < bridge.listen.size(); ++i) {
    if (!std::holds_alternative<config::UnixAddress>(bridge.listen[i].address)) {
      continue;
    }
    const auto access = resolve_access(bridge.listen[i]);
    if (const auto* reason = std::get_if<std::string>(&access)) {
      misfits.push_back({.keys = {"listen"}, .listener = i, .message = *reason});
    }
  }
}

enum class Urls : unsigned char { kAllPlain, kSomeSecure };

Urls check_urls(const config::Upstream& upstream, std::vector<config::Misfit>& misfits) {
  Urls found = Urls::kAllPlain;
  const bool is_list = !upstream.urls.empty();
  for (const std::string& text : is_list ? upstream.urls : std::vector{upstream.url}) {
    const auto url = ws::parse_url(text);
    if (!url) {
      misfits.push_back(
          {.keys = {"upstream", is_list ? "urls" : "url"}, .message = url.error().message});
    } else if (url->secure) {
      found = Urls::kSomeSecure;
    }
  }
  return found;
}

void check_delimiter(const config::Framing& framing, std::vector<config::Misfit>& misfits) {
  if (framing.mode == config::FramingMode::kLine &&
      from_utf8(framing.encoding, framing.delimiter).replaced_count > 0) {
    misfits.push_back(
        {.keys = {"framing", "delimiter"}, .message = "holds a character that the encoding lacks"});
  }
}

}  // namespace

std::vector<config::Misfit> check_bridge(const config::Bridge& bridge) {
  std::vector<config::Misfit> misfits;
  check_accounts(bridge, misfits);
  check_delimiter(bridge.framing, misfits);
  const config::Upstream& upstream = bridge.upstream;
  if (check_urls(upstream, misfits) == Urls::kSomeSecure) {
    if (const auto context = ws::make_tls_context(tls_options(upstream.tls)); !context) {
      misfits.push_back(
          {.keys = {"upstream", "tls", "ca_file"}, .message = context.error().message});
    }
  }
  ws::CookieJar jar;
  if (!upstream.cookie_jar.empty()) {
    if (const auto loaded = jar.load(upstream.cookie_jar); !loaded) {
      misfits.push_back({.keys = {"upstream", "cookie_jar"}, .message = loaded.error().message});
    }
  }
  return misfits;
}

}  // namespace wsbridged
