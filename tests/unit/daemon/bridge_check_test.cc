// SPDX-License-Identifier: MIT
#include "daemon/bridge_check.h"

#include "support/catch.h"
#include "support/test_certs.h"

namespace {

using wsbridged::config::Bridge;

Bridge bridge_to(const std::string& url) {
  Bridge bridge;
  bridge.upstream.url = url;
  return bridge;
}

// Warnings have a test of their own.
std::vector<wsbridged::config::Misfit> errors_of(const Bridge& bridge) {
  auto misfits = wsbridged::check_bridge(bridge);
  std::erase_if(misfits, [](const auto& misfit) {
    return misfit.kind == wsbridged::config::Misfit::Kind::kWarning;
  });
  return misfits;
}

std::string key_of(const Bridge& bridge) {
  const auto misfits = errors_of(bridge);
  REQUIRE(misfits.size() == 1);
  CHECK_FALSE(misfits[0].message.empty());
  return misfits[0].keys.back();
}

}  // namespace

TEST_CASE("bridge check: a bridge that fits has nothing to tell", "[bridge_check]") {
  CHECK(errors_of(bridge_to("wss://example.com/")).empty());
}

TEST_CASE("bridge check: a URL that cannot be dialled", "[bridge_check]") {
  const std::string url = GENERATE("ws://h:99999/", "ws://h:abc/", "ws://[::zz]/", "ws://a..b/");
  CHECK(key_of(bridge_to(url)) == "url");
}

TEST_CASE("bridge check: each of several URLs", "[bridge_check]") {
  Bridge bridge;
  bridge.upstream.urls = {"ws://h/", "ws://h:99999/"};
  CHECK(key_of(bridge) == "urls");
  bridge.upstream.urls = {"ws://h/", "wss://i/"};
  CHECK(errors_of(bridge).empty());
  bridge.upstream.tls.ca_file = "/etc/passwd";
  CHECK(key_of(bridge) == "ca_file");
}

TEST_CASE("bridge check: files that hold something else", "[bridge_check]") {
  Bridge bridge = bridge_to("wss://example.com/");
  bridge.upstream.tls.ca_file = "/etc/passwd";
  CHECK(key_of(bridge) == "ca_file");
  bridge = bridge_to("ws://example.com/");
  bridge.upstream.cookie_jar = "/nowhere/cookies.txt";
  CHECK(key_of(bridge) == "cookie_jar");
}

TEST_CASE("bridge check: what libws refuses of the way to a server", "[bridge_check]") {
  Bridge bridge = bridge_to("ws://example.com/");
  auto& upstream = bridge.upstream;
  SECTION("a proxy") {
    upstream.proxy = "https://proxy:1";
    CHECK(key_of(bridge) == "proxy");
  }
  SECTION("an address") {
    upstream.resolve = {{"example.com:80", "10.0.0.7"}, {"example.com:81", "ten"}};
    CHECK(key_of(bridge) == "resolve");
    CHECK(errors_of(bridge)[0].item == "example.com:81");
    CHECK(errors_of(bridge)[0].message ==
          "its value must be IP addresses, 32 at most, or unix:PATH");
  }
  SECTION("a name, which may have come out of a reference") {
    upstream.resolve = {{"secret\nname:80", "10.0.0.7"}};
    CHECK(errors_of(bridge)[0].message == "the host holds a control character");
  }
  SECTION("an origin") {
    upstream.redirect_to = {"https://b.example", "https://b.example/path"};
    CHECK(key_of(bridge) == "redirect_to");
    CHECK(errors_of(bridge)[0].item == "1");
  }
  SECTION("a pin that Base64 writes otherwise") {
    upstream.tls.pin_sha256 = {"sha256//" + std::string(42, 'A') + "B="};
    CHECK(key_of(bridge) == "pin_sha256");
  }
  SECTION("options that contradict each other, where no key is to blame alone") {
    upstream.url = "ws://u:p@example.com/";
    upstream.basic_auth.user = "u";
    CHECK(key_of(bridge) == "upstream");
  }
  SECTION("everything at once") {
    upstream.proxy = "ftp://h";
    upstream.redirect_to = {"nowhere"};
    upstream.cookie_jar = "/nowhere/cookies.txt";
    CHECK(errors_of(bridge).size() == 3);
  }
}

TEST_CASE("bridge check: certificates and keys", "[bridge_check]") {
  Bridge bridge = bridge_to("wss://example.com/");
  const ws::test::Certificate& good = ws::test::test_certificates().good;
  const ws::test::TemporaryFile certificate(good.pem());
  const ws::test::TemporaryFile key(good.key_pem());
  const ws::test::TemporaryFile other(ws::test::test_certificates().expired.key_pem());
  auto& tls = bridge.upstream.tls;
  tls.cert_file = certificate.path();
  tls.key_file = key.path();
  CHECK(errors_of(bridge).empty());
  tls.key_file = other.path();
  CHECK(key_of(bridge) == "key_file");
  tls.key_file = "";
  CHECK(key_of(bridge) == "cert_file");
  tls.cert_file = "/etc/passwd";
  tls.ca_file = "/etc/passwd";
  CHECK(errors_of(bridge).size() == 2);
}

TEST_CASE("bridge check: a jar to store cookies in", "[bridge_check]") {
  Bridge bridge = bridge_to("ws://example.com/");
  bridge.upstream.cookie_jar = "/proc/version";  // regular, and no file can be made beside it
  CHECK(errors_of(bridge).empty());
  bridge.upstream.store_cookies = true;
  CHECK(key_of(bridge) == "cookie_jar");
}

TEST_CASE("bridge check: a delimiter that the encoding lacks", "[bridge_check]") {
  Bridge bridge = bridge_to("ws://example.com/");
  bridge.framing.delimiter = "\xe2\x82\xac";  // the euro sign
  CHECK(errors_of(bridge).empty());
  bridge.framing.encoding = wsbridged::config::Encoding::kWindows1252;
  CHECK(errors_of(bridge).empty());
  bridge.framing.encoding = wsbridged::config::Encoding::kIso88591;
  CHECK(key_of(bridge) == "delimiter");
  bridge.framing.mode = wsbridged::config::FramingMode::kRaw;
  CHECK(errors_of(bridge).empty());
}

TEST_CASE("bridge check: accounts that this system does not know", "[bridge_check]") {
  Bridge bridge = bridge_to("ws://example.com/");
  wsbridged::config::Listen listen;
  listen.address = wsbridged::config::TcpAddress{"127.0.0.1", 1};
  bridge.listen.push_back(listen);
  listen.address = wsbridged::config::UnixAddress{.path = "/run/x.sock"};
  listen.owner = "nobody-there";
  bridge.listen.push_back(listen);
  const auto misfits = errors_of(bridge);
  REQUIRE(misfits.size() == 1);
  CHECK(misfits[0].listener == 1U);
}
