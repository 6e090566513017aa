// SPDX-License-Identifier: MIT
// `reconnect`, and the URLs that an upstream may come back at.
#include "config/rules_reconnect.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

std::string reconnecting(std::string_view keys, std::string_view framing = "{}") {
  return bridge_with("    framing: " + std::string(framing) + "\n    reconnect: {" +
                     std::string(keys) + "}\n");
}

TEST_CASE("reconnect: each number is taken at its limits and refused beyond them", "[rules]") {
  struct Limits {
    std::string_view key;
    std::vector<std::string> good;
    std::vector<std::string> bad;
    std::string_view range;
  };

  const auto each =
      GENERATE(Limits{"initial", {"1ms", "30s"}, {"0s", "3601s"}, "1ms to 1h"},
               Limits{"max", {"500ms", "24h"}, {"25h"}, "1ms to 24h"},
               Limits{"max_elapsed", {"0s", "24h"}, {"25h"}, "0s to 24h"},
               Limits{"replay", {"1KiB", "1GiB"}, {"1023", "2GiB"}, "1KiB to 1GiB"},
               Limits{"confirm_interval", {"10ms", "1h"}, {"9ms", "3601s"}, "10ms to 1h"});
  const std::string key(each.key);
  for (const std::string& value : each.good) {
    CHECK(errors_of(reconnecting(key + ": " + value)).empty());
  }
  for (const std::string& value : each.bad) {
    CHECK(errors_of(reconnecting(key + ": " + value)) ==
          "f:7:" + std::to_string(19 + key.size()) + ": " + key + " must be from " +
              std::string(each.range) + ", not '" + value + "'");
  }
}

TEST_CASE("rules: the replay queue takes at least one line", "[rules]") {
  constexpr std::string_view kTooSmall =
      "reconnect.replay must be at least framing.max_line and 16 bytes: ";
  CHECK(errors_of(reconnecting("enabled: true, replay: 2016", "{max_line: 2000}")).empty());
  CHECK(errors_of(reconnecting("enabled: true, replay: 2015", "{max_line: 2000}")) ==
        "f:7:40: " + std::string(kTooSmall) + "2016");
  CHECK(errors_of(reconnecting("enabled: true", "{max_line: 2MiB}")) ==
        "f:6:25: " + std::string(kTooSmall) + "2097168");
  CHECK(errors_of(reconnecting("enabled: true, replay: 1MiB")) ==
        "f:7:40: " + std::string(kTooSmall) + "1048592");
  CHECK(errors_of(reconnecting("enabled: false, replay: 1MiB")).empty());
  CHECK(errors_of(reconnecting("enabled: true, replay: 1KiB", "{mode: raw}")).empty());
}

TEST_CASE("rules: the longest wait is not shorter than the first", "[rules]") {
  CHECK(errors_of(reconnecting("initial: 2s, max: 2s")).empty());
  CHECK(errors_of(reconnecting("initial: 2s, max: 1s")) ==
        "f:7:35: reconnect.max must be at least reconnect.initial");
  CHECK(errors_of(reconnecting("initial: 1m")) ==
        "f:7:16: reconnect.max must be at least reconnect.initial");
}

TEST_CASE("rules: an upstream has url or urls", "[rules]") {
  const auto errors = [](std::string_view upstream) {
    return errors_of("bridges:\n- {name: a, listen: 'unix:/a', upstream: {" +
                     std::string(upstream) + "}}\n");
  };
  CHECK(errors("urls: [ws://a, wss://b]").empty());
  CHECK(errors("url: ws://a, urls: []").empty());
  CHECK(errors("url: ~, urls: [ws://a]").empty());
  CHECK(errors("url: ws://a, urls: [ws://b]") == "f:2:62: url and urls: use one of them");
  CHECK(errors("urls: []") == "f:2:42: bridge needs upstream.url");
  CHECK(errors("urls: [ws://a, http://hunter2]") ==
        "f:2:58: urls must begin with ws:// or wss:// (did you mean 'ws://'?)");
}

TEST_CASE("rules: url and urls replace each other over the defaults", "[rules]") {
  const auto upstream = [](std::string_view defaults, std::string_view own) {
    const Loaded loaded =
        load("defaults: {upstream: {" + std::string(defaults) +
             "}}\nbridges: [{name: a, listen: 'unix:/a', upstream: {" + std::string(own) + "}}]\n");
    CHECK(joined(loaded.errors).empty());
    return loaded.config.bridges.at(0).upstream;
  };
  CHECK(upstream("url: ws://a", "urls: [ws://b, ws://c]").url.empty());
  CHECK(upstream("url: ws://a", "urls: [ws://b, ws://c]").urls.size() == 2);
  CHECK(upstream("urls: [ws://b]", "url: ws://a").urls.empty());
  CHECK(upstream("urls: [ws://b]", "url: ws://a").url == "ws://a");
  CHECK(upstream("urls: [ws://b]", "urls: [ws://c]").urls == std::vector<std::string>{"ws://c"});
  CHECK(upstream("url: ws://a", "urls: []").url == "ws://a");
}

TEST_CASE("rules: warnings look at each of the URLs", "[rules]") {
  const auto warnings = [](std::string_view upstream) {
    return joined(load("bridges:\n- {name: a, listen: 'unix:/a', upstream: {" +
                       std::string(upstream) + "}}\n")
                      .warnings);
  };
  CHECK(warnings("urls: [wss://a, ws://b], headers: {Authorization: x}") ==
        "f:2:59: cookies or credentials travel unencrypted over ws://");
  CHECK(warnings("urls: [wss://a, ws://b], tls: {server_name: x}").empty());
  CHECK(warnings("urls: [ws://a, ws://b], tls: {server_name: x}") ==
        "f:2:50: tls has no effect on a ws:// URL");
}

}  // namespace
}  // namespace wsbridged::config
