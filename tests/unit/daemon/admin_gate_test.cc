// SPDX-License-Identifier: MIT
#include "daemon/admin_gate.h"

#include <sys/stat.h>

#include <fstream>

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged {
namespace {

constexpr std::string_view kToken = "0123456789abcdef";
constexpr AdminDoor kUnix{.serves = AdminDoor::Serves::kAll, .is_unix = true};
constexpr AdminDoor kTcp{};
constexpr AdminDoor kMetrics{.serves = AdminDoor::Serves::kMetrics};

HttpRequest request_of(std::string method, std::string path) {
  HttpRequest request{.method = std::move(method), .path = std::move(path)};
  request.fields.emplace_back("host", "localhost");
  return request;
}

void write_file(const std::string& path, std::string_view text, mode_t mode = 0600) {
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
}

int status_of(const std::variant<AdminRoute, AdminResponse>& admitted) {
  const auto* response = std::get_if<AdminResponse>(&admitted);
  return response == nullptr ? 0 : response->status;
}

TEST_CASE("admin gate: only addresses and configured names are hosts (DNS rebinding)", "[admin]") {
  const std::vector<std::string> names{"bridge.example"};
  for (const char* host : {"127.0.0.1", "127.0.0.1:9843", "[::1]", "[::1]:80", "LocalHost:1",
                           "localhost", "Bridge.Example:9843", "bridge.example", "10.1.2.3:9"}) {
    CAPTURE(host);
    CHECK(is_known_host(host, names));
  }
  for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "[::1", "[evil]", "1.2.3", "::1", "localhost:80:80", "localhost:http",
                           "localhost, evil", "bridge.example.", "127.0.0.1:123456", "0x7f.1"}) {
    CAPTURE(host);
    CHECK_FALSE(is_known_host(host, names));
  }
}

TEST_CASE("admin gate: names come from the configuration alone", "[admin]") {
  config::Admin settings;
  settings.metrics = config::TcpAddress{.host = "Metrics.example", .port = 1};
  const AdminGate gate(settings);
  for (const auto& [host, status] : {std::pair("metrics.EXAMPLE:1", 0),
                                     std::pair("metrics.example", 0), std::pair("other", 421)}) {
    HttpRequest request = request_of("GET", "/metrics");
    request.fields.front().second = host;
    CHECK(status_of(gate.admit(request, kMetrics)) == status);
  }
}

TEST_CASE("admin gate: a foreign Origin gets nothing, our own page gets all", "[admin]") {
  const AdminGate gate{config::Admin()};
  for (const auto& [origin, status] :
       {std::pair("http://localhost", 0), std::pair("HTTP://LOCALHOST", 0),
        std::pair("http://localhost:80", 0), std::pair("http://localhost:8080", 403),
        std::pair("https://localhost", 403), std::pair("http://localhost:81", 403),
        std::pair("http://evil.example", 403), std::pair("null", 403), std::pair("", 403)}) {
    CAPTURE(origin);
    for (const char* method : {"GET", "POST"}) {
      HttpRequest request = request_of(method, *method == 'G' ? "/status" : "/ctl/drain");
      request.fields.emplace_back("origin", origin);
      CHECK(status_of(gate.admit(request, kUnix)) == status);
    }
  }
}

TEST_CASE("admin gate: the port that http has anyway makes no other origin", "[admin]") {
  const AdminGate gate{config::Admin()};
  HttpRequest request = request_of("GET", "/status");
  request.fields.front().second = "[::1]:80";
  request.fields.emplace_back("origin", "http://[::1]");
  CHECK(status_of(gate.admit(request, kUnix)) == 0);
  request.fields.back().second = "http://[::1]:81";
  CHECK(status_of(gate.admit(request, kUnix)) == 403);
}

TEST_CASE("admin gate: pages of other sites load nothing, but may have a link to the page",
          "[admin]") {
  const AdminGate gate{config::Admin()};

  struct Case {
    const char* path;
    const char* site;
    const char* mode;  // empty: none is told
    int status;
  };

  for (const Case& each :
       {Case{"/status", "cross-site", "no-cors", 403}, Case{"/status", "same-site", "no-cors", 403},
        Case{"/metrics", "cross-site", "navigate", 403}, Case{"/status", "cross-site", "", 403},
        Case{"/", "cross-site", "no-cors", 403}, Case{"/", "cross-site", "navigate", 0},
        Case{"/", "same-site", "navigate", 0}, Case{"/status", "same-origin", "cors", 0},
        Case{"/status", "none", "navigate", 0}, Case{"/status", "", "no-cors", 403}}) {
    CAPTURE(each.path, each.site, each.mode);
    HttpRequest request = request_of("GET", each.path);
    request.fields.emplace_back("sec-fetch-site", each.site);
    if (*each.mode != '\0') {
      request.fields.emplace_back("sec-fetch-mode", each.mode);
    }
    CHECK(status_of(gate.admit(request, kUnix)) == each.status);
  }
}

TEST_CASE("admin gate: paths, methods and what metrics serves", "[admin]") {
  const AdminGate gate{config::Admin()};

  struct Case {
    const char* method;
    const char* path;
    int on_unix;
    int on_metrics;
  };

  for (const Case& each :
       {Case{"GET", "/", 0, 404}, Case{"HEAD", "/", 0, 404}, Case{"GET", "/metrics", 0, 0},
        Case{"HEAD", "/livez", 0, 405}, Case{"GE", "/livez", 405, 405},
        Case{"GET", "/readyz", 0, 0}, Case{"GET", "/status", 0, 404},
        Case{"POST", "/metrics", 405, 405}, Case{"DELETE", "/", 405, 404},
        Case{"GET", "/ctl/drain", 405, 404}, Case{"HEAD", "/ctl/kill/1", 405, 404},
        Case{"POST", "/ctl/drain", 0, 404}, Case{"POST", "/ctl/kill/7", 0, 404},
        Case{"GET", "/metrics/", 404, 404}, Case{"GET", "//", 404, 404},
        Case{"POST", "/ctl/drain/", 404, 404}, Case{"GET", "/favicon.ico", 404, 404}}) {
    CAPTURE(each.method, each.path);
    const auto admitted = gate.admit(request_of(each.method, each.path), kUnix);
    CHECK(status_of(admitted) == each.on_unix);
    CHECK(status_of(gate.admit(request_of(each.method, each.path), kMetrics)) == each.on_metrics);
    if (each.on_unix == 405) {
      CHECK(std::get<AdminResponse>(admitted).fields.front().first == "Allow");
    }
  }
  const auto kill = gate.admit(request_of("POST", "/ctl/kill/7"), kUnix);
  CHECK(std::get<AdminRoute>(kill).argument == "7");
}

TEST_CASE("admin gate: verbs over TCP want the token of a safe file, and never tap", "[admin]") {
  const test::TempDir directory;
  const std::string file = directory / "token";
  config::Admin settings;
  CHECK(status_of(AdminGate(settings).admit(request_of("POST", "/ctl/drain"), kTcp)) == 403);
  settings.token_file = file;
  const AdminGate gate(settings);
  const auto status_with = [&gate](std::string_view authorization, const char* path) {
    HttpRequest request = request_of("POST", path);
    if (!authorization.empty()) {
      request.fields.emplace_back("authorization", authorization);
    }
    return status_of(gate.admit(request, kTcp));
  };
  const std::string right = "Bearer " + std::string(kToken);
  CHECK(status_with(right, "/ctl/drain") == 503);  // there is no file yet
  write_file(file, std::string(kToken) + "\n");
  CHECK(status_with(right, "/ctl/drain") == 0);
  CHECK(status_with("bEARER" + right.substr(6), "/ctl/drain") == 0);  // RFC 9110 section 11.1
  CHECK(status_with(right, "/ctl/tap/1") == 403);
  for (const std::string& wrong :
       {std::string(), right + "x", right.substr(0, right.size() - 1), "Bearer" + right.substr(7),
        std::string("Bearer "), std::string("Basic ") + std::string(kToken)}) {
    CAPTURE(wrong);
    CHECK(status_with(wrong, "/ctl/drain") == 401);
  }
  write_file(file, "another-token-of-20b");  // it is read again
  CHECK(status_with(right, "/ctl/drain") == 401);
  CHECK(status_with("Bearer another-token-of-20b", "/ctl/drain") == 0);
  write_file(file, kToken, 0620);
  CHECK(status_with(right, "/ctl/drain") == 503);
}

TEST_CASE("admin gate: a token has 16 bytes to 4 KiB", "[admin]") {
  const test::TempDir directory;
  const std::string file = directory / "token";
  const auto is_token = [&file](std::size_t size) {
    write_file(file, std::string(size, 'x') + "\n");
    return std::holds_alternative<std::string>(read_token(file));
  };
  CHECK_FALSE(is_token(15));
  CHECK(is_token(16));
  CHECK(is_token(4096));
  CHECK_FALSE(is_token(4097));
  CHECK(std::holds_alternative<ws::Error>(read_token(directory.path())));
}

TEST_CASE("admin gate: secrets are compared whole", "[admin]") {
  CHECK(is_equal_secret("abc", "abc"));
  CHECK_FALSE(is_equal_secret("abd", "abc"));
  CHECK_FALSE(is_equal_secret("ab", "abc"));
  CHECK_FALSE(is_equal_secret("abcabc", "abc"));
  CHECK_FALSE(is_equal_secret("abc", ""));
  CHECK_FALSE(is_equal_secret("", "abc"));
}

}  // namespace
}  // namespace wsbridged
