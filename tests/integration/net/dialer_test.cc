// SPDX-License-Identifier: MIT
#include "net/dialer.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/connect_race.h"
#include "net/connect_socket.h"
#include "net/loop_context.h"
#include "net/resolver.h"
#include "support/catch.h"
#include "support/run_until.h"
#include "support/scripted_server.h"
#include "support/test_certs.h"

namespace ws::net {
namespace {

using test::RefusingPort;
using test::ScriptedServer;
using test::ScriptPeer;
using test::SilentListener;

Address address_of(const std::string& host, std::uint16_t port) {
  return parse_address_literal(host, port).value();
}

// A name that resolves to these addresses, whatever the port asked for.
void resolve_to(EventLoop& loop, const std::vector<Address>& addresses) {
  loop.use_resolver(std::make_shared<Resolver>(
      [addresses](const std::string&, std::uint16_t) { return Result(addresses); }));
}

Result<Dialled> dial(EventLoop& loop, DialTarget target) {
  std::optional<Result<Dialled>> outcome;
  Dialer dialer(loop, std::move(target), [&](Result<Dialled> result) {
    CHECK_FALSE(outcome);
    outcome = std::move(result);
  });
  CHECK_FALSE(outcome);
  loop.run();
  REQUIRE(outcome);
  return std::move(*outcome);
}

// Takes one connection and lets it end.
void greet(ScriptPeer& peer) {
  peer.read_to_end();
}

std::shared_ptr<const TlsContext> trusting_context() {
  const test::TemporaryFile authority(test::test_certificates().authority.pem());
  TlsOptions options;
  options.ca_file = authority.path();
  return make_tls_context(options).value();
}

DialTarget secure_target(const ScriptedServer& server) {
  return {.host = "localhost",
          .port = server.port(),
          .secure = true,
          .tls = {.context = trusting_context()}};
}

std::string full_backlog_path(int number) {
  return "@dialer-test-" + std::to_string(getpid()) + "-" + std::to_string(number);
}

Descriptor listen_unix(const std::string& path, int backlog) {
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address address = unix_address(path).value();
  REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                 address.length) == 0);
  REQUIRE(::listen(listener.get(), backlog) == 0);
  return listener;
}

}  // namespace

TEST_CASE("dialer: an address literal is dialled without a look-up") {
  ScriptedServer server(greet);
  EventLoop loop;
  loop.use_resolver(std::make_shared<Resolver>(
      [](const std::string&, std::uint16_t) -> Result<std::vector<Address>> {
        throw std::logic_error("asked");
      }));
  auto dialled = dial(loop, {.host = "127.0.0.1", .port = server.port()});
  REQUIRE(dialled);
  CHECK(dialled->remote_address == "127.0.0.1:" + std::to_string(server.port()));
  CHECK_FALSE(dialled->stream->is_reading());
}

TEST_CASE("dialer: a name is resolved, and the address that answers is named") {
  ScriptedServer server(greet);
  EventLoop loop;
  resolve_to(loop, {address_of("127.0.0.1", server.port())});
  auto dialled = dial(loop, {.host = "chat.example", .port = 1});
  REQUIRE(dialled);
  CHECK(dialled->remote_address == "127.0.0.1:" + std::to_string(server.port()));
}

TEST_CASE("dialer: a failed look-up has phase resolve") {
  EventLoop loop;
  loop.use_resolver(std::make_shared<Resolver>(
      [](const std::string& host, std::uint16_t) -> Result<std::vector<Address>> {
        return Error{.phase = Phase::kResolve,
                     .code = ErrorCode::kResolveFailed,
                     .message = "resolve " + host + ": Name or service not known"};
      }));
  const auto dialled = dial(loop, {.host = "nowhere.example", .port = 80});
  REQUIRE_FALSE(dialled);
  CHECK(dialled.error().phase == Phase::kResolve);
  CHECK(dialled.error().message == "resolve nowhere.example: Name or service not known");
}

TEST_CASE("dialer: a name without addresses is an error, not a crash") {
  EventLoop loop;
  resolve_to(loop, {});
  const auto dialled = dial(loop, {.host = "empty.example", .port = 80});
  REQUIRE_FALSE(dialled);
  CHECK(dialled.error().message == "resolve empty.example: the name has no address");
}

TEST_CASE("dialer: when every address fails, the error lists each with its reason") {
  const RefusingPort first;
  const RefusingPort second;
  EventLoop loop;
  resolve_to(loop, {address_of("127.0.0.1", first.port()), address_of("127.0.0.1", second.port())});
  const auto dialled = dial(loop, {.host = "two.example", .port = 80});
  REQUIRE_FALSE(dialled);
  CHECK(dialled.error().phase == Phase::kConnect);
  CHECK(dialled.error().code == ErrorCode::kConnectFailed);
  CHECK(dialled.error().system_errno == ECONNREFUSED);
  CHECK(dialled.error().message == "connect to 127.0.0.1:" + std::to_string(first.port()) +
                                       ": Connection refused; 127.0.0.1:" +
                                       std::to_string(second.port()) + ": Connection refused");
}

TEST_CASE("dialer: an address that refuses is followed by the next at once (RFC 8305 5)") {
  const RefusingPort refusing;
  ScriptedServer server(greet);
  EventLoop loop;
  resolve_to(loop,
             {address_of("127.0.0.1", refusing.port()), address_of("127.0.0.1", server.port())});
  const auto start = EventLoop::Clock::now();
  auto dialled = dial(loop, {.host = "two.example", .port = 80});
  REQUIRE(dialled);
  CHECK(dialled->remote_address == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(EventLoop::Clock::now() - start < kConnectionAttemptDelay);
}

TEST_CASE("dialer: a Unix socket is dialled by path, and named by it") {
  const std::string path = full_backlog_path(1);
  const Descriptor listener = listen_unix(path, 1);
  EventLoop loop;
  auto dialled = dial(loop, {.host = "ignored.example", .port = 80, .unix_path = path});
  REQUIRE(dialled);
  CHECK(dialled->remote_address == "unix:" + path);
}

TEST_CASE("dialer: a Unix socket that is not there names path and reason") {
  EventLoop loop;
  const auto dialled = dial(loop, {.unix_path = "/nonexistent/chat.sock"});
  REQUIRE_FALSE(dialled);
  CHECK(dialled.error().phase == Phase::kConnect);
  CHECK(dialled.error().message ==
        "connect to unix:/nonexistent/chat.sock: No such file or directory");
}

TEST_CASE("dialer: a Unix path is 107 bytes long at most") {
  EventLoop loop;
  const std::string longest(107, 'x');
  CHECK(dial(loop, {.unix_path = longest}).error().system_errno == ENOENT);
  const Error error = dial(loop, {.unix_path = longest + "x"}).error();
  CHECK(error.phase == Phase::kConnect);
  CHECK_THAT(error.message, ContainsSubstring("longer than 107 bytes"));
}

TEST_CASE("dialer: a Unix listener with a full backlog is asked again until it has room") {
  const std::string path = full_backlog_path(2);
  const Descriptor listener = listen_unix(path, 0);
  EventLoop loop;
  std::optional<ConnectedSocket> first;
  ConnectRace filler(loop, {unix_address(path).value()},
                     [&](Result<ConnectedSocket> result) { first = std::move(*result); });
  loop.run();
  REQUIRE(first);
  Timer accept_first(loop, [&] {
    const Descriptor accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(accepted.get() >= 0);
  });
  accept_first.start(2 * ConnectingSocket::kUnixRetryDelay);
  CHECK(dial(loop, {.unix_path = path}));
}

TEST_CASE("dialer: TLS runs on the socket that won") {
  ScriptedServer server(greet, test::test_certificates().good);
  EventLoop loop;
  auto dialled = dial(loop, secure_target(server));
  REQUIRE(dialled);
  CHECK_THAT(dialled->remote_address, ContainsSubstring(std::to_string(server.port())));
}

TEST_CASE("dialer: a certificate for another name is refused in phase tls") {
  ScriptedServer server(greet, test::test_certificates().wrong_host);
  EventLoop loop;
  const auto dialled = dial(loop, secure_target(server));
  REQUIRE_FALSE(dialled);
  CHECK(dialled.error().phase == Phase::kTls);
  CHECK(dialled.error().code == ErrorCode::kCertificateRejected);
}

TEST_CASE("dialer: server_name is what the certificate must be for") {
  ScriptedServer server(greet, test::test_certificates().wrong_host);
  EventLoop loop;
  DialTarget target = secure_target(server);
  target.tls.server_name = "www.other.example";
  const auto dialled = dial(loop, std::move(target));
  CHECK(dialled);
}

TEST_CASE("dialer: it tells its phase and what it waits for") {
  const SilentListener silent;
  EventLoop loop;
  resolve_to(loop, {address_of("127.0.0.1", silent.port())});
  DialTarget target{
      .host = "chat.example", .port = 443, .secure = true, .tls = {.context = trusting_context()}};
  Dialer dialer(loop, std::move(target), [](const Result<Dialled>&) {});
  CHECK(dialer.phase() == Phase::kResolve);
  CHECK(dialer.progress() == "resolving chat.example");
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  REQUIRE(test::run_until(loop, [&] { return dialer.phase() == Phase::kTls; }));
  CHECK(dialer.progress() == "negotiating TLS with chat.example at " + address);
}

TEST_CASE("dialer: destroyed in any phase it never calls back") {
  const SilentListener silent;
  const auto phase = GENERATE(Phase::kResolve, Phase::kConnect, Phase::kTls);
  EventLoop loop;
  resolve_to(loop, {address_of("127.0.0.1", silent.port())});
  DialTarget target{.host = phase == Phase::kConnect ? "127.0.0.1" : "chat.example",
                    .port = silent.port(),
                    .secure = true,
                    .tls = {.context = trusting_context()}};
  bool called = false;
  auto dialer = std::make_unique<Dialer>(loop, std::move(target),
                                         [&](const Result<Dialled>&) { called = true; });
  REQUIRE(test::run_until(loop, [&] { return dialer->phase() == phase; }));
  dialer.reset();
  loop.run();
  CHECK_FALSE(called);
}

TEST_CASE("dialer: it may be destroyed inside on_done, whatever the outcome") {
  const auto secure = GENERATE(false, true);
  const auto succeeds = GENERATE(false, true);
  ScriptedServer server(greet, secure ? std::optional(succeeds ? test::test_certificates().good
                                                               : test::test_certificates().expired)
                                      : std::nullopt);
  const RefusingPort refusing;
  EventLoop loop;
  DialTarget target = secure_target(server);
  target.secure = secure;
  if (!secure && !succeeds) {
    target.port = refusing.port();
  }
  std::unique_ptr<Dialer> dialer;
  std::optional<bool> succeeded;
  dialer = std::make_unique<Dialer>(loop, std::move(target), [&](const Result<Dialled>& result) {
    dialer.reset();
    succeeded = static_cast<bool>(result);
  });
  loop.run();
  CHECK(succeeded == succeeds);
}

TEST_CASE("dialer: what on_done throws leaves run()") {
  const RefusingPort refusing;
  EventLoop loop;
  const Dialer dialer(loop, {.host = "127.0.0.1", .port = refusing.port()},
                      [](const Result<Dialled>&) { throw std::runtime_error("thrown"); });
  CHECK_THROWS_WITH(loop.run(), "thrown");
}

}  // namespace ws::net
