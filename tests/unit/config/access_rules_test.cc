// SPDX-License-Identifier: MIT
// What no listener of a bridge can tell is an error of its configuration.
#include "config/access_rules.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

struct Case {
  std::string listen;
  std::string more;  // below the listener
  std::string errors;
};

std::string yaml_of(const Case& each) {
  return "bridges:\n- name: b\n  listen: " + each.listen + "\n" + each.more;
}

const std::string kUrl = "  upstream: {url: ws://h}\n";
const std::string kProxied = "{address: 'unix:/a', proxy_protocol: {from: [unix]}}";

TEST_CASE("access rules: a list that judges nobody is an error", "[access_rules]") {
  const std::string no_accounts =
      " is for Unix sockets: the TCP listener '127.0.0.1:1' cannot tell who connects (use "
      "allow_cidrs there, in a bridge of its own)";
  const auto each = GENERATE_COPY(
      Case{"127.0.0.1:1", kUrl + "  access: {allow_uids: [0]}\n",
           "f:5:24: allow_uids" + no_accounts},
      Case{"127.0.0.1:1", kUrl + "  access: {allow_gids: [adm]}\n",
           "f:5:24: allow_gids" + no_accounts},
      Case{"['unix:/a', 127.0.0.1:1]", kUrl + "  access: {allow_uids: [0]}\n",
           "f:5:24: allow_uids" + no_accounts},
      Case{"unix:/a", kUrl + "  access: {allow_cidrs: [10.0.0.0/8]}\n",
           "f:5:25: allow_cidrs is for TCP listeners, or Unix ones with proxy_protocol: this "
           "bridge has neither"},
      Case{"unix:/a", kUrl + "  access: {allow_uids: [0, root], allow_gids: [1]}\n", ""},
      Case{"127.0.0.1:1", kUrl + "  access: {allow_cidrs: [10.0.0.0/8, '::1']}\n", ""},
      Case{"['unix:/a', 127.0.0.1:1]", kUrl + "  access: {allow_cidrs: [127.0.0.1]}\n", ""},
      Case{kProxied, kUrl + "  access: {allow_cidrs: [10.0.0.0/8], allow_uids: [0]}\n", ""},
      Case{"127.0.0.1:1", kUrl + "  access: {allow_uids: [], allow_gids: []}\n", ""});
  INFO(yaml_of(each));
  CHECK(errors_of(yaml_of(each)) == each.errors);
}

TEST_CASE("access rules: entries are judged one by one", "[access_rules]") {
  CHECK(errors_of(
            yaml_of({"127.0.0.1:1", kUrl + "  access: {allow_cidrs: [10.0.0.1/8, x]}\n", ""})) ==
        "f:5:26: allow_cidrs must hold networks: no bits behind the prefix, not '10.0.0.1/8' (did "
        "you mean '10.0.0.0/8'?)\n"
        "f:5:38: allow_cidrs must hold networks such as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1, "
        "not 'x'");
  CHECK(errors_of(yaml_of({"unix:/a", kUrl + "  access: {allow_uids: ['', 'a b']}\n", ""})) ==
        "f:5:25: allow_uids must not hold an empty name, not ''\n"
        "f:5:29: allow_uids must be a name or a number of the system's, not 'a b'");
  CHECK(errors_of(yaml_of({"unix:/a", kUrl + "  access: {allow_uid: [0]}\n", ""})) ==
        "f:5:12: unknown key 'allow_uid' (did you mean 'allow_uids'?)");
  std::string many = "0";
  for (int i = 1; i <= 256; ++i) {
    many += ", " + std::to_string(i);
  }
  CHECK_THAT(errors_of(yaml_of({"unix:/a", kUrl + "  access: {allow_uids: [" + many + "]}\n", ""})),
             ContainsSubstring("allow_uids must have at most 256 entries"));
}

TEST_CASE("access rules: proxies are networks on TCP and unix on a Unix socket", "[access_rules]") {
  const auto each = GENERATE_COPY(
      Case{"{address: 127.0.0.1:1, proxy_protocol: {from: [10.0.0.0/8]}}", kUrl, ""},
      Case{kProxied, kUrl, ""}, Case{"{address: 127.0.0.1:1, proxy_protocol: {}}", kUrl, ""},
      Case{"{address: 127.0.0.1:1, proxy_protocol: {from: [unix]}}", kUrl,
           "f:3:57: from must hold networks: unix is for Unix listeners"},
      Case{"{address: 'unix:/a', proxy_protocol: {from: [10.0.0.1]}}", kUrl,
           "f:3:55: from must be [unix] on a Unix listener, whose peers have no address"},
      Case{"{address: 127.0.0.1:1, proxy_protocol: true}", kUrl,
           "f:3:50: proxy_protocol must be a map of keys"});
  INFO(yaml_of(each));
  CHECK(errors_of(yaml_of(each)) == each.errors);
}

TEST_CASE("access rules: a template that a listener can never fill in is an error",
          "[access_rules]") {
  const std::string no_tcp = ", which a TCP listener of this bridge cannot tell";
  const std::string no_unix =
      ", which a Unix listener without proxy_protocol of this bridge cannot tell";
  const auto each = GENERATE_COPY(
      Case{"127.0.0.1:1", "  upstream: {url: 'ws://h/{peer.uid}'}\n",
           "f:4:19: url holds {peer.uid}" + no_tcp},
      Case{"127.0.0.1:1", "  upstream: {url: ws://h, headers: {A: '{peer.pid}{peer.gid}'}}\n",
           "f:4:40: headers holds {peer.pid}" + no_tcp + "\nf:4:40: headers holds {peer.gid}" +
               no_tcp},
      Case{"unix:/a", "  upstream: {url: ws://h, on_open: ['{peer.addr}']}\n",
           "f:4:37: on_open holds {peer.addr}" + no_unix},
      Case{"unix:/a", "  upstream: {url: ws://h, cookie_jar: '/j/{peer.port}'}\n",
           "f:4:39: cookie_jar holds {peer.port}" + no_unix},
      Case{"['unix:/a', 127.0.0.1:1]", "  upstream: {url: 'ws://h/{peer.uid}{peer.addr}'}\n",
           "f:4:19: url holds {peer.uid}" + no_tcp + "\nf:4:19: url holds {peer.addr}" + no_unix},
      Case{"['unix:/a', 127.0.0.1:1]", "  upstream: {url: 'ws://h/{bridge}{session}'}\n", ""},
      Case{kProxied, "  upstream: {url: 'ws://h/{peer.uid}/{peer.addr}'}\n", ""},
      Case{"127.0.0.1:1", "  upstream: {url: 'ws://h/{{peer.uid}}'}\n", ""});
  INFO(yaml_of(each));
  CHECK(errors_of(yaml_of(each)) == each.errors);
}

TEST_CASE("access rules: what was read is printed, and read again", "[access_rules]") {
  const std::string yaml = yaml_of(
      {"{address: 'unix:@a', proxy_protocol: {from: [unix]}}",
       "  upstream: {url: 'ws://h/{{bridge}}{peer.uid}', cookie_jar: '/j/{peer.uid}'}\n"
       "  access: {allow_uids: [root, 1000], allow_gids: [adm], allow_cidrs: [10.0.0.0/8, '::1']}\n"
       "  session: {open: first_byte, error_line: 'ERR {reason}', idle_timeout: 5m}\n",
       ""});
  const Loaded loaded = load(yaml);
  REQUIRE(joined(loaded.errors).empty());
  const Bridge& bridge = loaded.config.bridges[0];
  CHECK(bridge.listen[0].proxy_protocol.from_unix);
  CHECK(bridge.access.allow_uids == std::vector<std::string>{"root", "1000"});
  CHECK(bridge.access.allow_cidrs.size() == 2);
  CHECK(bridge.session.open == SessionOpen::kFirstByte);
  CHECK(bridge.session.idle_timeout == std::chrono::minutes(5));
  const std::string printed = print(loaded.config);
  CHECK(print(load(printed).config) == printed);
  CHECK_THAT(printed, ContainsSubstring("ERR {reason}"));
  CHECK_THAT(printed, ContainsSubstring("ws://h/{{bridge}}{peer.uid}"));
}

}  // namespace
}  // namespace wsbridged::config
