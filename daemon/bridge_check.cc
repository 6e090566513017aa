// SPDX-License-Identifier: MIT
#include "daemon/bridge_check.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include <ws/cookie_jar.h>
#include <ws/options.h>

#include "daemon/access.h"
#include "daemon/bridge.h"
#include "daemon/bridge_warnings.h"
#include "daemon/cookie_writer.h"
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

// The option of libws that each key becomes, alone: so all errors are found, each with its place.
class OptionChecks {
 public:
  OptionChecks(const config::Bridge& bridge, std::vector<config::Misfit>& misfits)
      : name_(bridge.name), upstream_(bridge.upstream), misfits_(misfits) {}

  // False when nothing else can be judged.
  bool check_urls() {
    const bool is_list = !upstream_.urls.empty();
    const std::size_t misfits_before = misfits_.size();
    for (std::size_t i = 0; i < std::max<std::size_t>(upstream_.urls.size(), 1); ++i) {
      if (const auto url = ws::parse_url(sample_url(i)); !url) {
        misfits_.push_back({.keys = {"upstream", is_list ? "urls" : "url"},
                            .message = url.error().message,
                            .item = is_list ? std::to_string(i) : ""});
      }
    }
    return misfits_.size() == misfits_before;
  }

  void check_all() {
    for (const auto& entry : upstream_.resolve) {
      if (!check("resolve", entry.first, {.resolve = {entry}})) {
        // libws repeats the entry's key. Here its place tells which one it is, and the key may have
        // come out of a reference.
        std::string& message = misfits_.back().message;
        message.erase(0, ("resolve " + entry.first + ": ").size());
      }
    }
    for (std::size_t i = 0; i < upstream_.redirect_to.size(); ++i) {
      check("redirect_to", std::to_string(i), {.redirect_to = {upstream_.redirect_to[i]}});
    }
    if (!check("proxy", "", {.proxy = proxy_option(upstream_.proxy)})) {
      return;
    }
    check("origin", "", {.origin = upstream_.origin});
    check("subprotocols", "", {.subprotocols = upstream_.subprotocols});
  }

 private:
  bool check(const char* key, std::string item, const ws::Options& options) {
    const auto error = ws::check_options(sample_url(0), options);
    if (error) {
      misfits_.push_back(
          {.keys = {"upstream", key}, .message = error->message, .item = std::move(item)});
    }
    return !error;
  }

  [[nodiscard]] std::string sample_url(std::size_t index) const {
    return sample_text(url_text(upstream_, index), TemplateUse::kUrl, name_);
  }

  const std::string& name_;
  const config::Upstream& upstream_;
  std::vector<config::Misfit>& misfits_;
};

// Each file alone, so that all errors are found; without the system's store, which takes a while.
void check_tls(const config::Tls& tls, std::vector<config::Misfit>& misfits) {
  const auto check = [&misfits](const char* key, std::string item, const ws::TlsOptions& options) {
    if (const auto context = ws::make_tls_context(options); !context) {
      misfits.push_back({.keys = {"upstream", "tls", key},
                         .message = context.error().message,
                         .item = std::move(item)});
    }
  };
  check("ca_file", "", {.ca_file = tls.ca_file, .insecure_skip_verify = true});
  for (std::size_t i = 0; i < tls.pin_sha256.size(); ++i) {
    check("pin_sha256", std::to_string(i),
          {.pin_sha256 = {tls.pin_sha256[i]}, .insecure_skip_verify = true});
  }
  // Without a certificate of its own the key cannot be judged; a rule of the configuration says so.
  if (!tls.cert_file.empty()) {
    const ws::TlsOptions pair{
        .cert_file = tls.cert_file, .key_file = tls.key_file, .insecure_skip_verify = true};
    const auto context = ws::make_tls_context(pair);
    const bool is_key = !context && context.error().message.starts_with("tls.key_file");
    check(is_key ? "key_file" : "cert_file", "", pair);
  }
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
    } else if (const auto failure =
                   bridge.upstream.store_cookies ? check_storable(jar, *shared) : std::nullopt) {
      misfits.push_back(
          {.keys = keys,
           .message = "store_cookies needs a directory that can be written: " + failure->message});
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
  OptionChecks options(bridge, misfits);
  if (options.check_urls()) {
    options.check_all();
  }
  check_tls(bridge.upstream.tls, misfits);
  check_cookie_jar(bridge, misfits);
  check_access(bridge, misfits);
  check_error_line(bridge, misfits);
  if (misfits.empty()) {
    // What is left: options that contradict each other, the system's authorities.
    if (const auto prepared = Bridge::prepare(bridge); !prepared) {
      misfits.push_back({.keys = {"upstream"}, .message = prepared.error().message});
    }
  }
  if (misfits.empty()) {
    misfits = bridge_warnings(bridge, std::time(nullptr));
  }
  return misfits;
}

}  // namespace wsbridged
