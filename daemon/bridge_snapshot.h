// SPDX-License-Identifier: MIT
// What a dial is made of, as of one moment, and how it is kept up to date: certificates, and the
// ${file:…} and ${credential:…} of the upstream's keys, are read again when their files change.
// (Cookie files are each worker's own; the system's authorities are read once.)
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/options.h>
#include <ws/url.h>

#include "config/config.h"
#include "daemon/tls_contexts.h"
#include "daemon/watched_file.h"

namespace wsbridged {

[[nodiscard]] ws::TlsOptions tls_options(const config::Tls& tls);
// Of `url` or `urls`, as written.
[[nodiscard]] const std::string& url_text(const config::Upstream& upstream, std::size_t index);
// A URL with templates is judged with values such as sessions have, and named as it stands where
// that is a URL (in a host name it is none).
[[nodiscard]] ws::Result<std::vector<ws::Url>> parse_urls(const config::Upstream& upstream,
                                                          const std::string& bridge);
[[nodiscard]] std::string proxy_option(const std::string& proxy);

// Immutable. Two of one bridge are the same object as long as no credential has changed.
struct BridgeSnapshot {
  config::Upstream upstream;
  std::vector<ws::Url> urls;                          // of `url` or `urls`
  std::shared_ptr<const ws::TlsContext> tls_context;  // null where no TLS can be needed
};

// For the log: an operator replaced a file.
struct Rereading {
  bool is_failed = false;  // what was there before stays
  std::string what;        // one line
  std::string cause;       // of a failure
};

// May be used from any number of threads.
class BridgeSnapshots {
 public:
  // Judges the options that a snapshot leads to, before it is used.
  using Check = std::function<std::optional<ws::Error>(const BridgeSnapshot&)>;

  [[nodiscard]] static ws::Result<std::unique_ptr<BridgeSnapshots>> open(
      const config::Bridge& bridge, std::shared_ptr<TlsContexts> tls_contexts, Check check);

  // For a new dial. It costs a stat(2) for each file, and blocks while a changed one is read.
  [[nodiscard]] std::shared_ptr<const BridgeSnapshot> current();

  // Called on the thread that noticed, until replaced; set before the first current().
  void on_rereading(std::function<void(const Rereading&)> callback) {
    on_rereading_ = std::move(callback);
  }

 private:
  BridgeSnapshots(const config::Bridge& bridge, std::shared_ptr<TlsContexts> tls_contexts,
                  Check check);
  [[nodiscard]] ws::Result<std::shared_ptr<const BridgeSnapshot>> make(
      const config::Upstream& upstream) const;
  void read_references();
  void use(std::shared_ptr<const BridgeSnapshot> next);
  void read_certificates();
  void tell(const Rereading& rereading) const;

  std::string bridge_;
  std::shared_ptr<const config::BridgeSource> source_;  // null: no reference names a file
  std::shared_ptr<TlsContexts> tls_contexts_;
  Check check_;
  std::function<void(const Rereading&)> on_rereading_;

  std::mutex mutex_;  // of all below
  std::vector<WatchedFile> files_;
  std::shared_ptr<const BridgeSnapshot> snapshot_;
  std::string reference_error_;    // told already
  std::string certificate_error_;  // told already
  std::chrono::steady_clock::time_point retry_{};
};

}  // namespace wsbridged
