// SPDX-License-Identifier: MIT
#include "daemon/bridge_check.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <variant>

#include <ws/cookie_jar.h>
#include <ws/options.h>
#include <ws/url.h>

#include "daemon/access.h"
#include "daemon/bridge.h"
#include "daemon/end_reason.h"
#include "daemon/local_encoding.h"
#include "daemon/template.h"
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

Urls check_urls(const config::Bridge& bridge, std::vector<config::Misfit>& misfits) {
  const config::Upstream& upstream = bridge.upstream;
  Urls found = Urls::kAllPlain;
  const bool is_list = !upstream.urls.empty();
  for (const std::string& text : is_list ? upstream.urls : std::vector{upstream.url}) {
    const auto url = ws::parse_url(sample_text(text, TemplateUse::kUrl, bridge.name));
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

// The file that all sessions share must be there. Of files that are each session's own, the
// directory must, when it is the same for all.
void check_cookie_jar(const config::Bridge& bridge, std::vector<config::Misfit>& misfits) {
  const std::vector<std::string> keys = {"upstream", "cookie_jar"};
  const auto shared = shared_cookie_jar(bridge);
  if (shared && !shared->empty()) {
    ws::CookieJar jar;
    if (const auto loaded = jar.load(*shared); !loaded) {
      misfits.push_back({.keys = keys, .message = loaded.error().message});
    }
  }
  const std::string directory = shared ? "" : shared_directory(bridge);
  std::error_code error;
  if (!directory.empty() && !std::filesystem::is_directory(directory, error)) {
    misfits.push_back({.keys = keys, .message = "there is no directory " + directory});
  }
}

void check_access(const config::Bridge& bridge, std::vector<config::Misfit>& misfits) {
  const auto access = AccessList::resolve(bridge.access);
  if (const auto* unknown = std::get_if<AccessList::Unknown>(&access)) {
    misfits.push_back({.keys = {"access", unknown->key}, .message = unknown->message});
  }
}

// In each of its wordings: the program would else see several lines.
void check_error_line(const config::Bridge& bridge, std::vector<config::Misfit>& misfits) {
  const std::string& format = bridge.session.error_line;
  if (format.empty() || bridge.framing.mode != config::FramingMode::kLine) {
    return;
  }
  for (std::uint8_t i = 0; i < kEndReasonCount; ++i) {
    const std::string line = error_line(format, static_cast<EndReason>(i));
    if (line.find(bridge.framing.delimiter) != std::string::npos) {
      misfits.push_back(
          {.keys = {"session", "error_line"}, .message = "holds the delimiter, or {reason} does"});
      return;
    }
  }
}

}  // namespace

std::vector<config::Misfit> check_bridge(const config::Bridge& bridge) {
  std::vector<config::Misfit> misfits;
  check_accounts(bridge, misfits);
  check_delimiter(bridge.framing, misfits);
  const config::Upstream& upstream = bridge.upstream;
  if (check_urls(bridge, misfits) == Urls::kSomeSecure) {
    if (const auto context = ws::make_tls_context(tls_options(upstream.tls)); !context) {
      misfits.push_back(
          {.keys = {"upstream", "tls", "ca_file"}, .message = context.error().message});
    }
  }
  check_cookie_jar(bridge, misfits);
  check_access(bridge, misfits);
  check_error_line(bridge, misfits);
  return misfits;
}

}  // namespace wsbridged
