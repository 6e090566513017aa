// SPDX-License-Identifier: MIT
#include "daemon/bridge_check.h"

#include "support/catch.h"

namespace {

using wsbridged::config::Bridge;

Bridge bridge_to(const std::string& url) {
  Bridge bridge;
  bridge.upstream.url = url;
  return bridge;
}

std::string key_of(const Bridge& bridge) {
  const auto misfits = wsbridged::check_bridge(bridge);
  REQUIRE(misfits.size() == 1);
  CHECK_FALSE(misfits[0].message.empty());
  return misfits[0].keys.back();
}

}  // namespace

TEST_CASE("bridge check: a bridge that fits has nothing to tell", "[bridge_check]") {
  CHECK(wsbridged::check_bridge(bridge_to("wss://example.com/")).empty());
}

TEST_CASE("bridge check: a URL that cannot be dialled", "[bridge_check]") {
  const std::string url = GENERATE("ws://h:99999/", "ws://h:abc/", "ws://[::zz]/", "ws://a..b/");
  CHECK(key_of(bridge_to(url)) == "url");
}

TEST_CASE("bridge check: files that hold something else", "[bridge_check]") {
  Bridge bridge = bridge_to("wss://example.com/");
  bridge.upstream.tls.ca_file = "/etc/passwd";
  CHECK(key_of(bridge) == "ca_file");
  bridge = bridge_to("ws://example.com/");
  bridge.upstream.cookie_jar = "/nowhere/cookies.txt";
  CHECK(key_of(bridge) == "cookie_jar");
}

TEST_CASE("bridge check: a delimiter that the encoding lacks", "[bridge_check]") {
  Bridge bridge = bridge_to("ws://example.com/");
  bridge.framing.delimiter = "\xe2\x82\xac";  // the euro sign
  CHECK(wsbridged::check_bridge(bridge).empty());
  bridge.framing.encoding = wsbridged::config::Encoding::kWindows1252;
  CHECK(wsbridged::check_bridge(bridge).empty());
  bridge.framing.encoding = wsbridged::config::Encoding::kIso88591;
  CHECK(key_of(bridge) == "delimiter");
  bridge.framing.mode = wsbridged::config::FramingMode::kRaw;
  CHECK(wsbridged::check_bridge(bridge).empty());
}

TEST_CASE("bridge check: accounts that this system does not know", "[bridge_check]") {
  Bridge bridge = bridge_to("ws://example.com/");
  wsbridged::config::Listen listen;
  listen.address = wsbridged::config::TcpAddress{"127.0.0.1", 1};
  bridge.listen.push_back(listen);
  listen.address = wsbridged::config::UnixAddress{.path = "/run/x.sock"};
  listen.owner = "nobody-there";
  bridge.listen.push_back(listen);
  const auto misfits = wsbridged::check_bridge(bridge);
  REQUIRE(misfits.size() == 1);
  CHECK(misfits[0].listener == 1U);
}
