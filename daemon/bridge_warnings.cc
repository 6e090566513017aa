// SPDX-License-Identifier: MIT
#include "daemon/bridge_warnings.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <ws/certificate.h>
#include <ws/cookie_jar.h>

#include "daemon/bridge.h"
#include "daemon/bridge_snapshot.h"
#include "daemon/probe_report.h"
#include "daemon/template.h"

namespace wsbridged {

namespace {

using Keys = std::vector<std::string>;

// A file with more is a store of authorities, in which old ones are nothing unusual.
constexpr std::size_t kMaxAuthorities = 10;
constexpr std::int64_t kDay = std::int64_t{24} * 60 * 60;

enum class Content : std::uint8_t { kPublic, kSecret };

class Warnings {
 public:
  Warnings(const config::Bridge& bridge, std::int64_t unix_now)
      : bridge_(bridge), upstream_(bridge.upstream), unix_now_(unix_now) {}

  std::vector<config::Misfit> find() {
    const config::Tls& tls = upstream_.tls;
    check_mode({"upstream", "tls", "key_file"}, tls.key_file, Content::kSecret);
    check_mode({"upstream", "tls", "cert_file"}, tls.cert_file, Content::kPublic);
    check_mode({"upstream", "tls", "ca_file"}, tls.ca_file, Content::kPublic);
    check_dates({"upstream", "tls", "cert_file"}, tls.cert_file);
    check_dates({"upstream", "tls", "ca_file"}, tls.ca_file);
    if (const auto file = shared_cookie_jar(bridge_); file && !file->empty()) {
      check_mode({"upstream", "cookie_jar"}, *file, Content::kSecret);
      check_cookies(*file);
    }
    return std::move(found_);
  }

 private:
  void warn(Keys keys, std::string message, std::string item = "") {
    found_.push_back({.keys = std::move(keys),
                      .message = std::move(message),
                      .item = std::move(item),
                      .kind = config::Misfit::Kind::kWarning});
  }

  void check_mode(Keys keys, const std::string& path, Content content) {
    struct stat status {};

    if (path.empty() || ::stat(path.c_str(), &status) != 0) {
      return;
    }
    if ((status.st_mode & S_IWOTH) != 0) {
      warn(std::move(keys), "every user of this machine can change this file: chmod o-w");
    } else if (content == Content::kSecret && (status.st_mode & S_IROTH) != 0) {
      warn(std::move(keys), "every user of this machine can read this file: chmod 600");
    }
  }

  // The certificate that ends first.
  void check_dates(Keys keys, const std::string& path) {
    if (path.empty()) {
      return;
    }
    const auto certificates = ws::read_certificates(path);
    if (!certificates || certificates.value().empty() ||
        certificates.value().size() > kMaxAuthorities) {
      return;
    }
    const auto first =
        std::min_element(certificates.value().begin(), certificates.value().end(),
                         [](const auto& a, const auto& b) { return a.expires < b.expires; });
    const std::int64_t left = first->expires - unix_now_;
    if (left <= 0) {
      warn(std::move(keys), "its certificate expired on " + utc_date(first->expires));
    } else if (left <= kCertificateWarning) {
      warn(std::move(keys), "its certificate expires on " + utc_date(first->expires) + ", in " +
                                std::to_string(left / kDay) + " days");
    }
  }

  void check_cookies(const std::string& file) {
    const auto jar = Bridge::make_jar(file);
    const auto urls = parse_urls(upstream_, bridge_.name);
    if (!jar || jar.value() == nullptr || jar.value()->size() == 0 || !urls) {
      return;
    }
    bool is_one_sent = false;
    for (std::size_t i = 0; i < urls.value().size(); ++i) {
      is_one_sent = check_cookies_of(*jar.value(), i) || is_one_sent;
    }
    if (!is_one_sent) {
      warn({"upstream", "cookie_jar"},
           "none of its cookies is sent to this server: `wsbridged probe` tells why");
    }
  }

  // Is one sent to that URL?
  bool check_cookies_of(const ws::CookieJar& jar, std::size_t index) {
    const auto url =
        ws::parse_url(sample_text(url_text(upstream_, index), TemplateUse::kUrl, bridge_.name));
    if (!url) {
      return true;  // the check has told that
    }
    const auto decisions = jar.explain(url.value(), unix_now_);
    const auto count = [&decisions](ws::CookieVerdict verdict) {
      return std::count_if(decisions.begin(), decisions.end(),
                           [verdict](const auto& decision) { return decision.verdict == verdict; });
    };
    if (count(ws::CookieVerdict::kSecure) > 0) {
      const bool is_list = !upstream_.urls.empty();
      warn({"upstream", is_list ? "urls" : "url"},
           "the jar has Secure cookies for this server, which go over wss:// only",
           is_list ? std::to_string(index) : "");
    }
    return count(ws::CookieVerdict::kSent) > 0;
  }

  const config::Bridge& bridge_;
  const config::Upstream& upstream_;
  std::int64_t unix_now_;
  std::vector<config::Misfit> found_;
};

}  // namespace

std::vector<config::Misfit> bridge_warnings(const config::Bridge& bridge, std::int64_t unix_now) {
  return Warnings(bridge, unix_now).find();
}

}  // namespace wsbridged
