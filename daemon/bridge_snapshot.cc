// SPDX-License-Identifier: MIT
#include "daemon/bridge_snapshot.h"

#include <algorithm>
#include <utility>

#include "config/bridge_source.h"
#include "daemon/template.h"

namespace wsbridged {

namespace {

// What could not be read for a passing reason is tried again, with the next dial after this.
constexpr std::chrono::seconds kRetry{1};

// A redirect may lead from ws to wss.
bool may_need_tls(const BridgeSnapshot& snapshot) {
  return snapshot.upstream.follow_redirects > 0 ||
         std::any_of(snapshot.urls.begin(), snapshot.urls.end(),
                     [](const ws::Url& url) { return url.secure; });
}

std::string joined(const std::vector<config::Problem>& problems) {
  std::string text;
  for (const config::Problem& problem : problems) {
    text += (text.empty() ? "" : "; ") + to_string(problem);
  }
  return text;
}

}  // namespace

ws::TlsOptions tls_options(const config::Tls& tls) {
  return {.ca_file = tls.ca_file,
          .cert_file = tls.cert_file,
          .key_file = tls.key_file,
          .server_name = tls.server_name,
          .min_version = tls.min_version == "1.3" ? ws::TlsVersion::kTls13 : ws::TlsVersion::kTls12,
          .pin_sha256 = tls.pin_sha256,
          .insecure_skip_verify = tls.insecure_skip_verify};
}

const std::string& url_text(const config::Upstream& upstream, std::size_t index) {
  return upstream.urls.empty() ? upstream.url : upstream.urls[index];
}

ws::Result<std::vector<ws::Url>> parse_urls(const config::Upstream& upstream,
                                            const std::string& bridge) {
  std::vector<ws::Url> urls;
  for (std::size_t i = 0; i < std::max<std::size_t>(upstream.urls.size(), 1); ++i) {
    const std::string& text = url_text(upstream, i);
    auto sample = ws::parse_url(sample_text(text, TemplateUse::kUrl, bridge));
    if (!sample) {
      return sample.error();
    }
    auto written = ws::parse_url(text);
    urls.push_back(std::move(written ? written.value() : sample.value()));
  }
  return urls;
}

// Options has nothing for no proxy.
std::string proxy_option(const std::string& proxy) {
  return proxy == "none" ? std::string() : proxy;
}

ws::Result<std::unique_ptr<BridgeSnapshots>> BridgeSnapshots::open(
    const config::Bridge& bridge, std::shared_ptr<TlsContexts> tls_contexts, Check check) {
  // NOLINTNEXTLINE(modernize-make-unique): the constructor is private
  std::unique_ptr<BridgeSnapshots> snapshots(
      new BridgeSnapshots(bridge, std::move(tls_contexts), std::move(check)));
  auto first = snapshots->make(bridge.upstream);
  if (!first) {
    return first.error();
  }
  snapshots->snapshot_ = std::move(first.value());
  return snapshots;
}

ws::Result<std::shared_ptr<const BridgeSnapshot>> BridgeSnapshots::make(
    const config::Upstream& upstream) const {
  auto urls = parse_urls(upstream, bridge_);
  if (!urls) {
    return urls.error();
  }
  BridgeSnapshot snapshot{.upstream = upstream, .urls = std::move(urls.value()), .tls_context = {}};
  if (may_need_tls(snapshot)) {
    auto tls = tls_contexts_->get(tls_options(upstream.tls));
    if (!tls) {
      return tls.error();
    }
    snapshot.tls_context = std::move(tls->context);
  }
  if (auto error = check_(snapshot)) {
    return *std::move(error);
  }
  return std::shared_ptr<const BridgeSnapshot>(
      std::make_shared<const BridgeSnapshot>(std::move(snapshot)));
}

// The files are not looked at here: they may have changed since the configuration was read, which
// the first look then notices.
BridgeSnapshots::BridgeSnapshots(const config::Bridge& bridge,
                                 std::shared_ptr<TlsContexts> tls_contexts, Check check)
    : bridge_(bridge.name),
      source_(bridge.source.shared),
      tls_contexts_(std::move(tls_contexts)),
      check_(std::move(check)) {
  if (source_ != nullptr) {
    for (const std::string& path : source_->references().files) {
      files_.emplace_back(path);
    }
  }
}

std::shared_ptr<const BridgeSnapshot> BridgeSnapshots::current() {
  const std::lock_guard lock(mutex_);
  read_references();
  read_certificates();
  return snapshot_;
}

void BridgeSnapshots::read_references() {
  const auto now = std::chrono::steady_clock::now();
  bool is_due = !reference_error_.empty() && now >= retry_;
  for (WatchedFile& file : files_) {
    is_due = file.look() || is_due;
  }
  if (!is_due) {
    return;
  }
  const config::Loaded read = source_->read();
  std::string error = joined(read.errors);
  if (error.empty()) {
    auto next = make(read.config.bridges.front().upstream);
    if (next) {
      reference_error_.clear();
      use(std::move(next.value()));
      return;
    }
    error = next.error().message;
  }
  retry_ = now + kRetry;
  if (error != reference_error_) {
    tell({.is_failed = true, .what = "references not read again", .cause = error});
    reference_error_ = std::move(error);
  }
}

void BridgeSnapshots::use(std::shared_ptr<const BridgeSnapshot> next) {
  if (next->upstream == snapshot_->upstream) {
    return;  // files that were written again with the same content, or not for the upstream
  }
  snapshot_ = std::move(next);
  tell({.what = "references read again", .cause = {}});
}

void BridgeSnapshots::read_certificates() {
  if (snapshot_->tls_context == nullptr) {
    return;
  }
  auto tls = tls_contexts_->get(tls_options(snapshot_->upstream.tls));
  const std::string error = tls ? tls->error : tls.error().message;
  if (!error.empty() && error != certificate_error_) {
    tell({.is_failed = true, .what = "certificates not read again", .cause = error});
  }
  certificate_error_ = error;
  if (tls && tls->context != snapshot_->tls_context) {
    BridgeSnapshot next = *snapshot_;
    next.tls_context = std::move(tls->context);
    snapshot_ = std::make_shared<const BridgeSnapshot>(std::move(next));
    tell({.what = "certificates read again", .cause = {}});
  }
}

void BridgeSnapshots::tell(const Rereading& rereading) const {
  if (on_rereading_) {
    on_rereading_(rereading);
  }
}

}  // namespace wsbridged
