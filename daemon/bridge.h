// SPDX-License-Identifier: MIT
// A bridge made ready to use: its configuration checked against the world (URL, certificates,
// cookie file), and what all its sessions share. Immutable but for the number of sessions and what
// they found out about the upstream.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ws/cookie_jar.h>
#include <ws/error.h>
#include <ws/options.h>
#include <ws/url.h>

#include "config/config.h"
#include "daemon/dial_damper.h"
#include "daemon/failover.h"

namespace wsbridged {

[[nodiscard]] ws::TlsOptions tls_options(const config::Tls& tls);

// May be used from any number of threads.
class Bridge {
 public:
  // Everything that can be told about a bridge without dialling it.
  [[nodiscard]] static ws::Result<std::shared_ptr<Bridge>> prepare(config::Bridge settings);

  [[nodiscard]] const config::Bridge& settings() const { return settings_; }

  [[nodiscard]] const std::string& name() const { return settings_.name; }

  // Of `url` or `urls`.
  [[nodiscard]] std::size_t url_count() const { return urls_.size(); }

  [[nodiscard]] const std::string& url(std::size_t index) const;

  // For logs: without user information and query.
  [[nodiscard]] std::string upstream_name(std::size_t url) const { return urls_[url].redacted(); }

  // Which URL is tried when, and how often: what all sessions have found out.
  [[nodiscard]] Failover& failover() { return failover_; }

  [[nodiscard]] DialDamper& damper() { return damper_; }

  // What every WebSocket of this bridge is made with, but for callbacks and cookie jar.
  [[nodiscard]] ws::Options options() const;
  // A jar of the bridge's file, for one thread; empty without cookie_jar.
  [[nodiscard]] ws::Result<std::shared_ptr<ws::CookieJar>> make_jar() const;

  // What is left out of the cookie file, for the log at the start and for `check`.
  [[nodiscard]] std::vector<std::string> warnings() const;
  // The same of a jar that has read the file.
  [[nodiscard]] std::vector<std::string> warnings_of(const ws::CookieJar& jar) const;

  // Unix time when the first of the cookies that a dial sends expires; 0: none does. Told by
  // whoever has read the file.
  [[nodiscard]] std::int64_t cookie_expires() const { return cookie_expires_.load(); }

  void note_cookies(const ws::CookieJar& jar);

  // Live sessions, held by SessionSlot.
  [[nodiscard]] std::size_t session_count() const { return session_count_.load(); }

  // Called from any thread each time a session has ended, until replaced; set before the first
  // session.
  void on_session_end(std::function<void()> callback) { on_session_end_ = std::move(callback); }

 private:
  friend class SessionSlot;
  Bridge(config::Bridge settings, std::vector<ws::Url> urls,
         std::shared_ptr<const ws::TlsContext> tls_context);

  config::Bridge settings_;
  std::vector<ws::Url> urls_;
  std::shared_ptr<const ws::TlsContext> tls_context_;
  Failover failover_;
  DialDamper damper_;
  std::atomic<std::size_t> session_count_{0};
  std::atomic<std::int64_t> cookie_expires_{0};
  std::function<void()> on_session_end_;
};

// One session's place among max_connections.
class SessionSlot {
 public:
  explicit SessionSlot(std::shared_ptr<Bridge> bridge);
  ~SessionSlot();
  SessionSlot(SessionSlot&& other) noexcept = default;
  SessionSlot& operator=(SessionSlot&&) = delete;
  SessionSlot(const SessionSlot&) = delete;
  SessionSlot& operator=(const SessionSlot&) = delete;

  [[nodiscard]] const std::shared_ptr<Bridge>& bridge() const { return bridge_; }

 private:
  std::shared_ptr<Bridge> bridge_;  // null when moved from
};

}  // namespace wsbridged
