// SPDX-License-Identifier: MIT
// A bridge out of flags: the same rules as a file's, errors under the flag's name.
#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

QuickBridge good() {
  return {"127.0.0.1:1", "wss://h/", {}, "", {}, false};
}

std::string errors_for(const QuickBridge& bridge, const Variables& variables = {}) {
  return joined(load_quick_bridge(bridge, environment_of(variables)).errors);
}

TEST_CASE("quick bridge: flags make one bridge named main with all defaults", "[quick_bridge]") {
  const TemporaryFolder folder;
  QuickBridge flags = good();
  flags.subprotocols = {"a", "b"};
  flags.cookie_jar = folder.write("jar", "");
  flags.headers = {"X-A: 1", "X-B:  two words ", "X-C:"};
  const Loaded loaded = load_quick_bridge(flags, environment_of({}));
  REQUIRE(joined(loaded.errors).empty());
  REQUIRE(loaded.config.bridges.size() == 1);
  const Bridge& bridge = loaded.config.bridges[0];
  CHECK(bridge.name == "main");
  CHECK(bridge.listen.at(0).address == Address(TcpAddress{"127.0.0.1", 1}));
  CHECK(bridge.upstream.url == "wss://h/");
  CHECK(bridge.upstream.subprotocols == std::vector<std::string>{"a", "b"});
  CHECK(bridge.upstream.cookie_jar == flags.cookie_jar);
  REQUIRE(bridge.upstream.headers.size() == 3);
  CHECK(bridge.upstream.headers[1].value == "two words");
  CHECK(bridge.upstream.headers[2].value.empty());
  CHECK(bridge.framing.message_type == MessageKind::kText);
  CHECK_FALSE(loaded.config.threads.has_value());
}

TEST_CASE("quick bridge: all errors at once, each under its flag", "[quick_bridge]") {
  QuickBridge flags{
      "0.0.0.0:1", "https://u:hunter2@h", {"a", "a"}, "/none", {"nocolon", "a b: c", "Upgrade: x"},
      false};
  const std::string errors = errors_for(flags);
  const std::string_view remote =
      "--listen: listen is not a loopback address: other machines could connect; allow it with "
      "allow_remote: true (--allow-remote)";
  const std::string_view jar =
      "--cookie-jar: cookie_jar must be a readable file (No such file or directory), not '/none'";
  for (const std::string_view line : std::initializer_list<std::string_view>{
           remote, "--upstream: url must begin with ws:// or wss:// (did you mean 'wss://'?)",
           "--subprotocol: subprotocols must not hold one twice, not 'a'", jar,
           "--header: must be 'Name: value'",
           "--header: headers must have names of letters, digits and !#$%&'*+-.^_`|~, not 'a b'",
           "--header: headers must not hold a header of the handshake itself, not 'Upgrade'"}) {
    CHECK_THAT(errors, ContainsSubstring(std::string(line)));
  }
  CHECK_THAT(errors, !ContainsSubstring("hunter2"));
}

TEST_CASE("quick bridge: --allow-remote opens, a missing --listen is an error", "[quick_bridge]") {
  QuickBridge flags = good();
  flags.listen = ":0";
  flags.allow_remote = true;
  CHECK(errors_for(flags).empty());
  flags.listen = "";
  CHECK(errors_for(flags) == "--listen: listen needs address");
}

TEST_CASE("quick bridge: references expand in flags, a whole header too", "[quick_bridge]") {
  QuickBridge flags = good();
  flags.upstream = "wss://${env:HOST}/";
  flags.headers = {"${env:HEADER}", "X-T: ${env:TOKEN}"};
  const Loaded loaded = load_quick_bridge(
      flags, environment_of({{"HOST", "h"}, {"HEADER", "Authorization: s"}, {"TOKEN", "a:b"}}));
  REQUIRE(joined(loaded.errors).empty());
  const Upstream& upstream = loaded.config.bridges[0].upstream;
  CHECK(upstream.url == "wss://h/");
  CHECK(upstream.headers.at(0).name == "Authorization");
  CHECK(upstream.headers.at(0).value == "s");
  CHECK(upstream.headers.at(1).value == "a:b");
  flags.headers = {"X-T: ${env:NO}"};
  CHECK(errors_for(flags, {{"HOST", "h"}}) == "--header: '${env:NO}' is not set");
  flags.headers = {"${env:TOKEN}"};
  CHECK(errors_for(flags, {{"HOST", "h"}, {"TOKEN", "hunter2"}}) ==
        "--header: must be 'Name: value'");
}

}  // namespace
}  // namespace wsbridged::config
