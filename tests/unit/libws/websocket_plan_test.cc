// SPDX-License-Identifier: MIT
#include "websocket_plan.h"

#include <chrono>
#include <functional>
#include <string>

#include "support/catch.h"

namespace ws {
namespace {

using std::chrono::milliseconds;

Url example() {
  return parse_url("wss://chat.example.com:8443/room?x=1").value();
}

Error failure_of(const Options& options) {
  const auto plan = plan_opening(example(), options);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().phase == Phase::kOptions);
  CHECK(plan.error().code == ErrorCode::kInvalidOption);
  return plan.error();
}

}  // namespace

TEST_CASE("opening plan: URL and options are divided between dial and request") {
  Options options;
  options.subprotocols = {"chat"};
  options.origin = "https://example.com";
  options.tls.server_name = "front.example.com";
  options.unix_path = "/run/chat.sock";
  options.connect_timeout = milliseconds(1500);
  const auto plan = plan_opening(example(), options);
  REQUIRE(plan);
  CHECK(plan.value().route.server_name == "front.example.com");
  CHECK(plan.value().route.unix_path == "/run/chat.sock");
  CHECK(plan.value().request.url.target == "/room?x=1");
  CHECK(plan.value().request.subprotocols == options.subprotocols);
  CHECK(plan.value().request.origin == options.origin);
  CHECK(plan.value().timeout == milliseconds(1500));
}

TEST_CASE("opening plan: a duration below 0 or over a year is refused by name") {
  using Set = std::function<void(Options&, milliseconds)>;
  const auto [name, set] = GENERATE(table<std::string, Set>(
      {{"connect_timeout", [](Options& o, milliseconds value) { o.connect_timeout = value; }},
       {"close_timeout", [](Options& o, milliseconds value) { o.close_timeout = value; }},
       {"flush_timeout", [](Options& o, milliseconds value) { o.flush_timeout = value; }},
       {"ping_interval", [](Options& o, milliseconds value) { o.ping_interval = value; }},
       {"ping_timeout", [](Options& o, milliseconds value) { o.ping_timeout = value; }}}));
  Options options;
  set(options, milliseconds(-1));
  CHECK_THAT(failure_of(options).message, StartsWith(name));
  set(options, std::chrono::hours(24 * 365) + milliseconds(1));
  CHECK_THAT(failure_of(options).message, StartsWith(name));
  set(options, std::chrono::hours(24 * 365));
  CHECK(plan_opening(example(), options));
}

TEST_CASE("opening plan: an opening without a time limit is refused") {
  Options options;
  options.connect_timeout = milliseconds(0);
  CHECK_THAT(failure_of(options).message, StartsWith("connect_timeout"));
}

TEST_CASE("opening plan: a jar and a Cookie header exclude each other (RFC 6265 5.4)") {
  Options options;
  options.headers = {{"cookie", "a=b"}};
  CHECK(plan_opening(example(), options));
  options.cookie_jar = std::make_shared<CookieJar>();
  const Error error = failure_of(options);
  CHECK_THAT(error.message, ContainsSubstring("cookie jar"));
  CHECK(error.message.find("a=b") == std::string::npos);
}

TEST_CASE("opening plan: a request that must not be sent is refused") {
  Options options;
  options.headers = {{"X-Bad", "a\r\nInjected: b"}};
  failure_of(options);
}

TEST_CASE("opening plan: durations are written in seconds when they are whole ones") {
  CHECK(to_text(milliseconds(10'000)) == "10s");
  CHECK(to_text(milliseconds(90'000)) == "90s");
  CHECK(to_text(milliseconds(1'500)) == "1500ms");
}

TEST_CASE("opening plan: basic_auth and the URL's user fill the header (RFC 7617 2)") {
  Options options;
  CHECK(plan_opening(example(), options).value().request.authorization.empty());
  options.basic_auth = {.user = "Aladdin", .password = "open sesame"};
  CHECK(plan_opening(example(), options).value().request.authorization ==
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  const Url url = parse_url("wss://Aladdin:open%20sesame@chat.example.com/").value();
  CHECK(plan_opening(url, Options{}).value().request.authorization ==
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK_FALSE(plan_opening(url, options));
}

TEST_CASE("opening plan: what cannot be combined, or not be sent, is refused by name") {
  Options options;
  std::string message;
  SECTION("basic_auth and an Authorization header") {
    options.basic_auth = {.user = "u", .password = "p"};
    options.headers = {{"authorization", "Bearer x"}};
    message = "header Authorization is given twice (a header and basic_auth?)";
  }
  SECTION("a colon in the user (RFC 7617 2)") {
    options.basic_auth = {.user = "a:b", .password = "p"};
    message = "basic_auth: the user holds a colon";
  }
  SECTION("a control character in the password") {
    options.basic_auth = {.user = "a", .password = "p\r\nX: y"};
    message = "basic_auth: the user or the password holds a control character";
  }
  SECTION("a Cookie header and session cookies") {
    options.session_cookies = std::make_shared<CookieJar>();
    options.headers = {{"Cookie", "a=b"}};
    message = "a Cookie header and a cookie jar: only one of them can fill the header";
  }
  SECTION("store_cookies without a jar") {
    options.store_cookies = true;
    message = "store_cookies needs a cookie_jar, and no session_cookies beside it";
  }
  SECTION("one jar for both") {
    options.cookie_jar = std::make_shared<CookieJar>();
    options.session_cookies = options.cookie_jar;
    message = "session_cookies and cookie_jar must be two jars";
  }
  SECTION("too many redirects") {
    options.follow_redirects = 21;
    message = "follow_redirects must be 20 at most";
  }
  SECTION("an origin with a path") {
    options.redirect_to = {"https://b.example/path"};
    message =
        "redirect_to: an origin is written scheme://host or scheme://host:port, the scheme being "
        "wss, ws, https or http";
  }
  SECTION("unix_path and a proxy") {
    options.unix_path = "/run/x";
    options.proxy = "http://p";
    message = "unix_path and proxy: only one of them can be the way";
  }
  SECTION("an override without a port") {
    options.resolve = {{"chat.example", "192.0.2.1"}};
    message = "resolve chat.example: it must be written host:port";
  }
  CHECK(failure_of(options).message == message);
}

TEST_CASE("opening plan: another origin gets nothing that was meant for the first one") {
  Options options;
  options.basic_auth = {.user = "u", .password = "p"};
  options.headers = {{"X-Api-Key", "secret"}, {"Host", "front"}, {"User-Agent", "me"}};
  options.unix_path = "/run/x";
  options.tls.server_name = "front";
  OpeningPlan plan = plan_opening(example(), options).value();
  plan.go_to(parse_url("wss://chat.example.com:8443/other").value());
  CHECK(plan.request.url.target == "/other");
  CHECK_FALSE(plan.request.authorization.empty());
  CHECK(plan.request.headers == options.headers);
  CHECK(plan.route.unix_path == "/run/x");
  plan.go_to(parse_url("wss://chat.example.com/other").value());  // the port makes the difference
  plan.go_to(example());                                          // and it is lost for good
  CHECK(plan.request.authorization.empty());
  CHECK(plan.request.headers == std::vector<Header>{{"User-Agent", "me"}});
  CHECK(plan.route.unix_path.empty());
  CHECK(plan.route.server_name.empty());
  CHECK(plan.route.client_certificate == net::ClientCertificate::kWithheld);
}

}  // namespace ws
