// SPDX-License-Identifier: MIT
// Every key at and beyond its limits, and that each reaches its member.
#include "config/tables.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

struct Limit {
  std::string_view before;  // of the value; line 6
  std::vector<std::string> good;
  std::vector<std::string> bad;
  std::string_view reason;
};

TEST_CASE("tables: each number is taken at its limits and refused beyond them", "[tables]") {
  const auto each =
      GENERATE(Limit{"threads: ",
                     {"1", "256", "auto"},
                     {"0", "257", "-1", "two"},
                     "threads must be auto or a number from 1 to 256"},
               Limit{"limits: {memory: ",
                     {"1MiB", "1024GiB", "auto"},
                     {"0", "1023KiB", "1025GiB"},
                     "memory must be auto or from 1MiB to 1024GiB"},
               Limit{"shutdown: {drain_timeout: ",
                     {"0s", "24h"},
                     {"25h", "86400001ms"},
                     "drain_timeout must be from 0s to 24h"},
               Limit{"shutdown: {quiet: ", {"0s", "1h"}, {"3601s"}, "quiet must be from 0s to 1h"},
               Limit{"      connect_timeout: ",
                     {"1ms", "10m"},
                     {"0s", "601s"},
                     "connect_timeout must be from 1ms to 10m"},
               Limit{"      ping_interval: ",
                     {"0s", "10ms", "24h"},
                     {"9ms", "25h"},
                     "ping_interval must be from 10ms to 24h"},
               Limit{"      ping_timeout: ",
                     {"10ms", "24h"},
                     {"0s", "9ms", "25h"},
                     "ping_timeout must be from 10ms to 24h"},
               Limit{"    framing: {max_line: ",
                     {"1", "1GiB"},
                     {"0", "1073741825", "2GiB"},
                     "max_line must be from 1 to 1GiB"},
               Limit{"    framing: {max_message: ",
                     {"1", "1GiB"},
                     {"0", "2GiB"},
                     "max_message must be from 1 to 1GiB"},
               Limit{"    session: {drain_timeout: ",
                     {"0s", "24h"},
                     {"25h"},
                     "drain_timeout must be from 0s to 24h"},
               Limit{"    session: {max_connections: ",
                     {"1", "1000000"},
                     {"0", "1000001"},
                     "max_connections must be from 1 to 1000000"},
               Limit{"    session: {buffer: ",
                     {"1KiB", "1GiB"},
                     {"1023", "2GiB"},
                     "buffer must be from 1KiB to 1GiB"});
  const std::string end = each.before.find('{') != std::string_view::npos ? "}\n" : "\n";
  const auto errors = [&](const std::string& value) {
    return errors_of(bridge_with(std::string(each.before) + value + end));
  };
  const std::string place = "f:6:" + std::to_string(each.before.size() + 1) + ": ";
  for (const std::string& value : each.good) {
    INFO(value);
    CHECK(errors(value).empty());
  }
  for (const std::string& value : each.bad) {
    std::string expected = place;
    expected.append(each.reason).append(", not '").append(value).append("'");
    CHECK(errors(value) == expected);
  }
}

TEST_CASE("tables: backlog and counts have limits", "[tables]") {
  const auto errors = [](const std::string& listen, const std::string& upstream) {
    return errors_of("bridges: [{name: b, listen: " + listen + ", upstream: {url: ws://h, " +
                     upstream + "}}]");
  };
  CHECK(errors("{address: 'unix:/b', backlog: 65535}", "").empty());
  CHECK(errors("{address: 'unix:/b', backlog: 0}", "") ==
        "f:1:59: backlog must be from 1 to 65535, not '0'");
  CHECK(errors("{address: 'unix:/b', backlog: '5'}", "") ==
        "f:1:59: backlog must be written without quotes");
  const auto many = [](const std::string& part, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "" : ", ") + part + std::to_string(i);
    }
    return text;
  };
  CHECK(errors("[" + many("unix:/b", kMaxListeners) + "]", "").empty());
  CHECK_THAT(errors("[" + many("unix:/b", kMaxListeners + 1) + "]", ""),
             ContainsSubstring(": listen must have at most 64 entries"));
  CHECK(errors("unix:/b", "subprotocols: [" + many("p", kMaxSubprotocols) + "]").empty());
  CHECK_THAT(errors("unix:/b", "subprotocols: [" + many("p", kMaxSubprotocols + 1) + "]"),
             ContainsSubstring(": subprotocols must have at most 32 entries"));
  CHECK(errors("unix:/b", "on_open: [" + many("l", kMaxOnOpen) + "]").empty());
  CHECK_THAT(errors("unix:/b", "on_open: [" + many("l", kMaxOnOpen + 1) + "]"),
             ContainsSubstring(": on_open must have at most 64 entries"));
  CHECK(errors("unix:/b", "headers: {" + many("A: a, B", 1) + ": b}").empty());
  const auto headers = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += "X" + std::to_string(i) + ": v, ";
    }
    return "headers: {" + text + "}";
  };
  CHECK(errors("unix:/b", headers(kMaxHeaders)).empty());
  CHECK_THAT(errors("unix:/b", headers(kMaxHeaders + 1)),
             ContainsSubstring(": headers must have at most 64 entries"));
}

TEST_CASE("tables: at most a thousand bridges", "[tables]") {
  const auto bridges = [](std::size_t count) {
    std::string text = "defaults: {upstream: {url: ws://h}}\nbridges:\n";
    for (std::size_t i = 0; i < count; ++i) {
      text += "- {name: b" + std::to_string(i) + ", listen: 'unix:/" + std::to_string(i) + "'}\n";
    }
    return text;
  };
  CHECK(errors_of(bridges(kMaxBridges)).empty());
  CHECK(errors_of(bridges(kMaxBridges + 1)) == "f:1003:3: bridges must have at most 1000 entries");
}

TEST_CASE("tables: every key reaches its member", "[tables]") {
  const TemporaryFolder folder;
  const std::string jar = folder.write("jar", "");
  const Loaded loaded = load(
      "log: {level: debug, format: json}\n"
      "threads: 3\n"
      "limits: {memory: 64MiB}\n"
      "shutdown: {drain_timeout: 5s, quiet: 1s}\n"
      "bridges:\n"
      "  - name: b\n"
      "    listen:\n"
      "      - {address: unix:/b, mode: 0660, owner: o, group: g, backlog: 7}\n"
      "      - {address: 0.0.0.0:1, allow_remote: true}\n"
      "    upstream: {url: wss://h, subprotocols: [p, q], require_subprotocol: false, "
      "cookie_jar: " +
      jar + ", headers: {A: b}, origin: o, tls: {ca_file: " + jar +
      ", server_name: s, min_version: 1.3, insecure_skip_verify: true}, connect_timeout: 1s, "
      "compression: true, ping_interval: 0s, ping_timeout: 2s, on_open: [l]}\n"
      "    framing: {mode: line, delimiter: \"\\0\", keep_cr: true, message_type: auto, max_line: "
      "9, "
      "max_message: 8, invalid_utf8: replace, embedded_delimiter: keep, binary_messages: hex, "
      "final_partial_line: drop}\n"
      "    session: {on_local_eof: close, drain_timeout: 3s, on_upstream_error: close, "
      "max_connections: 4, buffer: 2KiB}\n"
      "    reconnect: {enabled: true, initial: 2s, max: 3s, max_elapsed: 4s, replay: 5KiB, "
      "confirm_interval: 6s}\n");
  REQUIRE(joined(loaded.errors).empty());
  const Config& config = loaded.config;
  CHECK(config.log.level == LogLevel::kDebug);
  CHECK(config.log.format == LogFormat::kJson);
  CHECK(config.threads == 3U);
  CHECK(config.limits.memory == std::size_t{64} << 20);
  CHECK(config.shutdown.drain_timeout == milliseconds(5000));
  CHECK(config.shutdown.quiet == milliseconds(1000));
  const Bridge& bridge = config.bridges.at(0);
  CHECK(bridge.name == "b");
  REQUIRE(bridge.listen.size() == 2);
  CHECK(bridge.listen[0].address == Address(UnixAddress{"/b", false}));
  CHECK(bridge.listen[0].mode == "0660");
  CHECK(bridge.listen[0].owner == "o");
  CHECK(bridge.listen[0].group == "g");
  CHECK(bridge.listen[0].backlog == 7);
  CHECK(bridge.listen[1].allow_remote);
  const Upstream& upstream = bridge.upstream;
  CHECK(upstream.url == "wss://h");
  CHECK(upstream.subprotocols == std::vector<std::string>{"p", "q"});
  CHECK_FALSE(upstream.require_subprotocol);
  CHECK(upstream.cookie_jar == jar);
  CHECK(upstream.headers.at(0).name + upstream.headers.at(0).value == "Ab");
  CHECK(upstream.origin == "o");
  CHECK(upstream.tls.ca_file == jar);
  CHECK(upstream.tls.server_name == "s");
  CHECK(upstream.tls.min_version == "1.3");
  CHECK(upstream.tls.insecure_skip_verify);
  CHECK(upstream.connect_timeout == milliseconds(1000));
  CHECK(upstream.compression);
  CHECK(upstream.ping_interval == milliseconds(0));
  CHECK(upstream.ping_timeout == milliseconds(2000));
  CHECK(upstream.on_open == std::vector<std::string>{"l"});
  const Framing& framing = bridge.framing;
  CHECK(framing.delimiter == std::string(1, '\0'));
  CHECK(framing.keep_cr);
  CHECK(framing.message_type == MessageKind::kAuto);
  CHECK(framing.max_line == 9);
  CHECK(framing.max_message == 8);
  CHECK(framing.invalid_utf8 == InvalidUtf8::kReplace);
  CHECK(framing.embedded_delimiter == EmbeddedDelimiter::kKeep);
  CHECK(framing.binary_messages == BinaryMessages::kHex);
  CHECK(framing.final_partial_line == FinalPartialLine::kDrop);
  CHECK(bridge.session.on_local_eof == OnLocalEof::kClose);
  CHECK(bridge.session.drain_timeout == milliseconds(3000));
  CHECK(bridge.session.on_upstream_error == OnUpstreamError::kClose);
  CHECK(bridge.session.max_connections == 4);
  CHECK(bridge.session.buffer == 2048);
  CHECK(bridge.reconnect.enabled);
  CHECK(bridge.reconnect.initial == milliseconds(2000));
  CHECK(bridge.reconnect.max == milliseconds(3000));
  CHECK(bridge.reconnect.max_elapsed == milliseconds(4000));
  CHECK(bridge.reconnect.replay == 5120);
  CHECK(bridge.reconnect.confirm_interval == milliseconds(6000));
}

TEST_CASE("tables: words of an enumeration are listed with the nearest", "[tables]") {
  CHECK(errors_of(bridge_with("log: {level: warning}\n")) ==
        "f:6:14: level must be debug, info, warn or error, not 'warning' (did you mean 'warn'?)");
  CHECK(errors_of(bridge_with("log: {level: wran}\n")) ==
        "f:6:14: level must be debug, info, warn or error, not 'wran' (did you mean 'warn'?)");
  CHECK(errors_of(bridge_with("    framing: {embedded_delimiter: spaces}\n")) ==
        "f:6:35: embedded_delimiter must be space, escape, split, reject or keep, not 'spaces' "
        "(did you mean 'space'?)");
}

TEST_CASE("tables: subprotocols are distinct tokens (RFC 6455 4.1)", "[tables]") {
  CHECK(errors_of(bridge_with("      subprotocols: [a, b, a, 'c d', A]\n")) ==
        "f:6:28: subprotocols must not hold one twice, not 'a'\n"
        "f:6:31: subprotocols must hold tokens: letters, digits and !#$%&'*+-.^_`|~, not 'c d'");
}

TEST_CASE("tables: a header is there once, whatever its case, and is not the handshake's",
          "[tables]") {
  CHECK(errors_of(bridge_with("      headers:\n"
                              "        X-A: 1\n"
                              "        x-a: 2\n"
                              "        Upgrade: 3\n"
                              "        a b: 4\n")) ==
        "f:8:9: headers must not hold one header twice, whatever its case, not 'x-a'\n"
        "f:9:9: headers must not hold a header of the handshake itself, not 'Upgrade'\n"
        "f:10:9: headers must have names of letters, digits and !#$%&'*+-.^_`|~, not 'a b'");
}

}  // namespace
}  // namespace wsbridged::config
