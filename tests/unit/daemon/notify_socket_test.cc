// SPDX-License-Identifier: MIT
#include "daemon/notify_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

using std::chrono::microseconds;

constexpr pid_t kSelf = 4242;

ServiceEnvironment environment_with(const std::map<std::string, std::string>& variables) {
  return ServiceEnvironment::from(
      [&variables](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      kSelf);
}

// A datagram socket by that name, as systemd holds it.
Descriptor receiver_on(const std::string& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address.data(), address.size());
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  if (address.front() == '@') {
    name.sun_path[0] = '\0';
  } else {
    ++length;
  }
  Descriptor made(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  REQUIRE(bind(made.get(), reinterpret_cast<const sockaddr*>(&name), length) == 0);
  return made;
}

std::string receive(const Descriptor& receiver) {
  std::array<char, 4096> buffer{};
  const ssize_t size = recv(receiver.get(), buffer.data(), buffer.size(), 0);
  return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

TEST_CASE("notify_socket: what is sent arrives as it is, by path and by abstract name") {
  const TempDir directory;
  for (const std::string& address : {directory / "notify", "@" + (directory / "notify")}) {
    const Descriptor receiver = receiver_on(address);
    const NotifySocket socket(address);
    REQUIRE(socket.has_listener());
    CHECK(socket.send("READY=1\nSTATUS=fine") == 0);
    CHECK(receive(receiver) == "READY=1\nSTATUS=fine");
    CHECK(receive(receiver) == "nothing");
  }
}

TEST_CASE("notify_socket: without an address, or with one of another kind, nobody listens") {
  for (const std::string& address : {std::string(), std::string("/"), std::string("relative"),
                                     std::string("vsock:2:1"), "/" + std::string(200, 'x')}) {
    const NotifySocket socket(address);
    CHECK_FALSE(socket.has_listener());
    CHECK(socket.send("READY=1") == 0);
  }
  CHECK(NotifySocket().send("READY=1") == 0);
}

TEST_CASE("notify_socket: a manager that is gone, or reads nothing, is an errno and no wait") {
  const TempDir directory;
  CHECK(NotifySocket(directory / "nowhere").send("READY=1") == ENOENT);
  const Descriptor receiver = receiver_on(directory / "full");
  const NotifySocket socket(directory / "full");
  int error = 0;
  for (int i = 0; i < 100'000 && error == 0; ++i) {
    error = socket.send("WATCHDOG=1");
  }
  CHECK(error == EAGAIN);
}

TEST_CASE("notify_socket: the watchdog's time counts for this process only") {
  CHECK(environment_with({}).watchdog_time == std::nullopt);
  CHECK(environment_with({{"NOTIFY_SOCKET", "@a"}}).notify_socket == "@a");
  CHECK(environment_with({{"WATCHDOG_USEC", "3000000"}}).watchdog_time == microseconds(3'000'000));
  CHECK(environment_with({{"WATCHDOG_USEC", "5"}, {"WATCHDOG_PID", "4242"}}).watchdog_time ==
        microseconds(5));
  for (const char* pid : {"4243", "", "x"}) {
    CHECK(environment_with({{"WATCHDOG_USEC", "5"}, {"WATCHDOG_PID", pid}}).watchdog_time ==
          std::nullopt);
  }
  for (const char* time : {"0", "", "-1", "1s", "86400000001", "99999999999999999999"}) {
    CHECK(environment_with({{"WATCHDOG_USEC", time}}).watchdog_time == std::nullopt);
  }
}

}  // namespace
}  // namespace wsbridged::test
