// SPDX-License-Identifier: MIT
// The effective configuration as text: loads again to the same, holds no secret.
#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

Config loaded(const std::string& yaml) {
  Loaded result = load(yaml);
  REQUIRE(joined(result.errors).empty());
  return std::move(result.config);
}

TEST_CASE("print: holds no secret", "[print]") {
  const std::string text =
      print(loaded("bridges:\n"
                   "  - name: b\n"
                   "    listen: [127.0.0.1:1, 'unix:@b']\n"
                   "    upstream:\n"
                   "      url: wss://hunter2:hunter2@h:1/path?hunter2=hunter2\n"
                   "      headers: {X-Key: hunter2}\n"
                   "      proxy: http://hunter2:hunter2@proxy:1\n"
                   "      on_open: [hunter2]\n"));
  CHECK_THAT(text, !ContainsSubstring("hunter2"));
  CHECK_THAT(text, ContainsSubstring("url: \"wss://h:1/path\"\n"));
  CHECK_THAT(text, ContainsSubstring("\"X-Key\": \"(redacted)\"\n"));
  CHECK_THAT(text, ContainsSubstring("- \"(redacted)\"\n"));
  CHECK_THAT(text, ContainsSubstring("proxy: \"http://proxy:1\"\n"));
  const std::string other = print(loaded(bridge_with(
      "      basic_auth: {user: hunter2, password: hunter2}\n      proxy: hunter2:hunter2@p:1\n")));
  CHECK_THAT(other, !ContainsSubstring("hunter2"));
  CHECK_THAT(other, ContainsSubstring("proxy: \"p:1\"\n"));
}

TEST_CASE("print: what it writes loads again and is then the same", "[print]") {
  const std::string framing = GENERATE(
      as<std::string>{}, "{}", "{mode: raw}", "{mode: length-prefixed, max_line: 7}",
      "{encoding: windows-1252, delimiter: \"\\x80\"}",
      "{mode: raw, message_type: text, invalid_utf8: replace}",
      "{delimiter: \"\\0\", keep_cr: true, message_type: auto, embedded_delimiter: escape}",
      "{delimiter: \"\\r\\n\\t\\\"\\\\\\e\\x7f\", max_line: 1000}",
      "{delimiter: \"\\x85\\u2028\\u2029\\ufeff\"}", "{delimiter: \"$${\\x9f\xc3\xa4$\"}");
  INFO(framing);
  const Config config = loaded(
      "defaults: {framing: {final_partial_line: drop}}\n"
      "log: {level: warn, format: journal}\nthreads: 2\nlimits: {memory: 3GiB}\nshutdown: {quiet: "
      "1500ms}\n" +
      bridge_with("      subprotocols: [a, \"!#$%&'*+-.^_`|~\"]\n"
                  "      headers: {A: \"$${env:X}\"}\n"
                  "      origin: $${env:X}\n"
                  "      basic_auth: {user: u, password: p}\n"
                  "      proxy: none\n"
                  "      resolve: {'h:80': '10.0.0.7', \"*:81\": 'unix:/a b'}\n"
                  "      follow_redirects: 2\n"
                  "      redirect_to: [https://b.example]\n"
                  "    session: {on_local_eof: close, max_connections: 7, buffer: 5000}\n"
                  "    framing: " +
                  std::string(framing) + "\n"));
  const std::string text = print(config);
  const Config again = loaded(text);
  CHECK(print(again) == text);
  CHECK_THAT(joined(load(text).warnings), !ContainsSubstring("has no effect"));
  CHECK(again.bridges[0].upstream.origin == "${env:X}");
  CHECK(again.bridges[0].upstream.resolve == config.bridges[0].upstream.resolve);
  CHECK(again.bridges[0].upstream.redirect_to == config.bridges[0].upstream.redirect_to);
  CHECK(again.bridges[0].framing.mode == config.bridges[0].framing.mode);
  CHECK(again.bridges[0].framing.delimiter == config.bridges[0].framing.delimiter);
  CHECK(again.bridges[0].framing.message_type == config.bridges[0].framing.message_type);
  CHECK(again.bridges[0].framing.encoding == config.bridges[0].framing.encoding);
  CHECK(again.bridges[0].framing.max_line == config.bridges[0].framing.max_line);
  CHECK(again.bridges[0].session.buffer == 5000);
  CHECK(again.shutdown.quiet == milliseconds(1500));
  CHECK(again.threads == 2U);
  CHECK(again.limits.memory == std::size_t{3} << 30);
}

TEST_CASE("print: the settings one by one are what is printed, and know what is redacted",
          "[print]") {
  const Config config = loaded(
      "bridges:\n- name: b\n  listen: [127.0.0.1:1, 'systemd:s']\n"
      "  upstream: {url: 'wss://h/?p', headers: {A: secret}, on_open: [one, two],\n"
      "    basic_auth: {user: u, password: p}, proxy: 'http://u:p@x:1'}\n");
  std::string text;
  for (const Setting& setting : settings_of(config)) {
    if (setting.value != setting.shown && setting.value.find('"') == std::string::npos) {
      text += setting.path + " " + setting.value + " " + setting.shown + "\n";
    }
  }
  CHECK(text ==
        "bridges.b.upstream.url wss://h/?p \"wss://h/\"\n"
        "bridges.b.upstream.headers.\"A\" secret \"(redacted)\"\n"
        "bridges.b.upstream.basic_auth.user u \"(redacted)\"\n"
        "bridges.b.upstream.basic_auth.password p \"(redacted)\"\n"
        "bridges.b.upstream.proxy http://u:p@x:1 \"http://x:1\"\n"
        "bridges.b.upstream.on_open one \"(redacted)\"\n"
        "bridges.b.upstream.on_open two \"(redacted)\"\n");
  CHECK_THAT(print(config), !ContainsSubstring("systemd:s\"\n        backlog"));
}

TEST_CASE("print: urls without what is secret in them, and they load again", "[print]") {
  const std::string text =
      print(loaded("bridges:\n"
                   "  - name: b\n"
                   "    listen: 127.0.0.1:1\n"
                   "    upstream: {urls: ['wss://hunter2:hunter2@h:1/a?hunter2', ws://i/]}\n"
                   "    reconnect: {enabled: true, replay: 2MiB}\n"));
  CHECK_THAT(text, !ContainsSubstring("hunter2"));
  CHECK_THAT(text, ContainsSubstring("urls:\n        - \"wss://h:1/a\"\n        - \"ws://i/\"\n"));
  CHECK_THAT(text, !ContainsSubstring("url: "));
  CHECK(print(loaded(text)) == text);
  CHECK(loaded(text).bridges[0].reconnect.enabled);
}

TEST_CASE("print: a configuration of nothing is printed too", "[print]") {
  Config config;
  config.bridges.emplace_back();
  CHECK_THAT(print(config), ContainsSubstring("url: \"\"\n"));
}

}  // namespace
}  // namespace wsbridged::config
