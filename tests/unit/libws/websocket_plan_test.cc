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
  CHECK(plan.value().target.host == "chat.example.com");
  CHECK(plan.value().target.port == 8443);
  CHECK(plan.value().target.secure);
  CHECK(plan.value().target.server_name == "front.example.com");
  CHECK(plan.value().target.unix_path == "/run/chat.sock");
  CHECK(plan.value().request.url.target == "/room?x=1");
  CHECK(plan.value().request.subprotocols == options.subprotocols);
  CHECK(plan.value().request.origin == options.origin);
  CHECK(plan.value().timeout == milliseconds(1500));
}

TEST_CASE("opening plan: a name with a trailing dot is looked up so and verified without it") {
  const Url url = parse_url("wss://chat.example.com./").value();
  const auto plan = plan_opening(url, Options{});
  REQUIRE(plan);
  CHECK(plan.value().target.host == "chat.example.com.");
  CHECK(plan.value().target.server_name == "chat.example.com");
}

TEST_CASE("opening plan: a duration below 0 or over a year is refused by name") {
  using Set = std::function<void(Options&, milliseconds)>;
  const auto [name, set] = GENERATE(table<std::string, Set>(
      {{"connect_timeout", [](Options& o, milliseconds value) { o.connect_timeout = value; }},
       {"close_timeout", [](Options& o, milliseconds value) { o.close_timeout = value; }},
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

}  // namespace ws
