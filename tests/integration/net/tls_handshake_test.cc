// SPDX-License-Identifier: MIT
// TLS handshakes against a real OpenSSL server: who is accepted, and what the others are told.
#include <cstdlib>
#include <string>
#include <vector>

#include "integration/net/tls_server.h"
#include "support/catch.h"

using ws::ErrorCode;
using ws::EventLoop;
using ws::Phase;
using ws::Result;
using ws::TlsOptions;
using ws::TlsVersion;
using ws::net::Stream;
using ws::net::TlsHandshake;
using ws::test::Certificate;
using ws::test::HandshakeOutcome;
using ws::test::make_pair;
using ws::test::options_with_ca_file;
using ws::test::run_turns;
using ws::test::run_until;
using ws::test::SocketKind;
using ws::test::TemporaryFile;
using ws::test::test_certificates;
using ws::test::TlsPeer;
using ws::test::TlsServer;
using ws::test::trusting_context;
using ws::test::trusting_options;

namespace {

using Context = std::shared_ptr<const ws::TlsContext>;
using ServerContext = std::shared_ptr<SSL_CTX>;

HandshakeOutcome connect(ServerContext server_context, const Context& context,
                         const std::string& name) {
  EventLoop loop;
  auto pair = make_pair(SocketKind::kTcp);
  const TlsServer server(std::move(server_context), std::move(pair.peer),
                         [](TlsPeer& peer) { (void)peer.receive_all(); });
  HandshakeOutcome outcome = ws::test::shake_hands(loop, pair.ours.release(), context, name);
  const bool is_open = outcome.stream != nullptr;
  outcome.stream.reset();  // belongs to the loop, which goes now
  outcome.calls = is_open ? 1 : 0;
  return outcome;
}

HandshakeOutcome connect(const Certificate& certificate, const std::string& name) {
  return connect(certificate.server_context(), trusting_context(), name);
}

bool is_accepted(const HandshakeOutcome& outcome) {
  return outcome.calls == 1;
}

ServerContext good_server() {
  return test_certificates().good.server_context();
}

}  // namespace

TEST_CASE("tls handshake: a certificate for the name or address is accepted", "[tls]") {
  const auto& certificates = test_certificates();
  CHECK(is_accepted(connect(certificates.good, "localhost")));
  CHECK(is_accepted(connect(certificates.good, "LOCALHOST")));
  CHECK(is_accepted(connect(certificates.good, "localhost.")));  // the root's dot
  CHECK(is_accepted(connect(certificates.good, "127.0.0.1")));
  CHECK(is_accepted(connect(certificates.good, "::1")));
  CHECK(is_accepted(connect(certificates.ip_only, "127.0.0.1")));
  CHECK(is_accepted(connect(certificates.wildcard, "chat.wild.example")));
}

TEST_CASE("tls handshake: a certificate for another name is refused, and says for which",
          "[tls][CVE-certificate]") {
  struct Case {
    const Certificate& certificate;
    std::string name;
    std::string message;
  };

  const auto& certificates = test_certificates();
  const std::vector<Case> cases = {
      {certificates.wrong_host, "localhost",
       "certificate is for other.example, www.other.example, not for localhost"},
      {certificates.good, "127.0.0.2",
       "certificate is for localhost, 127.0.0.1, ::1, not for 127.0.0.2"},
      {certificates.ip_only, "localhost", "certificate is for 127.0.0.1, not for localhost"},
      // RFC 6125 section 6.4.3: a wildcard stands for one whole label.
      {certificates.wildcard, "a.b.wild.example",
       "certificate is for *.wild.example, not for a.b.wild.example"},
      {certificates.wildcard, "wild.example",
       "certificate is for *.wild.example, not for wild.example"},
  };
  for (const Case& c : cases) {
    const HandshakeOutcome outcome = connect(c.certificate, c.name);
    CHECK_FALSE(is_accepted(outcome));
    CHECK(outcome.error.phase == Phase::kTls);
    CHECK(outcome.error.code == ErrorCode::kCertificateRejected);
    CHECK(outcome.error.message == c.message);
  }
}

TEST_CASE("tls handshake: partial wildcards are not honoured (RFC 6125 6.4.3)",
          "[tls][CVE-certificate]") {
  const Certificate partial =
      test_certificates().authority.issue({.dns_names = {"ch*.wild.example"}});
  CHECK(connect(partial, "chat.wild.example").error.code == ErrorCode::kCertificateRejected);
}

TEST_CASE("tls handshake: a common name is no name of the server (RFC 9525 6.3)",
          "[tls][CVE-certificate]") {
  const Certificate named = test_certificates().authority.issue(
      {.dns_names = {}, .ip_addresses = {"192.0.2.1"}, .common_name = "localhost"});
  CHECK(connect(named, "localhost").error.code == ErrorCode::kCertificateRejected);
}

TEST_CASE("tls handshake: an expired, early or unknown certificate is refused in words",
          "[tls][CVE-certificate]") {
  const auto& certificates = test_certificates();
  const auto expired = connect(certificates.expired, "localhost").error;
  CHECK(expired.code == ErrorCode::kCertificateRejected);
  CHECK_THAT(expired.message, StartsWith("certificate of localhost expired on 20"));
  const auto early = connect(certificates.not_yet_valid, "localhost").error;
  CHECK(early.code == ErrorCode::kCertificateRejected);
  CHECK_THAT(early.message, StartsWith("certificate of localhost is not valid before 20"));
  const auto unknown = connect(certificates.unknown_authority, "localhost").error;
  CHECK(unknown.code == ErrorCode::kCertificateRejected);
  CHECK(unknown.message ==
        "certificate of localhost is signed by an unknown authority (Unknown Authority); set "
        "tls.ca_file");
}

TEST_CASE("tls handshake: text out of a certificate is shortened and made printable", "[tls]") {
  std::vector<std::string> names;
  names.reserve(40);
  for (int i = 0; i < 40; ++i) {
    names.push_back("a-rather-long-name-" + std::to_string(i) + ".example");
  }
  const Certificate many = test_certificates().authority.issue({.dns_names = names});
  const auto error = connect(many, "localhost").error;
  CHECK(error.message.size() < 260);
  CHECK_THAT(error.message, ContainsSubstring("..., not for localhost"));
  const Certificate odd =
      ws::test::TestAuthority("odd\x1b[31m name").issue({.dns_names = {"localhost"}});
  CHECK_THAT(connect(odd, "localhost").error.message, ContainsSubstring("(odd?[31m name)"));
}

TEST_CASE("tls handshake: insecure_skip_verify takes any certificate", "[tls]") {
  TlsOptions options;
  options.insecure_skip_verify = true;
  const Context context = ws::make_tls_context(options).value();
  const auto& certificates = test_certificates();
  for (const Certificate* certificate :
       {&certificates.expired, &certificates.wrong_host, &certificates.unknown_authority}) {
    CHECK(is_accepted(connect(certificate->server_context(), context, "localhost")));
  }
}

TEST_CASE("tls handshake: without a name to verify nothing is sent", "[tls]") {
  const auto error = connect(test_certificates().good, "").error;
  CHECK(error.code == ErrorCode::kTlsFailed);
  CHECK(error.message == "TLS: no server name to verify the certificate against");
}

TEST_CASE("tls handshake: SNI carries names and never addresses (RFC 6066 3)",
          "[tls][RFC6455-4.1-tls]") {
  const auto& [name, expected] = GENERATE(table<std::string, std::string>(
      {{"localhost", "localhost"}, {"localhost.", "localhost"}, {"127.0.0.1", ""}, {"::1", ""}}));
  std::string seen = "not called";
  const ServerContext server = good_server();
  SSL_CTX_set_tlsext_servername_arg(server.get(), &seen);
  SSL_CTX_set_tlsext_servername_callback(
      server.get(), +[](SSL* ssl, int* /*alert*/, void* argument) {
        const char* sent = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        *static_cast<std::string*>(argument) = sent != nullptr ? sent : "";
        return SSL_TLSEXT_ERR_OK;
      });
  CHECK(is_accepted(connect(server, trusting_context(), name)));
  CHECK(seen == expected);
}

TEST_CASE("tls handshake: ALPN offers http/1.1 only (RFC 7301)", "[tls][HS-alpn]") {
  std::string seen;
  const ServerContext server = good_server();
  SSL_CTX_set_alpn_select_cb(
      server.get(),
      [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
         unsigned int in_size, void* argument) {
        static_cast<std::string*>(argument)->assign(reinterpret_cast<const char*>(in), in_size);
        *out = in + 1;
        *out_size = in[0];
        return SSL_TLSEXT_ERR_OK;
      },
      &seen);
  CHECK(is_accepted(connect(server, trusting_context(), "localhost")));
  CHECK(seen == "\x08http/1.1");
}

TEST_CASE("tls handshake: a server with another application protocol is told in words",
          "[tls][HS-alpn]") {
  const ServerContext server = good_server();
  SSL_CTX_set_alpn_select_cb(
      server.get(),
      [](SSL*, const unsigned char**, unsigned char*, const unsigned char*, unsigned int, void*) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
      },
      nullptr);
  const auto error = connect(server, trusting_context(), "localhost").error;
  CHECK(error.message == "TLS with localhost: the server does not speak HTTP/1.1 here (ALPN)");
}

TEST_CASE("tls handshake: TLS 1.2 and 1.3 are spoken, older or excluded ones refused", "[tls]") {
  const ServerContext server = good_server();
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  SSL_CTX_set_min_proto_version(server.get(), version);
  SSL_CTX_set_max_proto_version(server.get(), version);
  CHECK(is_accepted(connect(server, trusting_context(), "localhost")));
  TlsOptions options = trusting_options();
  options.min_version = TlsVersion::kTls13;
  const Context strict = ws::make_tls_context(options).value();
  const HandshakeOutcome outcome = connect(server, strict, "localhost");
  CHECK(is_accepted(outcome) == (version == TLS1_3_VERSION));
  if (version == TLS1_2_VERSION) {
    CHECK(outcome.error.code == ErrorCode::kTlsFailed);
    CHECK(outcome.error.message ==
          "TLS with localhost: the server supports no TLS version that is allowed here (1.3 or "
          "newer)");
  }
}

TEST_CASE("tls handshake: a server that does not speak TLS is recognised", "[tls]") {
  EventLoop loop;
  auto pair = make_pair(SocketKind::kTcp);
  pair.peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  const auto outcome =
      ws::test::shake_hands(loop, pair.ours.release(), trusting_context(), "localhost");
  CHECK(outcome.error.phase == Phase::kTls);
  CHECK(outcome.error.code == ErrorCode::kTlsFailed);
  CHECK(outcome.error.message ==
        "TLS with localhost: the server did not speak TLS (is it a plain HTTP port?)");
}

TEST_CASE("tls handshake: a connection that ends or is reset meanwhile is told as that", "[tls]") {
  EventLoop loop;
  auto pair = make_pair(SocketKind::kTcp);
  const bool resets = GENERATE(false, true);
  if (resets) {
    pair.peer.reset();
  } else {
    shutdown(pair.peer.get(), SHUT_WR);
  }
  const auto error =
      ws::test::shake_hands(loop, pair.ours.release(), trusting_context(), "localhost").error;
  CHECK(error.code == ErrorCode::kTlsFailed);
  CHECK(error.message == (resets ? "TLS with localhost: Connection reset by peer"
                                 : "TLS with localhost: the server closed the connection"));
}

TEST_CASE("tls handshake: destroying it cancels at any point and closes the connection", "[tls]") {
  EventLoop loop;
  auto pair = make_pair(SocketKind::kTcp);
  const int turns = GENERATE(range(0, 4));
  auto handshake = std::make_unique<TlsHandshake>(
      loop, pair.ours.release(),
      ws::net::TlsTarget{.context = trusting_context(), .server_name = "localhost"},
      [](const Result<std::unique_ptr<Stream>>&) { FAIL("called after its end"); });
  run_turns(loop, turns);
  handshake.reset();
  run_turns(loop);
  (void)pair.peer.take();  // the ClientHello, when it was sent
  CHECK(pair.peer.receive_result() == 0);
}

TEST_CASE("tls handshake: the callback may destroy it, and throw", "[tls]") {
  EventLoop loop;
  auto pair = make_pair(SocketKind::kTcp);
  const bool succeeds = GENERATE(false, true);
  const TlsServer server(good_server(), std::move(pair.peer),
                         [](TlsPeer& peer) { (void)peer.receive_all(); });
  std::unique_ptr<TlsHandshake> handshake;
  std::string name = succeeds ? "localhost" : "wrong.example";
  bool called = false;
  handshake = std::make_unique<TlsHandshake>(
      loop, pair.ours.release(),
      ws::net::TlsTarget{.context = trusting_context(), .server_name = name},
      [&handshake, &called, name](const Result<std::unique_ptr<Stream>>& result) {
        handshake.reset();
        called = static_cast<bool>(result) == (name == "localhost");
        throw std::runtime_error(name);
      });
  CHECK_THROWS_WITH(run_until(loop, [] { return false; }), name);
  CHECK(called);
}

TEST_CASE("tls context: a ca_file that is missing or no certificate is a clear error", "[tls]") {
  const auto missing = ws::make_tls_context(options_with_ca_file("/nonexistent/ca.pem"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().phase == Phase::kOptions);
  CHECK(missing.error().code == ErrorCode::kInvalidOption);
  CHECK(missing.error().message == "tls.ca_file /nonexistent/ca.pem: No such file or directory");
  const TemporaryFile junk("no certificate\n");
  const auto useless = ws::make_tls_context(options_with_ca_file(junk.path()));
  REQUIRE_FALSE(useless);
  CHECK(useless.error().message ==
        "tls.ca_file " + junk.path() + ": not a PEM file with certificates");
}

TEST_CASE("tls context: SSL_CERT_FILE replaces the system's store", "[tls]") {
  REQUIRE(setenv("SSL_CERT_FILE", trusting_options().ca_file.c_str(), 1) == 0);
  auto context = ws::make_tls_context({});
  REQUIRE(setenv("SSL_CERT_FILE", "/nonexistent/ca.pem", 1) == 0);
  const auto missing = ws::make_tls_context({});
  REQUIRE(unsetenv("SSL_CERT_FILE") == 0);
  REQUIRE(context);
  CHECK(is_accepted(connect(good_server(), context.value(), "localhost")));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "SSL_CERT_FILE /nonexistent/ca.pem: No such file or directory");
}

TEST_CASE("tls context: equal options share one, as long as somebody holds it", "[tls]") {
  EventLoop loop;
  TlsOptions options = trusting_options();
  Context first = loop.context().tls_context(options).value();
  options.server_name = "a name is not of the context";
  CHECK(loop.context().tls_context(options).value() == first);
  options.insecure_skip_verify = true;
  CHECK(loop.context().tls_context(options).value() != first);
  const std::weak_ptr<const ws::TlsContext> watch = first;
  first.reset();
  CHECK(watch.expired());
}
