// SPDX-License-Identifier: MIT
// Where redirects lead (RFC 3986 section 5), and which of them are followed.
#include "protocol/redirect.h"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace {

using ws::ErrorCode;
using ws::HttpResponse;
using ws::Result;
using ws::Url;
using ws::protocol::Origin;
using ws::protocol::parse_origin;
using ws::protocol::RedirectChain;

Url url_of(const std::string& text) {
  return ws::parse_url(text).value();
}

HttpResponse redirect(const std::string& location, int status = 302) {
  return {.status = status, .reason = "Found", .headers = {{"Location", location}}, .body = {}};
}

Result<Url> follow(const std::string& from, const HttpResponse& response,
                   std::vector<Origin> allowed = {}) {
  return RedirectChain(url_of(from), 5, std::move(allowed)).follow(url_of(from), "", response);
}

// The URL that it leads to, without a user.
std::string destination(const std::string& from, const std::string& location) {
  const auto url =
      follow(from, redirect(location),
             {parse_origin("wss://b.example").value(), parse_origin("http://b.example").value(),
              parse_origin("https://[::1]:8443/").value()});
  return url ? std::string(url.value().secure ? "wss://" : "ws://") + url.value().authority() +
                   url.value().target
             : url.error().message;
}

std::string rule_against(const std::string& from, const HttpResponse& response) {
  const auto url = follow(from, response);
  REQUIRE_FALSE(url);
  CHECK(url.error().phase == ws::Phase::kHttp);
  CHECK(url.error().code == ErrorCode::kRedirectRefused);
  CHECK(url.error().response->status == response.status);
  const std::string start = "the server answered 302, a redirect that is not followed: ";
  CHECK_THAT(url.error().message, StartsWith(start));
  return url.error().message.substr(std::min(start.size(), url.error().message.size()));
}

TEST_CASE("redirect: references are resolved against the request's URL (RFC 3986 5.4)",
          "[redirect]") {
  const std::string base = "wss://a.example/b/c/d?q";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"g", "/b/c/g"},
      {"./g", "/b/c/g"},
      {"g/", "/b/c/g/"},
      {"/g", "/g"},
      {"?y", "/b/c/d?y"},
      {"g?y", "/b/c/g?y"},
      {"#s", "/b/c/d?q"},
      {"g#s", "/b/c/g"},
      {"", "/b/c/d?q"},
      {".", "/b/c/"},
      {"./", "/b/c/"},
      {"..", "/b/"},
      {"../g", "/b/g"},
      {"../..", "/"},
      {"../../g", "/g"},
      {"../../../g", "/g"},
      {"/./g", "/g"},
      {"/../g", "/g"},
      {"g.", "/b/c/g."},
      {"..g", "/b/c/..g"},
      {"./g/.", "/b/c/g/"},
      {"g/../h", "/b/c/h"},
      {"g?y/../x", "/b/c/g?y/../x"},
      {"//a.example/g", "/g"},
      {"wss://a.example/x:y", "/x:y"},
      {"./x:y", "/b/c/x:y"},
      {"https://A.example:443/g#s", "/g"},
      {"HTTPS://a.example", "/"},
  };
  for (const auto& [reference, target] : cases) {
    INFO(reference);
    CHECK(destination(base, reference) == "wss://a.example" + target);
  }
}

TEST_CASE("redirect: http counts as ws and https as wss", "[redirect]") {
  CHECK(destination("ws://b.example/", "http://b.example/x") == "ws://b.example/x");
  CHECK(destination("ws://a.example/", "http://b.example:80/x") == "ws://b.example/x");
  CHECK(destination("ws://a.example/", "https://b.example/x") == "wss://b.example/x");
  CHECK(destination("wss://a.example/", "//b.example/x") == "wss://b.example/x");
  CHECK(destination("wss://a.example/", "https://[::1]:8443") == "wss://[::1]:8443/");
}

TEST_CASE("redirect: never from wss to ws, whatever is listed", "[redirect][CVE-redirect]") {
  CHECK(rule_against("wss://a.example/", redirect("ws://a.example/")) == "it leads from wss to ws");
  CHECK(rule_against("wss://a.example/", redirect("http://a.example:443/")) ==
        "it leads from wss to ws");
  CHECK_THAT(destination("wss://a.example/", "http://b.example/"),
             ContainsSubstring("from wss to ws"));
}

TEST_CASE("redirect: another scheme, host or port must be listed", "[redirect][CVE-redirect]") {
  for (const char* location : {"https://b.a.example/", "https://a.example:444/", "//b.example/"}) {
    CHECK_THAT(rule_against("wss://a.example/", redirect(location)),
               ContainsSubstring("which redirect_to does not list"));
  }
  CHECK(rule_against("ws://a.example/", redirect("https://a.example/x")) ==
        "it leads to wss://a.example, which redirect_to does not list");
}

TEST_CASE("redirect: a Location that is missing, doubled or strange is refused", "[redirect]") {
  HttpResponse response = redirect("/x");
  response.headers.push_back({"location", "/y"});
  CHECK(rule_against("ws://a/", response) == "it has more than one Location header");
  response.headers.clear();
  CHECK(rule_against("ws://a/", response) == "it has no Location header");
  for (const char* location : {"ftp://a/", "javascript:alert(1)", "http:/x", "mailto:x"}) {
    CHECK(rule_against("ws://a/", redirect(location)) ==
          "its Location is neither an http nor a ws URL");
  }
  for (const char* location :
       {"/a b", "/\xC3\xBC", "http://", "/a\tb", "\\\\b\\x", "http://a:x/"}) {
    INFO(location);
    CHECK(rule_against("ws://a/", redirect(location)) == "its Location cannot be understood");
  }
  CHECK(rule_against("ws://a/", redirect("http://me:pw@a/")) == "its Location holds a user");
  CHECK(rule_against("ws://a/", redirect("/" + std::string(9000, 'x'))) ==
        "its Location cannot be understood");
}

TEST_CASE("redirect: hops are counted, and circles noticed unless cookies changed", "[redirect]") {
  RedirectChain chain(url_of("ws://a/0"), 3, {});
  for (int i = 0; i < 3; ++i) {
    const auto url = chain.follow(url_of("ws://a/" + std::to_string(i)), "",
                                  redirect("/" + std::to_string(i + 1)));
    REQUIRE(url);
  }
  const auto fourth = chain.follow(url_of("ws://a/3"), "", redirect("/4"));
  REQUIRE_FALSE(fourth);
  CHECK_THAT(fourth.error().message,
             ContainsSubstring("there were 3 before it already (follow_redirects)"));

  RedirectChain circle(url_of("ws://a/"), 20, {});
  CHECK(circle.follow(url_of("ws://a/"), "", redirect("/")));
  CHECK(circle.follow(url_of("ws://a/"), "sid=1", redirect("/")));
  CHECK_THAT(circle.follow(url_of("ws://a/"), "sid=1", redirect("/")).error().message,
             ContainsSubstring("it goes round in circles"));
}

TEST_CASE("redirect: the way back to the first origin is open", "[redirect]") {
  RedirectChain chain(url_of("ws://a/"), 5, {parse_origin("ws://b").value()});
  CHECK(chain.follow(url_of("ws://a/"), "", redirect("ws://b/")));
  CHECK(chain.follow(url_of("ws://b/"), "", redirect("ws://a/x")));
  CHECK_FALSE(chain.follow(url_of("ws://b/y"), "", redirect("ws://c/")));
}

TEST_CASE("redirect: only these statuses are one, and only when hops are allowed (RFC 9110 15.4)",
          "[redirect]") {
  const RedirectChain chain(url_of("ws://a/"), 1, {});
  for (int status = 300; status < 310; ++status) {
    const bool is_one =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    CHECK(chain.concerns(redirect("/x", status)) == is_one);
  }
  CHECK_FALSE(RedirectChain(url_of("ws://a/"), 0, {}).concerns(redirect("/x")));
}

TEST_CASE("redirect: an origin is a scheme, a host and a port", "[redirect]") {
  CHECK(parse_origin("https://B.example").value() ==
        Origin{.secure = true, .host = "b.example", .port = 443});
  CHECK(parse_origin("ws://b.example:8080/").value() ==
        Origin{.secure = false, .host = "b.example", .port = 8080});
  for (const char* text : {"b.example", "b.example:443", "ftp://b", "ws://b/x", "ws://b?",
                           "ws://b/?q", "ws://u@b", "ws://", ""}) {
    INFO(text);
    CHECK_FALSE(parse_origin(text));
  }
}

}  // namespace
