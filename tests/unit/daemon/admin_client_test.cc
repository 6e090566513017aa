// SPDX-License-Identifier: MIT
// What the client of `ctl` does when nobody answers; what it reads is tested with the server.
#include "daemon/admin_client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <thread>

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged {
namespace {

using namespace std::chrono_literals;

TEST_CASE("admin client: a full queue of connections is waited for", "[admin_client]") {
  const test::TempDir directory;
  const config::Address address = config::UnixAddress{.path = directory / "full.sock"};
  const Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  (directory / "full.sock").copy(name.sun_path, sizeof name.sun_path - 1);
  REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  REQUIRE(listen(listener.get(), 0) == 0);
  const Descriptor first = test::connect_unix("unix:" + (directory / "full.sock"));
  const auto late = call_admin(address, {.path = "/", .timeout = 100ms});
  REQUIRE_FALSE(late);
  CHECK(late.error().system_errno == ETIMEDOUT);
  std::thread server([&listener] {
    static_cast<void>(Descriptor(accept(listener.get(), nullptr, nullptr)));
    const Descriptor second(accept(listener.get(), nullptr, nullptr));
    std::string request;
    std::array<char, 4096> bytes{};
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t size = recv(second.get(), bytes.data(), bytes.size(), 0);
      if (size <= 0) {
        return;
      }
      request.append(bytes.data(), static_cast<std::size_t>(size));
    }
    constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\n\r\nhello";
    static_cast<void>(send(second.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL));
  });
  const auto reply = call_admin(address, {.path = "/", .timeout = 20s});
  server.join();
  REQUIRE(reply);
  CHECK(reply->body == "hello");
}

TEST_CASE("admin client: what is wrong is told with what to do", "[admin_client]") {
  const test::TempDir directory;
  const auto none = call_admin(config::UnixAddress{.path = directory / "no.sock"}, {});
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().message, ContainsSubstring("is wsbridged running"));
  const auto unknown = call_admin(config::TcpAddress{.host = "name.invalid", .port = 1}, {});
  REQUIRE_FALSE(unknown);
  CHECK_THAT(unknown.error().message, ContainsSubstring("no such host"));
}

}  // namespace
}  // namespace wsbridged
