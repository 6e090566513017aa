// SPDX-License-Identifier: MIT
// What check_options() finds is what a WebSocket would report before it dials.
#include <string>

#include <ws/options.h>

#include "support/catch.h"

namespace {

std::string error_of(const std::string& url, const ws::Options& options) {
  const auto error = ws::check_options(url, options);
  if (!error) {
    return "";
  }
  CHECK(error->phase == ws::Phase::kOptions);
  return error->message;
}

}  // namespace

TEST_CASE("check_options: what can be dialled has no error", "[check_options]") {
  CHECK(error_of("wss://example.com/", {}).empty());
  CHECK(error_of("ws://example.com/", {.proxy = "http://u:p@proxy:3128"}).empty());
}

TEST_CASE("check_options: each step before the dial is judged", "[check_options]") {
  const std::string url = "ws://example.com/";
  CHECK_FALSE(error_of("http://example.com/", {}).empty());
  CHECK_THAT(error_of(url, {.follow_redirects = 21}), ContainsSubstring("follow_redirects"));
  CHECK_THAT(error_of(url, {.redirect_to = {"x"}}), ContainsSubstring("redirect_to"));
  CHECK_THAT(error_of(url, {.proxy = "https://proxy"}), ContainsSubstring("proxy"));
  CHECK_THAT(error_of(url, {.resolve = {{"h:1", "x"}}}), ContainsSubstring("resolve h:1"));
  CHECK_THAT(error_of(url, {.headers = {{"Upgrade", "x"}}}), ContainsSubstring("Upgrade"));
  CHECK_THAT(error_of("ws://u:p@h/", {.basic_auth = ws::BasicAuth{.user = "u", .password = ""}}),
             ContainsSubstring("basic_auth"));
}
