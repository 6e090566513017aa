// SPDX-License-Identifier: MIT
// What keeps a WebSocket from reaching its server, and the one deadline over every phase.
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <ws/websocket.h>

#include "net/resolver.h"
#include "support/catch.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using std::chrono::milliseconds;
using test::BlackHole;
using test::RecordingClient;
using test::RefusingPort;
using test::ScriptedServer;
using test::ScriptPeer;
using test::SilentListener;
using test::trusting_options;

Options quick_options(milliseconds connect_timeout) {
  Options options = trusting_options();
  options.connect_timeout = connect_timeout;
  return options;
}

Error failure_of(RecordingClient& client) {
  REQUIRE(client.run());
  REQUIRE(client.error);
  CHECK(client.events == std::vector<std::string>{"error"});
  CHECK(client.socket().state() == State::kClosed);
  return *client.error;
}

}  // namespace

TEST_CASE("websocket: bad arguments are told in a later turn, with phase options",
          "[CVE-reentrancy]") {
  Options options = trusting_options();
  std::string url = "ws://example.com/";
  ErrorCode code = ErrorCode::kInvalidOption;
  SECTION("a URL without a scheme") {
    url = "example.com";
    code = ErrorCode::kInvalidUrl;
  }
  SECTION("a header of the handshake") {
    options.headers = {{"Upgrade", "h2c"}};
  }
  SECTION("a subprotocol that is no token") {
    options.subprotocols = {"a b"};
  }
  SECTION("a negative duration") {
    options.ping_interval = milliseconds(-1);
  }
  SECTION("an authority file that is not there") {
    url = "wss://example.com/";
    options.tls_context = nullptr;
    options.tls.ca_file = "/nonexistent/ca.pem";
  }
  RecordingClient client(url, options);
  CHECK(client.events.empty());
  CHECK(client.socket().state() == State::kConnecting);
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kOptions);
  CHECK(error.code == code);
}

TEST_CASE("websocket: a name that does not resolve fails in phase resolve", "[CVE-reentrancy]") {
  RecordingClient client;
  client.loop.use_resolver(std::make_shared<Resolver>(
      [](const std::string& host, std::uint16_t) -> Result<std::vector<net::Address>> {
        return Error{.phase = Phase::kResolve,
                     .code = ErrorCode::kResolveFailed,
                     .message = "resolve " + host + ": Name or service not known"};
      }));
  client.start("ws://nowhere.example/");
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kResolve);
  CHECK(error.message == "resolve nowhere.example: Name or service not known");
}

TEST_CASE("websocket: a refused connection names the address") {
  const RefusingPort refusing;
  const std::string address = "127.0.0.1:" + std::to_string(refusing.port());
  RecordingClient client("ws://" + address + "/");
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kConnect);
  CHECK(error.code == ErrorCode::kConnectFailed);
  CHECK(error.message == "connect to " + address + ": Connection refused");
}

TEST_CASE("websocket: the deadline during the look-up names the host", "[HS-deadline]") {
  RecordingClient client;
  // Shared with the thread, which outlives the test.
  const auto released = std::make_shared<std::promise<void>>();
  client.loop.use_resolver(std::make_shared<Resolver>(
      [done = released->get_future().share()](const std::string&,
                                              std::uint16_t) -> Result<std::vector<net::Address>> {
        done.wait();
        return std::vector<net::Address>{};
      }));
  client.start("ws://hangs.example/", quick_options(milliseconds(50)));
  const Error error = failure_of(client);
  released->set_value();
  CHECK(error.phase == Phase::kResolve);
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.message == "timed out after 50ms while resolving hangs.example");
}

TEST_CASE("websocket: the deadline during the connect names the address", "[HS-deadline]") {
  const BlackHole full;
  const std::string address = "127.0.0.1:" + std::to_string(full.port());
  RecordingClient client("ws://" + address + "/", quick_options(milliseconds(50)));
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kConnect);
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.message == "timed out after 50ms while connecting to " + address);
}

TEST_CASE("websocket: the deadline during TLS names the host and the address", "[HS-deadline]") {
  const SilentListener silent;
  const std::string port = std::to_string(silent.port());
  RecordingClient client("wss://127.0.0.1:" + port + "/", quick_options(milliseconds(50)));
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kTls);
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.message ==
        "timed out after 50ms while negotiating TLS with 127.0.0.1 at 127.0.0.1:" + port);
}

TEST_CASE("websocket: the deadline before the response names the address", "[HS-deadline]") {
  const SilentListener silent;
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  RecordingClient client("ws://" + address + "/", quick_options(milliseconds(50)));
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kHttp);
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.message ==
        "timed out after 50ms while waiting for the upgrade response of " + address);
}

TEST_CASE("websocket: certificates that must not be trusted fail in phase tls",
          "[CVE-certificate][RFC6455-4.1-tls]") {
  const auto& certificates = test::test_certificates();
  const auto certificate =
      GENERATE_REF(certificates.wrong_host, certificates.expired, certificates.unknown_authority);
  ScriptedServer server([](ScriptPeer& peer) { peer.read_to_end(); }, certificate);
  RecordingClient client(server.url());
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kTls);
  CHECK(error.code == ErrorCode::kCertificateRejected);
}

TEST_CASE("websocket: closed or aborted while connecting it ends without a callback",
          "[CVE-reentrancy]") {
  const auto ending = GENERATE(0, 1, 2);
  const SilentListener silent;
  RecordingClient client("ws://127.0.0.1:" + std::to_string(silent.port()) + "/");
  Timer soon(client.loop, [&] {
    if (ending == 0) {
      client.socket().close();
    } else if (ending == 1) {
      client.socket().abort();
    } else {
      client.websocket.reset();
      return;
    }
    CHECK(client.socket().state() == State::kClosed);
  });
  soon.start(milliseconds(20));
  client.run_out();  // and nothing keeps the loop
  CHECK(client.events.empty());
}

}  // namespace ws
