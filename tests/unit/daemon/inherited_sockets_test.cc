// SPDX-License-Identifier: MIT
#include "daemon/inherited_sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "daemon/unix_socket.h"
#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

constexpr pid_t kSelf = 4242;

using Variables = std::map<std::string, std::string>;

config::Environment environment_of(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

config::Listen systemd_listen(const std::string& name) {
  config::Listen listen;
  listen.address = config::SystemdAddress{name};
  return listen;
}

Descriptor listening_on(in_addr_t host, int type = SOCK_STREAM) {
  Descriptor made(socket(AF_INET, type, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(host);
  REQUIRE(bind(made.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  if (type == SOCK_STREAM) {
    REQUIRE(listen(made.get(), 5) == 0);
  }
  return made;
}

// One passed by the name "a".
InheritedSockets one(Descriptor descriptor) {
  std::vector<InheritedSockets::Passed> passed;
  passed.push_back({"a", std::move(descriptor)});
  return InheritedSockets(std::move(passed));
}

std::string refusal(Descriptor descriptor) {
  auto sockets = one(std::move(descriptor));
  const auto taken = sockets.take(systemd_listen("a"));
  return taken ? "" : taken.error().message;
}

TEST_CASE("inherited_sockets: descriptors in a row, by name, close-on-exec and non-blocking") {
  // The highest numbers are free: a row of three of them stands for 3, 4 and 5.
  constexpr int first = 200;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(dup2(listening_on(INADDR_LOOPBACK).get(), first + i) == first + i);
  }
  auto sockets = InheritedSockets::from(
      environment_of({{"LISTEN_PID", "4242"}, {"LISTEN_FDS", "3"}, {"LISTEN_FDNAMES", "a::a"}}),
      kSelf, first);
  CHECK((fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
  auto taken = sockets.take(systemd_listen("a"));
  REQUIRE(taken);
  REQUIRE(taken->size() == 2);
  CHECK((*taken)[0].descriptor.get() == first);
  CHECK((*taken)[1].descriptor.get() == first + 2);
  CHECK((*taken)[0].kind == SocketKind::kTcp);
  CHECK((*taken)[0].address == to_string(local_address(first)));
  CHECK((fcntl(first, F_GETFL) & O_NONBLOCK) != 0);
  CHECK_FALSE(sockets.take(systemd_listen("a")));
  const std::vector<std::string> closed = sockets.close_unused();
  REQUIRE(closed.size() == 1);
  CHECK_THAT(closed[0], ContainsSubstring("unknown on 127.0.0.1:"));
  CHECK(fcntl(first + 1, F_GETFD) == -1);
}

TEST_CASE("inherited_sockets: what is not meant for this process, or broken, is nothing") {
  const auto variables =
      GENERATE(Variables{}, Variables{{"LISTEN_PID", "4242"}}, Variables{{"LISTEN_FDS", "1"}},
               Variables{{"LISTEN_PID", "4243"}, {"LISTEN_FDS", "1"}},
               Variables{{"LISTEN_PID", "4242"}, {"LISTEN_FDS", "-1"}},
               Variables{{"LISTEN_PID", "4242"}, {"LISTEN_FDS", "1x"}},
               Variables{{"LISTEN_PID", "4242"}, {"LISTEN_FDS", ""}},
               Variables{{"LISTEN_PID", "4242"}, {"LISTEN_FDS", "99999999"}});
  auto sockets = InheritedSockets::from(environment_of(variables), kSelf, 900);
  CHECK(sockets.close_unused().empty());
  const auto taken = sockets.take(systemd_listen("a"));
  REQUIRE_FALSE(taken);
  CHECK_THAT(taken.error().message, ContainsSubstring("systemd:a: systemd passed no socket"));
}

TEST_CASE("inherited_sockets: a name that was not passed is an error that lists those that were") {
  std::vector<InheritedSockets::Passed> passed;
  for (std::size_t i = 0; i <= kMaxNamesInMessage; ++i) {
    passed.push_back({"name" + std::to_string(i), listening_on(INADDR_LOOPBACK)});
  }
  InheritedSockets sockets(std::move(passed));
  const auto taken = sockets.take(systemd_listen("nmae1"));
  REQUIRE_FALSE(taken);
  CHECK_THAT(taken.error().message, ContainsSubstring(" name0, name1, "));
  CHECK_THAT(taken.error().message, ContainsSubstring("name19, …"));
  CHECK_THAT(taken.error().message, !ContainsSubstring("name20"));
}

TEST_CASE("inherited_sockets: only listening stream sockets are listened on") {
  CHECK(refusal(listening_on(INADDR_LOOPBACK)).empty());
  CHECK_THAT(refusal(listening_on(INADDR_LOOPBACK, SOCK_DGRAM)), ContainsSubstring("no stream"));
  CHECK_THAT(refusal(Descriptor(socket(AF_INET, SOCK_STREAM, 0))), ContainsSubstring("Accept=no"));
  CHECK_THAT(refusal(Descriptor(open("/dev/null", O_RDONLY))), ContainsSubstring("not a socket"));
  CHECK_THAT(refusal(Descriptor(socket(AF_NETLINK, SOCK_RAW, 0))),
             ContainsSubstring("neither TCP nor Unix"));
}

TEST_CASE("inherited_sockets: remote is what the socket is bound to, whatever its name") {
  CHECK_THAT(refusal(listening_on(INADDR_ANY)), ContainsSubstring("0.0.0.0 can be reached"));
  auto sockets = one(listening_on(INADDR_ANY));
  auto listen = systemd_listen("a");
  listen.allow_remote = true;
  const auto taken = sockets.take(listen);
  REQUIRE(taken);
  CHECK_FALSE(refuse_remote(taken.value()[0].descriptor.get(), listen));
  CHECK(refuse_remote(taken.value()[0].descriptor.get(), systemd_listen("a")));
}

TEST_CASE("inherited_sockets: a wrong one among several leaves all untaken") {
  std::vector<InheritedSockets::Passed> passed;
  passed.push_back({"a", listening_on(INADDR_LOOPBACK)});
  passed.push_back({"a", listening_on(INADDR_ANY)});
  InheritedSockets sockets(std::move(passed));
  CHECK_FALSE(sockets.take(systemd_listen("a")));
  CHECK(sockets.close_unused().size() == 2);
}

TEST_CASE("inherited_sockets: Unix sockets keep their file") {
  const TempDir directory;
  const auto by_path = unix_listen(directory / "a.sock");
  const auto by_name = abstract_listen(directory / "a.sock");
  for (const auto& made_as : {by_path, by_name}) {
    auto made = listen_unix(made_as);
    REQUIRE(made);
    {
      auto sockets = one(Descriptor(dup(made->descriptor.get())));
      const auto taken = sockets.take(systemd_listen("a"));
      REQUIRE(taken);
      CHECK(taken.value()[0].address == made->address);
      CHECK(taken.value()[0].kind == made->kind);
    }
    CHECK(std::filesystem::exists(directory / "a.sock") == (made->kind == SocketKind::kUnix));
  }
}

}  // namespace
}  // namespace wsbridged::test
