// SPDX-License-Identifier: MIT
// A WebSocket through a proxy, to an address that was given, and over a Unix socket with TLS.
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ws/websocket.h>

#include "net/connect_socket.h"
#include "support/catch.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using test::RecordingClient;
using test::RefusingPort;
using test::ScriptedServer;
using test::ScriptPeer;
using test::server_close;
using test::SilentListener;
using test::test_certificates;
using test::trusting_options;

using Events = std::vector<std::string>;

Options through(const std::string& scheme, std::uint16_t port) {
  Options options = trusting_options();
  options.proxy = scheme + "127.0.0.1:" + std::to_string(port);
  return options;
}

void run_to_close(RecordingClient& client) {
  REQUIRE(client.run());
  if (client.error) {
    FAIL_CHECK(client.error->message);
  }
  CHECK(client.events == Events{"open", "close 1000"});
  client.run_out();  // until the server has seen the end
}

Error failure_of(RecordingClient& client) {
  REQUIRE(client.run());
  REQUIRE(client.error);
  CHECK(client.events == Events{"error"});
  return *client.error;
}

std::string accept_and_close(ScriptPeer& peer) {
  std::string head = peer.accept_upgrade(server_close(1000));
  peer.read_to_end();
  return head;
}

}  // namespace

TEST_CASE("websocket: an HTTP proxy is asked with CONNECT for ws, too (RFC 9110 9.3.6)",
          "[RFC6455-4.1-proxy]") {
  std::string connect;
  std::string head;
  ScriptedServer proxy([&](ScriptPeer& peer) {
    connect = peer.read_head();
    peer.send("HTTP/1.0 200 Connection established\r\nVia: test\r\n\r\n");
    head = accept_and_close(peer);
  });
  RecordingClient client("ws://chat.example:8080/room", through("http://me:pw@", proxy.port()));
  run_to_close(client);
  CHECK(proxy.failure().empty());
  CHECK(connect ==
        "CONNECT chat.example:8080 HTTP/1.1\r\nHost: chat.example:8080\r\n"
        "Proxy-Authorization: Basic bWU6cHc=\r\nUser-Agent: libws/0.1.0\r\n\r\n");
  CHECK_THAT(head, StartsWith("GET /room HTTP/1.1\r\nHost: chat.example:8080\r\n"));
  CHECK_THAT(head, !ContainsSubstring("Proxy-"));
  CHECK(client.socket().remote_address() == "127.0.0.1:" + std::to_string(proxy.port()));
}

TEST_CASE("websocket: behind a proxy TLS is with the server, which is verified by its own name",
          "[CVE-certificate][RFC6455-4.1-proxy]") {
  const auto& certificates = test_certificates();
  const bool is_right = GENERATE(true, false);
  ScriptedServer proxy([&](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    peer.start_tls(is_right ? certificates.good : certificates.wrong_host);
    accept_and_close(peer);
  });
  RecordingClient client("wss://localhost:4443/", through("", proxy.port()));
  if (is_right) {
    run_to_close(client);
    CHECK(proxy.failure().empty());
  } else {
    const Error error = failure_of(client);
    CHECK(error.phase == Phase::kTls);
    CHECK(error.code == ErrorCode::kCertificateRejected);
    CHECK_THAT(error.message, ContainsSubstring("not for localhost"));
  }
}

TEST_CASE("websocket: what comes behind a proxy's head belongs to the server",
          "[RFC6455-4.1-proxy]") {
  ScriptedServer proxy([](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    peer.read_to_end();
  });
  RecordingClient client("ws://h/", through("http://", proxy.port()));
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kHttp);
  CHECK(error.response->status == 403);
  CHECK(error.response->body == "no");
}

TEST_CASE("websocket: a proxy's refusal has phase proxy, status, headers and body; no cookies") {
  ScriptedServer proxy([](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n"
        "Set-Cookie: proxy=1\r\nContent-Length: 6\r\n\r\nlog in");
    peer.read_to_end();
  });
  Options options = through("http://", proxy.port());
  options.session_cookies = std::make_shared<CookieJar>();
  RecordingClient client("wss://chat.example/", options);
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kProxy);
  CHECK(error.code == ErrorCode::kProxyRefused);
  REQUIRE(error.response);
  CHECK(error.response->status == 407);
  CHECK(*error.response->find("proxy-authenticate") == "Basic realm=x");
  CHECK(error.response->body == "log in");
  CHECK(options.session_cookies->size() == 0);
}

TEST_CASE("websocket: the deadline at a silent proxy names it and the server", "[HS-deadline]") {
  const SilentListener silent;
  const std::string port = std::to_string(silent.port());
  const std::string scheme = GENERATE("http://", "socks5://");
  Options options = through(scheme, silent.port());
  options.connect_timeout = milliseconds(50);
  RecordingClient client("wss://chat.example/", options);
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kProxy);
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(client.socket().opening_times().proxy.count() > 0);
  CHECK(client.socket().opening_times().resolve.count() == 0);
  CHECK(error.message ==
        "timed out after 50ms while asking the proxy 127.0.0.1:" + port + " for chat.example:443");
}

TEST_CASE("websocket: a refusal of a proxy whose body stops coming is told at the deadline") {
  ScriptedServer proxy([](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nso");
    peer.read_to_end();
  });
  Options options = through("http://", proxy.port());
  options.connect_timeout = milliseconds(200);
  RecordingClient client("ws://h/", options);
  const Error error = failure_of(client);
  CHECK(error.code == ErrorCode::kProxyRefused);
  CHECK(error.response->body == "so");
}

TEST_CASE("websocket: a proxy that resets or closes is told so") {
  const bool resets = GENERATE(true, false);
  ScriptedServer proxy([resets](ScriptPeer& peer) {
    (void)peer.read_head();
    resets ? peer.reset() : peer.shutdown_write();
  });
  RecordingClient client("ws://h/", through("http://", proxy.port()));
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kProxy);
  CHECK(error.code == ErrorCode::kConnectionLost);
  CHECK_THAT(error.message, StartsWith("proxy 127.0.0.1:" + std::to_string(proxy.port())));
}

TEST_CASE("websocket: a proxy that cannot be reached is named as one") {
  const RefusingPort refusing;
  const std::string address = "127.0.0.1:" + std::to_string(refusing.port());
  RecordingClient client("ws://h/", through("socks5://", refusing.port()));
  const Error error = failure_of(client);
  CHECK(error.phase == Phase::kConnect);
  CHECK(error.message == "proxy " + address + ": connect to " + address + ": Connection refused");
}

TEST_CASE("websocket: SOCKS5 with user and password, answered byte by byte (RFC 1928, 1929)",
          "[RFC6455-4.1-proxy]") {
  std::string request;
  ScriptedServer proxy([&](ScriptPeer& peer) {
    const auto drip = [&peer](const std::string& bytes) {
      for (const char& byte : bytes) {
        peer.send({&byte, 1});
      }
    };
    (void)peer.read_exactly(4);
    drip("\x05\x02");
    (void)peer.read_exactly(std::string("\x01\x02me\x02pw").size());
    drip("\x01\x00"s);
    request = peer.read_exactly(5 + 12 + 2);
    drip("\x05\x00\x00\x03\x01x\x00\x50"s);
    accept_and_close(peer);
  });
  RecordingClient client("ws://chat.example/", through("socks5://me:pw@", proxy.port()));
  run_to_close(client);
  CHECK(proxy.failure().empty());
  CHECK(request == "\x05\x01\x00\x03\x0c"s + "chat.example\x00\x50"s);
}

TEST_CASE("websocket: closed, aborted or destroyed at a proxy it ends without a callback") {
  const int ending = GENERATE(0, 1);
  const SilentListener silent;
  RecordingClient client("ws://h/", through("http://", silent.port()));
  Timer soon(client.loop, [&] {
    if (ending == 0) {
      client.socket().close();
    } else {
      client.websocket.reset();
    }
  });
  soon.start(milliseconds(20));
  client.run_out();
  CHECK(client.events.empty());
}

TEST_CASE("websocket: the environment's proxy is used when it shall be") {
  std::string asked;
  ScriptedServer proxy([&asked](ScriptPeer& peer) {
    asked = peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    accept_and_close(peer);
  });
  const std::string value = "http://127.0.0.1:" + std::to_string(proxy.port());
  REQUIRE(::setenv("ws_proxy", value.c_str(), 1) == 0);
  Options options = trusting_options();
  options.proxy = "env";
  RecordingClient client("ws://chat.example/", options);
  REQUIRE(::unsetenv("ws_proxy") == 0);
  run_to_close(client);
  CHECK(proxy.failure().empty());
  CHECK_THAT(asked, StartsWith("CONNECT chat.example:80 "));
}

TEST_CASE("websocket: an override of resolve is connected to, Host stays the URL's") {
  std::string head;
  ScriptedServer server([&head](ScriptPeer& peer) { head = accept_and_close(peer); });
  const std::string port = std::to_string(server.port());
  Options options = trusting_options();
  options.resolve = {{"chat.example:" + port, "[::1],127.0.0.1"}};  // nobody listens on the first
  RecordingClient client("ws://chat.example:" + port + "/", options);
  run_to_close(client);
  CHECK(server.failure().empty());
  CHECK_THAT(head, ContainsSubstring("\r\nHost: chat.example:" + port + "\r\n"));
  CHECK(client.socket().remote_address() == "127.0.0.1:" + port);
}

TEST_CASE("websocket: wss over a Unix socket verifies the URL's name") {
  const bool is_override = GENERATE(true, false);
  std::string folder = "/tmp/ws-unix-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/socket";
  const auto address = *net::unix_address(path);
  const net::Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                 address.length) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  std::string head;
  std::thread server([&] {
    ScriptPeer peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC),
                    test_certificates().good);
    head = accept_and_close(peer);
  });
  Options options = trusting_options();
  if (is_override) {
    options.resolve = {{"localhost:443", "unix:" + path}};
    options.proxy = "http://127.0.0.1:1";  // nobody is asked for what lies here
  } else {
    options.unix_path = path;
  }
  bool is_verified = false;
  options.callbacks.on_open = [&is_verified](WebSocket& socket) {
    is_verified = socket.tls_info().value().verified;
  };
  RecordingClient client("wss://localhost/", options);
  run_to_close(client);
  CHECK(is_verified);
  CHECK(client.socket().remote_address() == "unix:" + path);
  client.run_out();
  server.join();
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
  CHECK_THAT(head, ContainsSubstring("\r\nHost: localhost\r\n"));
}

}  // namespace ws
