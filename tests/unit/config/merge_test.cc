// SPDX-License-Identifier: MIT
// Defaults under bridges, through the loader: deep maps, replaced lists, null, headers in any case.
#include "config/merge.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

Bridge merged(const std::string& defaults, const std::string& bridge) {
  const Loaded loaded = load("defaults: " + defaults + "\nbridges: [" + bridge + "]\n");
  CHECK(joined(loaded.errors).empty());
  REQUIRE(loaded.config.bridges.size() == 1);
  return loaded.config.bridges.front();
}

TEST_CASE("merge: maps are merged deeply, values replaced", "[merge]") {
  const Bridge bridge = merged(
      "{upstream: {ping_interval: 1s, tls: {server_name: a, min_version: '1.3'}}, session: "
      "{buffer: "
      "8KiB}}",
      "{name: b, listen: 'unix:/b', upstream: {url: ws://h, tls: {server_name: b}}}");
  CHECK(bridge.upstream.ping_interval == milliseconds(1000));
  CHECK(bridge.upstream.tls.server_name == "b");
  CHECK(bridge.upstream.tls.min_version == "1.3");
  CHECK(bridge.session.buffer == 8192);
}

TEST_CASE("merge: lists are replaced, and a value of another kind replaces a map", "[merge]") {
  const Bridge bridge =
      merged("{listen: {mode: '0660'}, upstream: {subprotocols: [a, b]}}",
             "{name: b, listen: ['unix:/b'], upstream: {url: ws://h, subprotocols: [c]}}");
  CHECK(bridge.upstream.subprotocols == std::vector<std::string>{"c"});
  CHECK(bridge.listen.front().mode == "0600");
  const Bridge with_map =
      merged("{listen: {mode: '0660'}}",
             "{name: b, listen: {address: 'unix:/b'}, upstream: {url: ws://h}}");
  CHECK(with_map.listen.front().mode == "0660");
}

TEST_CASE("merge: null takes a default away", "[merge]") {
  const Bridge bridge = merged(
      "{upstream: {origin: o, subprotocols: [a], headers: {X-A: a, X-B: b}}, framing: {mode: raw}}",
      "{name: b, listen: 'unix:/b', framing: ~, upstream: {url: ws://h, origin: ~, subprotocols: , "
      "headers: {x-a: null}}}");
  CHECK(bridge.upstream.origin.empty());
  CHECK(bridge.upstream.subprotocols.empty());
  REQUIRE(bridge.upstream.headers.size() == 1);
  CHECK(bridge.upstream.headers.front().name == "X-B");
  CHECK(bridge.framing.mode == FramingMode::kLine);
  CHECK(bridge.framing.message_type == MessageKind::kText);
}

TEST_CASE("merge: headers are one in any case of their names (RFC 9110 5.1)", "[merge]") {
  const Bridge bridge =
      merged("{upstream: {headers: {X-Tenant: a, X-Other: o}}}",
             "{name: b, listen: 'unix:/b', upstream: {url: ws://h, headers: {x-tenant: b}}}");
  REQUIRE(bridge.upstream.headers.size() == 2);
  CHECK(bridge.upstream.headers[0].name == "x-tenant");
  CHECK(bridge.upstream.headers[0].value == "b");
}

TEST_CASE("merge: an error in the defaults is reported once, in its own place", "[merge]") {
  const std::string bridges =
      "bridges:\n"
      "  - {name: a, listen: 'unix:/a', upstream: {url: ws://h}}\n"
      "  - {name: b, listen: 'unix:/b', upstream: {url: ws://h, ping_timeout: 1s}}\n";
  CHECK(errors_of("defaults: {upstream: {ping_timeout: 5}}\n" + bridges) ==
        "f:1:37: ping_timeout must be a duration such as 250ms, 10s, 5m or 1h, not '5' (did you "
        "mean '5s'?)");
  CHECK(errors_of("defaults: {upstreem: 1}\n" + bridges) ==
        "f:1:12: unknown key 'upstreem' (did you mean 'upstream'?)");
  CHECK(errors_of("defaults: []\n" + bridges) == "f:1:11: defaults must be a map of keys");
}

TEST_CASE("merge: a rule between a default and a bridge's own key names the key", "[merge]") {
  CHECK(errors_of("defaults: {upstream: {origin: https://o}}\n"
                  "bridges:\n"
                  "  - name: a\n"
                  "    listen: 'unix:/a'\n"
                  "    upstream: {url: ws://h, headers: {Origin: https://p}}\n") ==
        "f:5:39: an Origin header and origin: use one of them");
}

}  // namespace
}  // namespace wsbridged::config
