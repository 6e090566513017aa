// SPDX-License-Identifier: MIT
#include "daemon/bridge.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace wsbridged {

ws::TlsOptions tls_options(const config::Tls& tls) {
  return {.ca_file = tls.ca_file,
          .server_name = tls.server_name,
          .min_version = tls.min_version == "1.3" ? ws::TlsVersion::kTls13 : ws::TlsVersion::kTls12,
          .insecure_skip_verify = tls.insecure_skip_verify};
}

namespace {

ws::Result<std::vector<ws::Url>> parse_urls(const config::Upstream& upstream) {
  std::vector<ws::Url> urls;
  for (const std::string& text :
       upstream.urls.empty() ? std::vector{upstream.url} : upstream.urls) {
    auto url = ws::parse_url(text);
    if (!url) {
      return url.error();
    }
    urls.push_back(std::move(url.value()));
  }
  return urls;
}

}  // namespace

ws::Result<std::shared_ptr<Bridge>> Bridge::prepare(config::Bridge settings) {
  auto urls = parse_urls(settings.upstream);
  if (!urls) {
    return urls.error();
  }
  const bool has_secure =
      std::any_of(urls->begin(), urls->end(), [](const ws::Url& url) { return url.secure; });
  std::shared_ptr<const ws::TlsContext> tls_context;
  if (has_secure) {
    auto made = ws::make_tls_context(tls_options(settings.upstream.tls));
    if (!made) {
      return made.error();
    }
    tls_context = std::move(made.value());
  }
  // NOLINTNEXTLINE(modernize-make-shared): the constructor is private
  std::shared_ptr<Bridge> bridge(
      new Bridge(std::move(settings), std::move(urls.value()), std::move(tls_context)));
  const auto jar = bridge->make_jar();
  if (!jar) {
    return jar.error();
  }
  if (jar.value()) {
    bridge->note_cookies(*jar.value());
  }
  return bridge;
}

Bridge::Bridge(config::Bridge settings, std::vector<ws::Url> urls,
               std::shared_ptr<const ws::TlsContext> tls_context)
    : settings_(std::move(settings)),
      urls_(std::move(urls)),
      tls_context_(std::move(tls_context)),
      failover_(urls_.size()) {}

const std::string& Bridge::url(std::size_t index) const {
  const config::Upstream& upstream = settings_.upstream;
  return upstream.urls.empty() ? upstream.url : upstream.urls[index];
}

ws::Options Bridge::options() const {
  const config::Upstream& upstream = settings_.upstream;
  ws::Options options;
  options.subprotocols = upstream.subprotocols;
  options.require_subprotocol = upstream.require_subprotocol;
  for (const config::Header& header : upstream.headers) {
    options.headers.push_back({header.name, header.value});
  }
  options.origin = upstream.origin;
  options.tls = tls_options(upstream.tls);
  options.tls_context = tls_context_;
  // 39 KB instead of 268 for each session that compresses, for messages a tenth larger.
  options.compression = {
      .enabled = upstream.compression, .client_max_window_bits = 12, .memory_level = 5};
  options.connect_timeout = upstream.connect_timeout;
  options.ping_interval = upstream.ping_interval;
  options.ping_timeout = upstream.ping_timeout;
  options.max_message = settings_.framing.max_message;
  options.send_high_water = settings_.session.buffer;
  options.flush_timeout = std::max(settings_.session.drain_timeout, options.close_timeout);
  // Never the limit that matters: the session stops reading at the high water, and what on_open and
  // one read still hold then is less than this. (invalid_utf8: replace and windows-1252
  // make three bytes of one.)
  options.send_limit =
      settings_.session.buffer + 3 * settings_.framing.max_line + (std::size_t{16} << 20);
  return options;
}

ws::Result<std::shared_ptr<ws::CookieJar>> Bridge::make_jar() const {
  if (settings_.upstream.cookie_jar.empty()) {
    return std::shared_ptr<ws::CookieJar>();
  }
  auto jar = std::make_shared<ws::CookieJar>();
  const auto loaded = jar->load(settings_.upstream.cookie_jar);
  if (!loaded) {
    return loaded.error();
  }
  return jar;
}

void Bridge::note_cookies(const ws::CookieJar& jar) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::int64_t first = 0;
  for (const ws::Url& url : urls_) {
    for (const ws::CookieDecision& decision : jar.explain(url, now.count())) {
      const std::int64_t expires = decision.cookie.expires;
      if (decision.verdict == ws::CookieVerdict::kSent && expires != 0) {
        first = first == 0 ? expires : std::min(first, expires);
      }
    }
  }
  cookie_expires_ = first;
}

std::vector<std::string> Bridge::warnings() const {
  const auto jar = make_jar();
  return jar && jar.value() ? warnings_of(*jar.value()) : std::vector<std::string>();
}

std::vector<std::string> Bridge::warnings_of(const ws::CookieJar& jar) const {
  std::vector<std::string> warnings;
  for (const ws::CookieFileProblem& problem : jar.problems()) {
    warnings.push_back(settings_.upstream.cookie_jar + ":" + std::to_string(problem.line) +
                       ": ignored: " + problem.message);
  }
  return warnings;
}

SessionSlot::SessionSlot(std::shared_ptr<Bridge> bridge) : bridge_(std::move(bridge)) {
  ++bridge_->session_count_;
}

SessionSlot::~SessionSlot() {
  if (bridge_) {
    --bridge_->session_count_;
    if (bridge_->on_session_end_) {
      bridge_->on_session_end_();
    }
  }
}

}  // namespace wsbridged
