// SPDX-License-Identifier: MIT
#include "daemon/bridge.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/cookie_writer.h"
#include "daemon/template.h"

namespace wsbridged {

ws::Result<std::shared_ptr<Bridge>> Bridge::prepare(config::Bridge settings,
                                                    std::shared_ptr<TlsContexts> tls_contexts,
                                                    std::shared_ptr<BridgeLoad> load) {
  auto urls = parse_urls(settings.upstream, settings.name);
  if (!urls) {
    return urls.error();
  }
  // NOLINTNEXTLINE(modernize-make-shared): the constructor is private
  std::shared_ptr<Bridge> bridge(
      new Bridge(std::move(settings), std::move(urls.value()), std::move(load)));
  auto snapshots = BridgeSnapshots::open(
      bridge->settings_, std::move(tls_contexts),
      [raw = bridge.get()](const BridgeSnapshot& snapshot) { return raw->check(snapshot); });
  if (!snapshots) {
    return snapshots.error();
  }
  bridge->snapshots_ = std::move(snapshots.value());
  const std::string jar_path = shared_cookie_jar(bridge->settings()).value_or("");
  const auto jar = make_jar(jar_path);
  if (!jar) {
    return jar.error();
  }
  if (jar.value() != nullptr) {
    bridge->note_cookies(*jar.value());
    if (auto error = bridge->settings_.upstream.store_cookies
                         ? check_storable(*jar.value(), jar_path)
                         : std::nullopt) {
      return *std::move(error);
    }
  }
  return bridge;
}

Bridge::Bridge(config::Bridge settings, std::vector<ws::Url> urls, std::shared_ptr<BridgeLoad> load)
    : settings_(std::move(settings)),
      urls_(std::move(urls)),
      load_(std::move(load)),
      failover_(urls_.size()),
      line_writer_(settings_.framing) {}

std::optional<ws::Error> Bridge::check(const BridgeSnapshot& snapshot) const {
  const ws::Options options = this->options(snapshot);
  for (std::size_t i = 0; i < snapshot.urls.size(); ++i) {
    if (auto error = ws::check_options(
            sample_text(url_text(snapshot.upstream, i), TemplateUse::kUrl, name()), options)) {
      return error;
    }
  }
  return std::nullopt;
}

ws::Options Bridge::options(const BridgeSnapshot& snapshot) const {
  const config::Upstream& upstream = snapshot.upstream;
  ws::Options options;
  options.subprotocols = upstream.subprotocols;
  options.require_subprotocol = upstream.require_subprotocol;
  for (const config::Header& header : upstream.headers) {
    options.headers.push_back({header.name, header.value});
  }
  options.origin = upstream.origin;
  if (!upstream.basic_auth.user.empty()) {
    options.basic_auth = {.user = upstream.basic_auth.user,
                          .password = upstream.basic_auth.password};
  }
  options.tls = tls_options(upstream.tls);
  options.tls_context = snapshot.tls_context;
  options.proxy = proxy_option(upstream.proxy);
  options.resolve = upstream.resolve;
  options.follow_redirects = upstream.follow_redirects;
  options.redirect_to = upstream.redirect_to;
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

ws::Result<std::shared_ptr<ws::CookieJar>> Bridge::make_jar(const std::string& file) {
  if (file.empty()) {
    return std::shared_ptr<ws::CookieJar>();
  }
  auto jar = std::make_shared<ws::CookieJar>();
  const auto loaded = jar->load(file);
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

std::vector<config::Problem> Bridge::warnings() const {
  const std::string file = shared_cookie_jar(settings_).value_or("");
  const auto jar = make_jar(file);
  return jar && jar.value() ? warnings_of(*jar.value(), file) : std::vector<config::Problem>();
}

std::vector<config::Problem> Bridge::warnings_of(const ws::CookieJar& jar,
                                                 const std::string& file) {
  std::vector<config::Problem> warnings;
  for (const ws::CookieFileProblem& problem : jar.problems()) {
    if (problem.line != 0) {  // else it is no line of the file: see CookieProblems
      warnings.push_back({.source = file,
                          .line = static_cast<int>(problem.line),
                          .column = 1,
                          .message = "ignored: " + problem.message});
    }
  }
  return warnings;
}

SessionSlot::SessionSlot(std::shared_ptr<Bridge> bridge) : bridge_(std::move(bridge)) {
  ++bridge_->load()->session_count;
}

SessionSlot::~SessionSlot() {
  if (bridge_) {
    BridgeLoad& load = *bridge_->load();
    --load.session_count;
    if (load.on_session_end) {
      load.on_session_end();
    }
  }
}

}  // namespace wsbridged
