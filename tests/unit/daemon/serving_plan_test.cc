// SPDX-License-Identifier: MIT
// What a reload keeps, opens, closes and refuses, on real sockets and without sessions.
#include "daemon/serving_plan.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

using Strings = std::vector<std::string>;

config::Bridge bridge_on(const std::string& name, std::vector<config::Listen> listen,
                         const std::string& url = "ws://h/") {
  config::Bridge bridge;
  bridge.name = name;
  bridge.listen = std::move(listen);
  bridge.upstream.url = url;
  return bridge;
}

// What a daemon serves, and reloads of it.
struct Serving {
  // What went wrong, as "BRIDGE: MESSAGE"; with an empty answer the bridges are served.
  Strings serve(const std::vector<config::Bridge>& bridges) {
    ServingPlan plan({.loop = loop, .log = log, .inherited = inherited}, served);
    BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
    for (const auto& one : served) {
      means.served.push_back(one->bridge);
    }
    Strings errors;
    for (const config::Bridge& bridge : bridges) {
      for (const config::Misfit& misfit : plan.add(bridge, gather_parts(bridge, means))) {
        errors.push_back(bridge.name + ": " + misfit.message);
      }
    }
    warnings = plan.warnings();
    if (auto error = errors.empty() ? plan.finish() : std::nullopt) {
      errors.push_back(std::move(*error));
    }
    if (errors.empty()) {
      auto next = plan.commit();
      left = std::exchange(served, std::move(next));
    }
    return errors;
  }

  Listener* listener(std::size_t bridge, std::size_t listen = 0) {
    return served.at(bridge)->listens.at(listen).listeners.at(0).get();
  }

  // How many sockets those that are not served any more still have.
  std::size_t left_over() const {
    std::size_t count = 0;
    for (const auto& one : left) {
      for (const BoundListen& listen : one->listens) {
        count += listen.listeners.size();
      }
    }
    return count;
  }

  TempDir directory;
  Descriptor log_file{::open((directory / "log").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
  Log log{{.format = config::LogFormat::kJson}, log_file.get()};
  ws::EventLoop loop;
  InheritedSockets inherited;
  ServedBridges served;
  ServedBridges left;
  std::vector<ServingPlan::Warning> warnings;
};

std::uint16_t port_of_listener(const Listener& listener) {
  return port_of(loopback(listener.address()));
}

// Of a port that nobody has.
std::string free_address() {
  const auto sockets = listen_tcp(tcp_listen("127.0.0.1"));
  REQUIRE(sockets);
  return sockets->front().address;
}

TEST_CASE("serving_plan: what is equal is kept, what is not is made anew") {
  Serving serving;
  const auto a = bridge_on("a", {tcp_listen("127.0.0.1")});
  const auto b = bridge_on("b", {unix_listen(serving.directory / "b")});
  REQUIRE(serving.serve({a, b}).empty());
  const auto bridge_a = serving.served[0]->bridge;
  const auto bridge_b = serving.served[1]->bridge;
  const Listener* const on_a = serving.listener(0);
  const Listener* const on_b = serving.listener(1);
  REQUIRE(serving.serve({a, bridge_on("b", b.listen, "ws://other/")}).empty());
  CHECK(serving.served[0]->bridge == bridge_a);
  CHECK(serving.served[1]->bridge != bridge_b);
  CHECK(serving.served[1]->bridge->load() == bridge_b->load());
  CHECK(serving.listener(0) == on_a);
  CHECK(serving.listener(1) == on_b);
  CHECK(serving.left_over() == 0);
}

TEST_CASE("serving_plan: a listener follows its address to another bridge, but any port does not") {
  Serving serving;
  const auto path = unix_listen(serving.directory / "s");
  REQUIRE(serving.serve({bridge_on("a", {path, tcp_listen("127.0.0.1")})}).empty());
  const Listener* const on_path = serving.listener(0);
  const Listener* const on_port = serving.listener(0, 1);
  REQUIRE(serving.serve({bridge_on("new", {tcp_listen("127.0.0.1"), path})}).empty());
  CHECK(serving.listener(0, 1) == on_path);
  CHECK(serving.listener(0) != on_port);
  CHECK(serving.left_over() == 1);
}

TEST_CASE("serving_plan: what is gone stays with the old bridges, for whoever closes it") {
  Serving serving;
  const auto a = bridge_on("a", {tcp_listen("127.0.0.1")});
  const auto b = bridge_on("b", {tcp_listen("127.0.0.1")});
  REQUIRE(serving.serve({a, b}).empty());
  const auto gone = loopback(serving.listener(1)->address());
  REQUIRE(serving.serve({a}).empty());
  CHECK(serving.left_over() == 1);
  CHECK(connect_to(gone));
  serving.left.clear();
  CHECK_FALSE(connect_to(gone));
}

TEST_CASE("serving_plan: everything that is wrong is told, and nothing has changed") {
  Serving serving;
  const Descriptor holder(socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress any_port = loopback("127.0.0.1:0");
  REQUIRE(bind(holder.get(), reinterpret_cast<const sockaddr*>(&any_port.storage),
               any_port.length) == 0);
  REQUIRE(listen(holder.get(), 1) == 0);
  const auto taken = tcp_listen("127.0.0.1", port_of(local_address(holder.get())));
  auto path = unix_listen(serving.directory / "s");
  const auto before = bridge_on("a", {path});
  REQUIRE(serving.serve({before}).empty());
  const auto bridge = serving.served[0]->bridge;
  path.mode = "0666";
  auto no_access = bridge_on("c", {tcp_listen("127.0.0.1")});
  no_access.access.allow_uids = {"no-such-user"};
  const Strings errors = serving.serve({bridge_on("a", {path}), bridge_on("b", {taken}), no_access,
                                        bridge_on("d", {}, "http://h/")});
  REQUIRE(errors.size() == 3);
  CHECK_THAT(errors[0], StartsWith("b: ") && ContainsSubstring("another program listens there"));
  CHECK_THAT(errors[1], StartsWith("c: ") && ContainsSubstring("no-such-user"));
  CHECK_THAT(errors[2], StartsWith("d: "));
  CHECK(serving.served.size() == 1);
  CHECK(serving.served[0]->bridge == bridge);
  CHECK(mode_of(serving.directory / "s") == 0600);
  CHECK(connect_unix("unix:" + (serving.directory / "s")));
}

TEST_CASE("serving_plan: a changed mode is set on the same socket") {
  Serving serving;
  auto path = unix_listen(serving.directory / "s");
  REQUIRE(serving.serve({bridge_on("a", {path})}).empty());
  const Listener* const before = serving.listener(0);
  for (const char* const mode : {"0660", "0666"}) {
    path.mode = mode;
    REQUIRE(serving.serve({bridge_on("a", {path})}).empty());
    CHECK(serving.listener(0) == before);
  }
  CHECK(mode_of(serving.directory / "s") == 0666);
}

TEST_CASE("serving_plan: an address grows and shrinks over the socket that stands for it") {
  Serving serving;
  REQUIRE(serving.serve({bridge_on("a", {tcp_listen("127.0.0.1")})}).empty());
  const auto port = port_of_listener(*serving.listener(0));
  const auto where = loopback(serving.listener(0)->address());
  for (const char* const host : {"", "127.0.0.1", "localhost", "0.0.0.0"}) {
    auto listen = tcp_listen(host, port);
    listen.allow_remote = true;
    REQUIRE(serving.serve({bridge_on("a", {listen})}).empty());
    CHECK(serving.left_over() > 0);
    CHECK(connect_to(where));
    serving.left.clear();
    CHECK(connect_to(where));
  }
  const auto second = listen_tcp(tcp_listen("127.0.0.1", port));
  REQUIRE_FALSE(second);  // alone again
  CHECK(second.error().system_errno == EADDRINUSE);
}

// The rules of the configuration know what literal addresses stand for, the plan also names.
TEST_CASE("serving_plan: a socket that another listener of the plan replaces cannot be kept") {
  Serving serving;
  REQUIRE(serving.serve({bridge_on("a", {tcp_listen("127.0.0.1")})}).empty());
  const auto port = port_of_listener(*serving.listener(0));
  const auto numeric = bridge_on("a", {tcp_listen("127.0.0.1", port)});
  REQUIRE(serving.serve({numeric}).empty());
  serving.left.clear();
  const auto named = bridge_on("b", {tcp_listen("a-name.example", port)});
  ServingPlan plan({.loop = serving.loop, .log = serving.log, .inherited = serving.inherited},
                   serving.served);
  const BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
  BridgeParts parts = gather_parts(bridge_on("b", {tcp_listen("127.0.0.1", port)}), means);
  const auto none = plan.add(named, std::move(parts));
  CHECK(none.empty());
  const auto misfits = plan.add(numeric, gather_parts(numeric, means));
  REQUIRE(misfits.size() == 1);
  CHECK_THAT(misfits[0].message, ContainsSubstring("stands for the same address"));
}

TEST_CASE("serving_plan: two names of one address are told apart from another program") {
  Serving serving;
  const auto port = port_of(loopback(free_address()));
  const auto numeric = bridge_on("a", {tcp_listen("127.0.0.1", port)});
  ServingPlan plan({.loop = serving.loop, .log = serving.log, .inherited = serving.inherited},
                   serving.served);
  const BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
  CHECK(plan.add(numeric, gather_parts(numeric, means)).empty());
  const auto misfits =
      plan.add(bridge_on("b", {tcp_listen("a-name.example", port)}), gather_parts(numeric, means));
  REQUIRE(misfits.size() == 1);
  CHECK_THAT(misfits[0].message, ContainsSubstring("stands for the same address"));
}

TEST_CASE("serving_plan: until the last step clients come to the sockets of before") {
  Serving serving;
  auto wide = tcp_listen("0.0.0.0");
  wide.allow_remote = true;
  auto path = unix_listen(serving.directory / "s");
  REQUIRE(serving.serve({bridge_on("a", {wide, path})}).empty());
  const auto port = port_of_listener(*serving.listener(0));
  path.mode = "0666";
  const auto narrow = bridge_on("a", {tcp_listen("127.0.0.1", port), path});
  ServingPlan plan({.loop = serving.loop, .log = serving.log, .inherited = serving.inherited},
                   serving.served);
  const BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
  REQUIRE(plan.add(narrow, gather_parts(narrow, means)).empty());
  Listener& before = *serving.listener(0);
  std::vector<Descriptor> accepted;
  before.start([&](int descriptor, const Peer&) { accepted.emplace_back(descriptor); }, {});
  const auto client = connect_to(loopback("127.0.0.1:" + std::to_string(port)));
  REQUIRE(client);
  CHECK(before.accept_last() == 0);
  CHECK(accepted.size() == 1);
  CHECK(mode_of(serving.directory / "s") == 0600);
  CHECK_FALSE(plan.finish());
  CHECK(mode_of(serving.directory / "s") == 0666);
  const auto next = plan.commit();
  serving.served.clear();
  CHECK(connect_to(loopback(next[0]->listens[0].listeners[0]->address())));
}

TEST_CASE("serving_plan: what cannot be changed or listened on in the end changes nothing") {
  Serving serving;
  auto path = unix_listen(serving.directory / "s");
  auto gone = unix_listen(serving.directory / "gone");
  REQUIRE(serving.serve({bridge_on("a", {path, gone})}).empty());
  path.mode = "0666";
  SECTION("a path that leads to another file") {
    gone.mode = "0666";
    REQUIRE(unlink((serving.directory / "gone").c_str()) == 0);
    const Strings errors = serving.serve({bridge_on("a", {path, gone})});
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors[0], StartsWith("bridge a: ") && ContainsSubstring("does not lead to"));
  }
  SECTION("another program that listens there meanwhile") {
    const auto port = port_of(loopback(free_address()));
    const auto settings = bridge_on("a", {path, tcp_listen("127.0.0.1", port)});
    ServingPlan plan({.loop = serving.loop, .log = serving.log, .inherited = serving.inherited},
                     serving.served);
    const BridgeMeans means{.tls_contexts = std::make_shared<TlsContexts>()};
    REQUIRE(plan.add(settings, gather_parts(settings, means)).empty());
    const auto other = listen_tcp(tcp_listen("127.0.0.1", port));
    REQUIRE(other);
    const auto error = plan.finish();
    REQUIRE(error);
    CHECK_THAT(*error, ContainsSubstring("another program listens there"));
  }
  CHECK(mode_of(serving.directory / "s") == 0600);
}

TEST_CASE("serving_plan: a name server that is out of order matters to new listeners alone") {
  Serving serving;
  const auto bridge = bridge_on("a", {tcp_listen("127.0.0.1")});
  REQUIRE(serving.serve({bridge}).empty());
  const auto plan_with = [&serving](const config::Bridge& settings) {
    ServingPlan plan({.loop = serving.loop, .log = serving.log, .inherited = serving.inherited},
                     serving.served);
    BridgeParts parts = gather_parts(settings, {.tls_contexts = std::make_shared<TlsContexts>()});
    parts.targets[0] = listen_error("h", "look up 'h'");
    return plan.add(settings, std::move(parts)).size();
  };
  CHECK(plan_with(bridge) == 0);
  CHECK(plan_with(bridge_on("a", {tcp_listen("127.0.0.2", 0)})) == 1);
}

}  // namespace
}  // namespace wsbridged::test
