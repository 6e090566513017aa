// SPDX-License-Identifier: MIT
#include "daemon/bridge_warnings.h"

#include <sys/stat.h>

#include <ctime>
#include <string>

#include "daemon/bridge_check.h"
#include "support/catch.h"
#include "support/test_certs.h"
#include "unit/config/loading.h"

namespace wsbridged {
namespace {

using Catch::Matchers::EndsWith;

using ws::test::CertificateRequest;
using ws::test::TemporaryFile;
using Texts = std::vector<std::string>;

// Each as "KEY: MESSAGE".
Texts warnings_of(const config::Bridge& bridge) {
  Texts texts;
  for (const config::Misfit& warning : bridge_warnings(bridge, std::time(nullptr))) {
    CHECK(warning.kind == config::Misfit::Kind::kWarning);
    texts.push_back(warning.keys.back() + ": " + warning.message);
  }
  return texts;
}

std::string joined(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts) {
    all += text + '\n';
  }
  return all;
}

config::Bridge bridge_to(const std::string& url) {
  config::Bridge bridge;
  bridge.name = "chat";
  bridge.upstream.url = url;
  return bridge;
}

std::string cookie(const std::string& domain, bool is_secure, const std::string& expires = "0") {
  return domain + "\tFALSE\t/\t" + (is_secure ? "TRUE" : "FALSE") + '\t' + expires +
         "\tsid\tsecret\n";
}

}  // namespace

TEST_CASE("bridge warnings: files that every user of the machine can read or change",
          "[bridge_check]") {
  const TemporaryFile file(cookie("a.example", false));
  config::Bridge bridge = bridge_to("ws://a.example/");
  bridge.upstream.cookie_jar = file.path();
  for (const auto& [mode, expected] : std::initializer_list<std::pair<mode_t, Texts>>{
           {0600, {}},
           {0640, {}},
           {0644, {"cookie_jar: every user of this machine can read this file: chmod 600"}},
           {0602, {"cookie_jar: every user of this machine can change this file: chmod o-w"}}}) {
    REQUIRE(::chmod(file.path().c_str(), mode) == 0);
    CHECK(warnings_of(bridge) == expected);
  }
}

TEST_CASE("bridge warnings: a key is a secret, a certificate is not", "[bridge_check]") {
  const auto& certificate = ws::test::test_certificates().good;
  const TemporaryFile pem(ws::test::TestAuthority("New").issue({.dns_names = {"a.example"}}).pem());
  const TemporaryFile key(certificate.key_pem());
  config::Bridge bridge = bridge_to("wss://a.example/");
  bridge.upstream.tls.cert_file = pem.path();
  bridge.upstream.tls.key_file = key.path();
  REQUIRE(::chmod(pem.path().c_str(), 0644) == 0);
  REQUIRE(::chmod(key.path().c_str(), 0644) == 0);
  const std::string all = joined(warnings_of(bridge));
  CHECK_THAT(all, ContainsSubstring("key_file: every user of this machine can read this file"));
  CHECK_THAT(all, !ContainsSubstring("cert_file: every user"));
  REQUIRE(::chmod(pem.path().c_str(), 0666) == 0);
  CHECK_THAT(joined(warnings_of(bridge)),
             ContainsSubstring("cert_file: every user of this machine can change this file"));
}

TEST_CASE("bridge warnings: certificates that end within 14 days, to the hour", "[bridge_check]") {
  const ws::test::TestAuthority authority;
  const auto warnings = [&authority](std::chrono::hours valid_until) {
    const TemporaryFile file(authority
                                 .issue({.dns_names = {"a.example"},
                                         .valid_from = std::chrono::hours(-9999),
                                         .valid_until = valid_until})
                                 .pem());
    config::Bridge bridge = bridge_to("wss://a.example/");
    bridge.upstream.tls.ca_file = file.path();
    return joined(warnings_of(bridge));
  };
  CHECK(warnings(std::chrono::hours(14 * 24 + 1)).empty());
  CHECK_THAT(
      warnings(std::chrono::hours(14 * 24 - 1)),
      StartsWith("ca_file: its certificate expires on 20") && EndsWith(" UTC, in 13 days\n"));
  CHECK_THAT(warnings(std::chrono::hours(-1)),
             StartsWith("ca_file: its certificate expired on 20"));
}

TEST_CASE("bridge warnings: of several certificates the first to end counts, of a store none",
          "[bridge_check]") {
  const auto& all = ws::test::test_certificates();
  const ws::test::TestAuthority authority;
  const std::string lasting =
      authority.issue({.dns_names = {"a.example"}, .valid_until = std::chrono::hours(9999)}).pem();
  std::string store = all.expired.pem();
  for (int i = 1; i < 10; ++i) {
    store += lasting;
  }
  const TemporaryFile ten(store);
  const TemporaryFile eleven(store + lasting);
  config::Bridge bridge = bridge_to("wss://a.example/");
  bridge.upstream.tls.ca_file = ten.path();
  CHECK_THAT(joined(warnings_of(bridge)), ContainsSubstring("expired on"));
  bridge.upstream.tls.ca_file = eleven.path();
  CHECK(warnings_of(bridge).empty());
}

TEST_CASE("bridge warnings: Secure cookies for a ws:// URL, and a jar for another server",
          "[bridge_check]") {
  const TemporaryFile secure(cookie("a.example", true) + cookie("a.example", false));
  const TemporaryFile foreign(cookie("b.example", true));
  const TemporaryFile old(cookie("a.example", false, "1"));
  REQUIRE(::chmod(secure.path().c_str(), 0600) == 0);
  const auto warnings = [](const std::string& url, const TemporaryFile& jar) {
    REQUIRE(::chmod(jar.path().c_str(), 0600) == 0);
    config::Bridge bridge = bridge_to(url);
    bridge.upstream.cookie_jar = jar.path();
    return joined(warnings_of(bridge));
  };
  CHECK(warnings("wss://a.example/", secure).empty());
  const TemporaryFile only(cookie("a.example", true));
  CHECK_THAT(warnings("ws://a.example/", only),
             StartsWith("url: the jar has Secure cookies for this server"));
  for (const TemporaryFile* jar : {&foreign, &old}) {
    CHECK(warnings("wss://a.example/", *jar) ==
          "cookie_jar: none of its cookies is sent to this server: `wsbridged probe` tells why\n");
  }
  const TemporaryFile empty("# Netscape HTTP Cookie File\n");
  CHECK(warnings("wss://a.example/", empty).empty());
}

TEST_CASE("bridge warnings: stand at their keys, beside those of the file itself",
          "[bridge_check]") {
  const TemporaryFile jar(cookie("h", true));
  REQUIRE(::chmod(jar.path().c_str(), 0644) == 0);
  const config::Loaded loaded = config::load_text(
      config::bridge_with("      cookie_jar: '" + jar.path() + "'\n      ping_interval: 61s\n"),
      "f", config::environment_of({}), check_bridge);
  CHECK(loaded.errors.empty());
  const std::string all = config::joined(loaded.warnings);
  CHECK_THAT(all, ContainsSubstring("f:5:12: url: the jar has Secure cookies"));
  CHECK_THAT(all, ContainsSubstring("f:6:19: cookie_jar: every user of this machine can read"));
  CHECK_THAT(all, ContainsSubstring("f:7:22: ping_interval: "));
}

}  // namespace wsbridged
