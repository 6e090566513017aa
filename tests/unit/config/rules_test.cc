// SPDX-License-Identifier: MIT
// Rules between keys and between bridges, and the warnings.
#include "config/rules.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

struct Case {
  std::string_view yaml;
  std::string_view expected;
};

std::string listening_on(std::string_view listen) {
  return "bridges:\n- name: a\n  upstream: {url: ws://h}\n  listen: " + std::string(listen) + "\n";
}

constexpr std::string_view kRemote =
    "listen is not a loopback address: other machines could connect; allow it with allow_remote: "
    "true (--allow-remote)";

TEST_CASE("rules: a bridge needs a name, a listener and a URL", "[rules]") {
  const auto each = GENERATE(
      Case{"bridges: []\n", "f:1:10: bridges: at least one bridge is needed"},
      Case{"bridges: ~\n", "f:1:1: bridges: at least one bridge is needed"},
      Case{"log: {}\n", "f:1:1: bridges: at least one bridge is needed"},
      Case{"bridges:\n- {}\n",
           "f:2:3: bridge needs name\nf:2:3: bridge needs listen\nf:2:3: bridge needs upstream"},
      Case{"bridges:\n- {name: a, listen: 'unix:/a', upstream: {origin: x}}\n",
           "f:2:42: bridge needs upstream.url"},
      Case{"bridges:\n- {name: a, listen: [], upstream: {url: ws://h}}\n",
           "f:2:21: listen needs at least one address"},
      Case{"bridges:\n- {name: a, listen: {mode: '0600'}, upstream: {url: ws://h}}\n",
           "f:2:21: listen needs address"});
  INFO(each.yaml);
  CHECK(errors_of(each.yaml) == each.expected);
}

TEST_CASE("rules: a listener that others reach needs allow_remote", "[rules]") {
  for (const std::string_view listen :
       {"127.0.0.1:1", "'[::1]:1'", "localhost:1", "unix:/a", "'unix:@a'",
        "{address: ':1', allow_remote: true}", "{address: example.com:1, allow_remote: true}"}) {
    INFO(listen);
    CHECK(errors_of(listening_on(listen)).empty());
  }
  for (const std::string_view listen :
       {"0.0.0.0:1", "':1'", "'[::]:1'", "10.0.0.1:1", "example.com:1", "':0'"}) {
    INFO(listen);
    CHECK(errors_of(listening_on(listen)) == "f:4:11: " + std::string(kRemote));
  }
  CHECK(errors_of(listening_on("{address: ':1', allow_remote: false}")) ==
        "f:4:21: " + std::string(kRemote));
  CHECK(errors_of(listening_on("nonsense")) ==
        "f:4:11: listen must be HOST:PORT, [V6]:PORT, :PORT, unix:PATH, unix:@ABSTRACT or "
        "systemd:NAME, not "
        "'nonsense'");
}

TEST_CASE("rules: permissions belong to Unix sockets", "[rules]") {
  CHECK(errors_of(listening_on("{address: '127.0.0.1:1', mode: '0660', owner: a, group: b}")) ==
        "f:4:42: mode is for Unix sockets: a TCP listener has none\n"
        "f:4:57: owner is for Unix sockets: a TCP listener has none\n"
        "f:4:67: group is for Unix sockets: a TCP listener has none");
}

TEST_CASE("rules: what a .socket unit says is no key of a systemd listener", "[rules]") {
  CHECK(errors_of(listening_on("systemd:chat")).empty());
  CHECK(errors_of(listening_on("{address: 'systemd:chat', allow_remote: true}")).empty());
  CHECK(errors_of(listening_on("{address: 'systemd:chat', mode: '0660', owner: a, group: b, "
                               "backlog: 5}")) ==
        "f:4:43: mode is not for systemd:NAME: set SocketMode= in the .socket unit\n"
        "f:4:58: owner is not for systemd:NAME: set SocketUser= in the .socket unit\n"
        "f:4:68: group is not for systemd:NAME: set SocketGroup= in the .socket unit\n"
        "f:4:80: backlog is not for systemd:NAME: set Backlog= in the .socket unit");
  CHECK(errors_of(listening_on("['systemd:chat', 'systemd:chat']")) ==
        "f:4:28: listen is an address that is in use at line 4");
}

TEST_CASE("rules: names and addresses are used once", "[rules]") {
  const auto two = [](const std::string& a, const std::string& b) {
    return errors_of("defaults: {upstream: {url: ws://h}}\nbridges:\n- {listen: '" + a +
                     "', name: a}\n- {listen: '" + b + "', name: b}\n");
  };
  CHECK(two("127.0.0.1:1", "127.0.0.1:2").empty());
  CHECK(two("127.0.0.1:0", "127.0.0.1:0").empty());
  CHECK(two("127.0.0.1:1", "127.0.0.1:1") ==
        "f:4:12: listen is an address that is in use at line 3");
  CHECK(two("localhost:1", "[::1]:1") == "f:4:12: listen is an address that is in use at line 3");
  CHECK(two("unix:/x", "unix:/x") == "f:4:12: listen is an address that is in use at line 3");
  CHECK(errors_of(listening_on("[unix:/a, unix:/a]")) ==
        "f:4:21: listen is an address that is in use at line 4");
  CHECK(errors_of("defaults: {upstream: {url: ws://h}}\nbridges:\n- {listen: unix:/1, name: a}\n"
                  "- {listen: unix:/2, name: a}\n") ==
        "f:4:27: name is that of the bridge at line 3");
}

TEST_CASE("rules: one header has one source", "[rules]") {
  const TemporaryFolder folder;
  const std::string jar = folder.write("jar", "");
  CHECK(errors_of(bridge_with("      headers: {cookie: a=b}\n      cookie_jar: " + jar + "\n")) ==
        "f:6:17: a Cookie header and cookie_jar: use one of them");
  CHECK(errors_of(bridge_with("      origin: o\n      headers: {Origin: p}\n")) ==
        "f:7:17: an Origin header and origin: use one of them");
  CHECK(errors_of(bridge_with("      headers: {Cookie: a=b, Origin: p}\n")).empty());
  CHECK(errors_of(bridge_with("      cookie_jar: ''\n      headers: {Cookie: a=b}\n")).empty());
}

TEST_CASE("rules: message_type follows mode, binary_messages follows message_type", "[rules]") {
  struct Expected {
    std::string_view framing;
    MessageKind message_type;
    BinaryMessages binary_messages;
  };

  const auto each = GENERATE(
      Expected{"{}", MessageKind::kText, BinaryMessages::kBase64},
      Expected{"{message_type: binary}", MessageKind::kBinary, BinaryMessages::kRaw},
      Expected{"{message_type: auto}", MessageKind::kAuto, BinaryMessages::kRaw},
      Expected{"{message_type: auto, binary_messages: hex}", MessageKind::kAuto,
               BinaryMessages::kHex},
      Expected{"{mode: raw}", MessageKind::kBinary, BinaryMessages::kRaw},
      Expected{"{mode: length-prefixed}", MessageKind::kBinary, BinaryMessages::kRaw},
      Expected{"{mode: raw, message_type: text}", MessageKind::kText, BinaryMessages::kBase64},
      Expected{"{mode: raw, message_type: ~}", MessageKind::kBinary, BinaryMessages::kRaw});
  INFO(each.framing);
  const Loaded loaded = load(bridge_with("    framing: " + std::string(each.framing) + "\n"));
  REQUIRE(joined(loaded.errors).empty());
  CHECK(loaded.config.bridges[0].framing.message_type == each.message_type);
  CHECK(loaded.config.bridges[0].framing.binary_messages == each.binary_messages);
}

TEST_CASE("rules: on_open holds lines of the bridge", "[rules]") {
  CHECK(errors_of(bridge_with("      on_open: [abcd, abc, '']\n    framing: {max_line: 3}\n")) ==
        "f:6:17: on_open must hold lines of at most max_line");
  CHECK(errors_of(bridge_with("      on_open: [\"a;b\", \"a\\n\"]\n"
                              "    framing: {delimiter: ';'}\n")) ==
        "f:6:17: on_open must hold lines without the delimiter (a block of text: '>-')");
  CHECK(errors_of(bridge_with("      on_open: [\"a\\n\"]\n    framing: {mode: raw}\n")).empty());
}

TEST_CASE("rules: the unwise is a warning and loads", "[rules]") {
  const auto warnings = [](const std::string& yaml) {
    const Loaded loaded = load(yaml);
    CHECK(joined(loaded.errors).empty());
    return joined(loaded.warnings);
  };
  CHECK(warnings(bridge_with("")).empty());
  CHECK(warnings(bridge_with("      headers: {Authorization: x}\n")) ==
        "f:5:12: cookies or credentials travel unencrypted over ws://");
  CHECK(warnings(bridge_with("      tls: {server_name: x}\n")) ==
        "f:5:12: tls has no effect on a ws:// URL");
  CHECK(warnings(listening_on("{address: unix:/a, mode: '0666'}")) ==
        "f:4:36: mode lets every user of this machine connect");
  CHECK(warnings(listening_on("{address: unix:/a, mode: '0660'}")).empty());
  CHECK(warnings("bridges: [{name: a, listen: unix:/a, upstream: {url: wss://h, tls: "
                 "{insecure_skip_verify: true}}}]") ==
        "f:1:91: insecure_skip_verify: anyone can be the server");
  CHECK(warnings("bridges: [{name: a, listen: unix:/a, upstream: {url: ws://127.0.0.1:1/, headers: "
                 "{Cookie: a=b}}}]")
            .empty());
}

}  // namespace
}  // namespace wsbridged::config
