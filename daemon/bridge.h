// SPDX-License-Identifier: MIT
// A bridge made ready to use: its configuration checked against the world (URL, certificates,
// cookie file), and what all its sessions share. What changes are the credentials in files, of
// which each dial takes a snapshot, the number of sessions, and what they found out about the
// upstream.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ws/cookie_jar.h>
#include <ws/error.h>
#include <ws/options.h>
#include <ws/url.h>

#include "config/config.h"
#include "config/loader.h"
#include "daemon/bridge_snapshot.h"
#include "daemon/dial_damper.h"
#include "daemon/failover.h"
#include "daemon/line_writer.h"
#include "daemon/tls_contexts.h"

namespace wsbridged {

// The live sessions of a bridge, held by SessionSlot. A reload hands it on to the bridge of the
// same name, so that max_connections counts those of before as well. May be used from any number of
// threads.
struct BridgeLoad {
  BridgeLoad() = default;

  explicit BridgeLoad(std::function<void()> callback) : on_session_end(std::move(callback)) {}

  std::atomic<std::size_t> session_count{0};
  std::atomic<std::uint64_t> refused_count{0};  // connections, by access or proxy_protocol
  const std::function<void()> on_session_end;   // called from any thread; may be empty
};

// May be used from any number of threads.
class Bridge {
 public:
  // Everything that can be told about a bridge without dialling it.
  [[nodiscard]] static ws::Result<std::shared_ptr<Bridge>> prepare(
      config::Bridge settings,
      std::shared_ptr<TlsContexts> tls_contexts = std::make_shared<TlsContexts>(),
      std::shared_ptr<BridgeLoad> load = std::make_shared<BridgeLoad>());

  [[nodiscard]] const config::Bridge& settings() const { return settings_; }

  [[nodiscard]] const std::string& name() const { return settings_.name; }

  // Of `url` or `urls`.
  [[nodiscard]] std::size_t url_count() const { return urls_.size(); }

  // For logs: without user information and query, templates as they stand.
  [[nodiscard]] std::string upstream_name(std::size_t url) const { return urls_[url].redacted(); }

  // Which URL is tried when, and how often: what all sessions have found out.
  [[nodiscard]] Failover& failover() { return failover_; }

  [[nodiscard]] DialDamper& damper() { return damper_; }

  [[nodiscard]] const LineWriter& line_writer() const { return line_writer_; }

  // What the next dial is made of. Another one than before when a credential has changed meanwhile:
  // asked again after a 401, it tells whether another attempt can go better.
  [[nodiscard]] std::shared_ptr<const BridgeSnapshot> current() { return snapshots_->current(); }

  // What every WebSocket of this bridge is made with, but for callbacks and cookie jars.
  [[nodiscard]] ws::Options options(const BridgeSnapshot& snapshot) const;
  // A jar of `file`, for one thread; null without one.
  [[nodiscard]] static ws::Result<std::shared_ptr<ws::CookieJar>> make_jar(const std::string& file);

  // What is left out of the cookie file, for the log at the start and for `check`.
  [[nodiscard]] std::vector<config::Problem> warnings() const;
  // The same of a jar that has read `file`.
  [[nodiscard]] static std::vector<config::Problem> warnings_of(const ws::CookieJar& jar,
                                                                const std::string& file);

  // Unix time when the first of the cookies that a dial sends expires; 0: none does. Told by
  // whoever has read the file.
  [[nodiscard]] std::int64_t cookie_expires() const { return cookie_expires_.load(); }

  void note_cookies(const ws::CookieJar& jar);

  [[nodiscard]] std::size_t session_count() const { return load_->session_count.load(); }

  [[nodiscard]] const std::shared_ptr<BridgeLoad>& load() const { return load_; }

  // Called from any thread when credentials were, or could not be, read again; set before the first
  // session.
  void on_rereading(std::function<void(const Rereading&)> callback) {
    snapshots_->on_rereading(std::move(callback));
  }

 private:
  Bridge(config::Bridge settings, std::vector<ws::Url> urls, std::shared_ptr<BridgeLoad> load);
  [[nodiscard]] std::optional<ws::Error> check(const BridgeSnapshot& snapshot) const;

  config::Bridge settings_;
  std::vector<ws::Url> urls_;
  std::unique_ptr<BridgeSnapshots> snapshots_;
  std::shared_ptr<BridgeLoad> load_;
  Failover failover_;
  DialDamper damper_;
  const LineWriter line_writer_;
  std::atomic<std::int64_t> cookie_expires_{0};
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
