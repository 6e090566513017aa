// SPDX-License-Identifier: MIT
#include "daemon/credentials.h"

#include <memory>

#include <ws/cookie_jar.h>

#include "support/catch.h"

using wsbridged::Credentials;
using wsbridged::DialTarget;

namespace {

DialTarget target() {
  DialTarget target{.url = "wss://h.example/chat", .options = {}};
  target.options.headers = {{"Authorization", "Bearer a"}};
  target.options.basic_auth = ws::BasicAuth{.user = "u", .password = "p"};
  target.options.cookie_jar = std::make_shared<ws::CookieJar>();
  return target;
}

bool changes(const DialTarget& changed) {
  return !(Credentials(changed, 0) == Credentials(target(), 0));
}

}  // namespace

TEST_CASE("credentials: the same target shows the same ones", "[credentials]") {
  CHECK_FALSE(changes(target()));
  DialTarget other = target();
  other.options.ping_interval = std::chrono::milliseconds(1);
  CHECK_FALSE(changes(other));
}

TEST_CASE("credentials: each of them counts", "[credentials]") {
  DialTarget changed = target();
  SECTION("header") {
    changed.options.headers[0].value = "Bearer b";
  }
  SECTION("password") {
    changed.options.basic_auth->password = "q";
  }
  SECTION("no basic_auth any more") {
    changed.options.basic_auth.reset();
  }
  SECTION("URL") {
    changed.url = "wss://h.example/chat?token=x";
  }
  SECTION("cookie") {
    CHECK(changed.options.cookie_jar->load_text("h.example\tFALSE\t/\tTRUE\t0\tsid\tx\n"));
  }
  CHECK(changes(changed));
}

TEST_CASE("credentials: a cookie for another host is none of them", "[credentials]") {
  DialTarget changed = target();
  CHECK(changed.options.cookie_jar->load_text("other.example\tFALSE\t/\tTRUE\t0\tsid\tx\n"));
  CHECK_FALSE(changes(changed));
}
