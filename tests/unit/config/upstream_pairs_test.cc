// SPDX-License-Identifier: MIT
// The keys of an upstream's way to its server: what each must look like, which need another one,
// and that no header has two sources.
#include "config/upstream_pairs.h"

#include "config/upstream_readers.h"
#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

const std::string kPin = "sha256//" + std::string(43, 'A') + "=";

TEST_CASE("upstream: every key of the way to a server reaches its member", "[upstream]") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "");
  const Loaded loaded = load(
      "bridges: [{name: b, listen: 'unix:/b', upstream: {url: wss://h, cookie_jar: " + file +
      ", store_cookies: true, basic_auth: {user: u, password: 'p:q'}, tls: {cert_file: " + file +
      ", key_file: " + file + ", pin_sha256: ['" + kPin +
      "']}, proxy: socks5://u:p@h:1, resolve: {'h:1': 10.0.0.7, '*:2': 'unix:/x'}, "
      "follow_redirects: 20, redirect_to: [https://b.example]}}]");
  REQUIRE(joined(loaded.errors).empty());
  const Upstream& upstream = loaded.config.bridges.at(0).upstream;
  CHECK(upstream.store_cookies);
  CHECK(upstream.basic_auth.user + "|" + upstream.basic_auth.password == "u|p:q");
  CHECK(upstream.tls.cert_file == file);
  CHECK(upstream.tls.key_file == file);
  CHECK(upstream.tls.pin_sha256 == std::vector{kPin});
  CHECK(upstream.proxy == "socks5://u:p@h:1");
  CHECK(upstream.resolve ==
        std::map<std::string, std::string>{{"h:1", "10.0.0.7"}, {"*:2", "unix:/x"}});
  CHECK(upstream.follow_redirects == 20);
  CHECK(upstream.redirect_to == std::vector<std::string>{"https://b.example"});
  CHECK(load(bridge_with("")).config.bridges.at(0).upstream.proxy == "env");
}

TEST_CASE("upstream: each of them has its errors", "[upstream]") {
  struct Case {
    std::string more;
    std::string errors;
  };

  const std::string pins =
      "must hold pins as curl writes them: sha256// and the Base64 of 32 bytes";
  const auto each = GENERATE_COPY(
      Case{"      follow_redirects: 21\n",
           "f:6:25: follow_redirects must be from 0 to 20, not '21'"},
      Case{"      store_cookies: true\n",
           "f:6:22: store_cookies needs cookie_jar, the file to store them in"},
      Case{"      basic_auth: {password: hunter2}\n", "f:6:30: basic_auth needs user"},
      Case{"      basic_auth: {user: 'hunter:2', password: \"hunter2\\n\"}\n",
           "f:6:26: user must be at most 8 KiB without ':' and control characters\n"
           "f:6:48: password must be at most 8 KiB without control characters"},
      Case{"      tls: {key_file: /dev/null}\n",
           "f:6:23: key_file must be a readable file (is not a regular file), not '/dev/null'"},
      Case{"      tls: {pin_sha256: [" + kPin + ", " + std::string(43, 'A') + "=, 'AA==']}\n",
           "f:6:126: pin_sha256 " + pins + ", not 'AA=='"},
      Case{"      tls: {pin_sha256: " + kPin + "}\n", "f:6:25: pin_sha256 must be a list"},
      Case{"      proxy: ''\n",
           "f:6:14: proxy must be env, none, or a URL such as http://user:password@host:3128"},
      Case{"      proxy: 'http://me:hunter 2@h'\n",
           "f:6:14: proxy must be env, none, or a URL such as http://user:password@host:3128"},
      Case{"      resolve: ['h:1']\n", "f:6:16: resolve must be a map of keys"},
      Case{"      resolve: {'h:1': [10.0.0.7]}\n", "f:6:24: resolve must be a single value"},
      Case{"      redirect_to: ['a b']\n      follow_redirects: 1\n",
           "f:6:21: redirect_to must be an origin such as https://example.com, not 'a b'"});
  INFO(each.more);
  CHECK(errors_of(bridge_with(each.more)) == each.errors);
}

TEST_CASE("upstream: lists and maps have limits", "[upstream]") {
  const auto entries = [](const std::string& before, const std::string& after, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += (i == 0 ? before : ", " + before) + std::to_string(i) + after;
    }
    return text;
  };
  const auto errors = [](const std::string& keys) {
    return errors_of(bridge_with("      follow_redirects: 1\n      " + keys + "\n"));
  };
  const auto redirects = [&](std::size_t n) {
    return errors("redirect_to: [" + entries("ws://h", "", n) + "]");
  };
  CHECK(redirects(kMaxRedirectTo).empty());
  CHECK_THAT(redirects(kMaxRedirectTo + 1),
             ContainsSubstring("redirect_to must have at most 32 entries"));
  const auto resolve = [&](std::size_t n) {
    return errors("resolve: {" + entries("'h:", "': 10.0.0.7", n) + "}");
  };
  CHECK(resolve(kMaxResolve).empty());
  CHECK_THAT(resolve(kMaxResolve + 1), ContainsSubstring("resolve must have at most 256 entries"));
  const auto pins = [&](std::size_t n) {
    std::string list;
    for (std::size_t i = 0; i < n; ++i) {
      list += kPin + ", ";
    }
    return errors("tls: {pin_sha256: [" + list + "]}");
  };
  CHECK(pins(kMaxPins).empty());
  CHECK_THAT(pins(kMaxPins + 1), ContainsSubstring("pin_sha256 must have at most 32 entries"));
}

TEST_CASE("upstream: Authorization has one source", "[upstream]") {
  const std::string header = "      headers: {authorization: x}\n";
  const std::string basic = "      basic_auth: {user: u}\n";
  CHECK(errors_of(bridge_with(header)).empty());
  CHECK(errors_of(bridge_with(basic)).empty());
  CHECK(errors_of(bridge_with(header + basic)) ==
        "f:6:17: an Authorization header and basic_auth: use one of them");
  const auto with_user = [](const std::string& more) {
    return errors_of(
        "bridges:\n- name: b\n  listen: unix:/b\n  upstream:\n      url: ws://u:p@h/\n" + more);
  };
  CHECK(with_user("").empty());
  CHECK(with_user(header) == "f:6:17: an Authorization header and a user in url: use one of them");
  CHECK(with_user(basic) == "f:6:19: basic_auth and a user in url: use one of them");
}

TEST_CASE("upstream: the unwise is a warning", "[upstream]") {
  const auto warnings = [](const std::string& url, const std::string& upstream) {
    const Loaded loaded = load("bridges: [{name: a, listen: unix:/a, upstream: {url: '" + url +
                               "', " + upstream + "}}]");
    CHECK(joined(loaded.errors).empty());
    return joined(loaded.warnings);
  };
  const std::string travels = "f:1:54: cookies or credentials travel unencrypted over ws://";
  CHECK(warnings("ws://h/", "basic_auth: {user: u}") == travels);
  CHECK(warnings("ws://u:p@h/", "") == travels);
  CHECK(warnings("ws://127.0.0.1/", "basic_auth: {user: u}").empty());
  CHECK(warnings("wss://h/", "basic_auth: {user: u}").empty());
  CHECK_THAT(warnings("wss://h/", "redirect_to: [wss://i]"),
             ContainsSubstring("redirect_to has no effect while follow_redirects is 0"));
  // A pin says who the server is, whatever its certificate.
  CHECK(warnings("wss://h/", "tls: {insecure_skip_verify: true, pin_sha256: [" + kPin + "]}")
            .empty());
  // A redirect may lead to wss.
  CHECK(warnings("ws://h/", "tls: {server_name: x}, follow_redirects: 1").empty());
}

}  // namespace
}  // namespace wsbridged::config
