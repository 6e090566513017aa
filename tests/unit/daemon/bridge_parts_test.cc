// SPDX-License-Identifier: MIT
// What is found out about a bridge before anything is bound, names and accounts included.
#include "daemon/bridge_parts.h"

#include <unistd.h>

#include <string>

#include "listener_support.h"
#include "support/catch.h"
#include "unit/config/loading.h"

namespace wsbridged::test {
namespace {

TEST_CASE(
    "listen_target: a name becomes addresses, an account a number, what systemd has nothing") {
  const auto tcp = look_up(tcp_listen("localhost", 7001));
  REQUIRE(tcp);
  const auto& addresses = std::get<std::vector<SocketAddress>>(tcp.value());
  REQUIRE_FALSE(addresses.empty());
  CHECK(is_loopback(addresses.front()));
  auto listen = unix_listen("/s");
  listen.mode = "0660";
  listen.owner = "root";
  const auto path = look_up(listen);
  REQUIRE(path);
  CHECK(std::get<UnixAccess>(path.value()).mode == 0660);
  CHECK(std::get<UnixAccess>(path.value()).owner == uid_t{0});
  listen.address = config::SystemdAddress{"a"};
  CHECK(std::holds_alternative<std::monostate>(look_up(listen).value()));
}

TEST_CASE("listen_target: an unknown account is told, but an abstract socket has none") {
  auto listen = unix_listen("/s");
  listen.group = "no-such-group";
  const auto path = look_up(listen);
  REQUIRE_FALSE(path);
  CHECK_THAT(path.error().message,
             StartsWith("cannot listen on unix:/s") && ContainsSubstring("no-such-group"));
  listen.address = config::UnixAddress{.path = "s", .abstract = true};
  CHECK(look_up(listen));
}

TEST_CASE("bridge_parts: a bridge with the same settings is kept, with others it shares the load") {
  config::Bridge settings;
  settings.name = "a";
  settings.upstream.url = "ws://h/";
  settings.listen = {tcp_listen("127.0.0.1"), unix_listen("/s")};
  BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
  const auto first = gather_parts(settings, means);
  REQUIRE(first.bridge);
  CHECK(first.targets.size() == 2);
  means.served = {first.bridge.value()};
  CHECK(gather_parts(settings, means).bridge.value() == first.bridge.value());
  settings.upstream.url = "ws://other/";
  const auto second = gather_parts(settings, means);
  CHECK(second.bridge.value() != first.bridge.value());
  CHECK(second.bridge.value()->load() == first.bridge.value()->load());
  settings.name = "b";
  CHECK(gather_parts(settings, means).bridge.value()->load() != first.bridge.value()->load());
  settings.upstream.url = "http://h/";
  CHECK_FALSE(gather_parts(settings, means).bridge);
}

TEST_CASE("bridge_parts: a bridge whose references are the same is kept, with its failover") {
  const config::TemporaryFolder folder;
  const std::string one = folder.write("one", "secret");
  const std::string two = folder.write("two", "secret");
  const auto settings_of = [](const std::string& file) {
    const auto loaded =
        config::load(config::bridge_with("      headers: {A: \"${file:" + file + "}\"}\n"));
    return loaded.config.bridges.at(0);
  };
  BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
  const auto first = gather_parts(settings_of(one), means);
  means.served = {first.bridge.value()};
  CHECK(gather_parts(settings_of(one), means).bridge.value() == first.bridge.value());
  CHECK(gather_parts(settings_of(two), means).bridge.value() != first.bridge.value());
}

TEST_CASE("bridge_parts: what is left out of a cookie file is told of a new bridge alone") {
  const config::TemporaryFolder folder;
  config::Bridge settings;
  settings.name = "a";
  settings.upstream.url = "ws://h/";
  settings.upstream.cookie_jar = folder.write("jar", "# Netscape HTTP Cookie File\nnonsense\n");
  BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
  const auto parts = gather_parts(settings, means);
  REQUIRE(parts.warnings.size() == 1);
  CHECK_THAT(parts.warnings[0], ContainsSubstring("jar:2"));
  means.served = {parts.bridge.value()};
  CHECK(gather_parts(settings, means).warnings.empty());
}

}  // namespace
}  // namespace wsbridged::test
