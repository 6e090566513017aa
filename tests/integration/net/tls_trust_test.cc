// SPDX-License-Identifier: MIT
// What goes beyond a chain of trust, against a real OpenSSL server: pins, our own certificate, and
// sessions that are resumed, but never where something else would have been verified.
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <openssl/pem.h>

#include "integration/net/tls_server.h"
#include "net/tls_context.h"
#include "net/tls_pin.h"
#include "net/tls_session_cache.h"
#include "support/catch.h"

namespace ws {
namespace {

using net::ClientCertificate;
using net::TlsSessionCache;
using net::TlsTarget;
using test::Certificate;
using test::TemporaryFile;
using test::test_certificates;
using test::TlsPeer;
using test::TlsServer;
using test::trusting_options;

using Context = std::shared_ptr<const TlsContext>;
using ServerContext = std::shared_ptr<SSL_CTX>;

// What became of a connection; nothing but the error when there was none.
struct Visit {
  std::optional<TlsInfo> info;
  Error error;
  std::string subject;  // of the client's certificate, as the server saw it
};

Visit visit(const ServerContext& server_context, TlsTarget target) {
  EventLoop loop;
  Visit visit;
  auto pair = test::make_pair(test::SocketKind::kTcp);
  TlsServer server(server_context, std::move(pair.peer), [&visit](TlsPeer& peer) {
    if (X509* certificate = SSL_get0_peer_certificate(peer.ssl())) {
      visit.subject = net::to_string(*net::pin_of(certificate));
    }
    peer.send("hello");
    (void)peer.receive_all();
  });
  test::Recorder recorder;
  auto outcome = test::shake_hands(loop, pair.ours.release(), std::move(target));
  visit.error = outcome.error;
  if (outcome.stream != nullptr) {
    // Tickets of TLS 1.3 come with the first bytes.
    outcome.stream->set_handler(&recorder);
    outcome.stream->resume_reading();
    test::run_until(loop, [&] { return recorder.data == "hello" || recorder.has('F'); });
    visit.info = outcome.stream->tls_info();
    visit.error = recorder.failure;
    outcome.stream.reset();
  }
  server.join();
  return visit;
}

TlsTarget target_with(Context context, std::string server = "localhost:443") {
  return {.context = std::move(context), .server_name = "localhost", .server = std::move(server)};
}

Context context_with(const TlsOptions& options) {
  auto context = make_tls_context(options);
  REQUIRE(context);
  return context.value();
}

std::string error_with(const TlsOptions& options) {
  const auto context = make_tls_context(options);
  REQUIRE_FALSE(context);
  CHECK(context.error().phase == Phase::kOptions);
  CHECK(context.error().code == ErrorCode::kInvalidOption);
  return context.error().message;
}

ServerContext server_with(const Certificate& certificate, int version = TLS1_3_VERSION) {
  auto context = certificate.server_context();
  SSL_CTX_set_max_proto_version(context.get(), version);
  constexpr unsigned char id[] = "test";
  SSL_CTX_set_session_id_context(context.get(), id, sizeof id);
  return context;
}

ServerContext server_that_wants_certificates(int version) {
  auto context = server_with(test_certificates().good, version);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(
      context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  return context;
}

std::string pin_of(const Certificate& certificate) {
  return net::to_string(*net::pin_of(certificate.x509()));
}

std::string encrypted_key_of(const Certificate& certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  unsigned char password[] = "secret";
  REQUIRE(PEM_write_bio_PrivateKey(memory.get(), certificate.key(), EVP_aes_128_cbc(), password, 6,
                                   nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

TEST_CASE("tls pin: both forms are read, all others refused", "[tls]") {
  const std::string whole = pin_of(test_certificates().good);
  const std::string bare = whole.substr(std::string("sha256//").size());
  CHECK(bare.size() == 44);
  CHECK(net::to_string(*net::parse_pin(whole)) == whole);
  CHECK(net::to_string(*net::parse_pin(bare)) == whole);
  const std::string not_32_bytes(44, 'A');
  for (const std::string& text : std::vector<std::string>{
           "", "sha256//", "sha256/" + bare, "sha1//" + bare, bare.substr(1), bare + "=",
           " " + bare.substr(1), not_32_bytes,
           std::string(42, 'A') + "==", std::string(43, '*') + "=", std::string(42, 'A') + "B="}) {
    INFO(text);
    CHECK_FALSE(net::parse_pin(text));
  }
  TlsOptions options = trusting_options();
  options.pin_sha256 = {whole, "no pin"};
  CHECK_THAT(error_with(options), StartsWith("tls.pin_sha256: "));
}

TEST_CASE("tls pin: one of them must be the server's key, whose pin the error tells", "[tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto server = server_with(test_certificates().good, version);
  TlsOptions options = trusting_options();
  options.pin_sha256 = {pin_of(test_certificates().expired), pin_of(test_certificates().good)};
  const Visit good = visit(server, target_with(context_with(options)));
  REQUIRE(good.info);
  CHECK(good.info->pin == pin_of(test_certificates().good));
  options.pin_sha256.pop_back();
  const Context context = context_with(options);
  for (int i = 0; i < 2; ++i) {  // a second time, too: no session was kept
    const Visit bad = visit(server, target_with(context));
    CHECK_FALSE(bad.info);
    CHECK(bad.error.phase == Phase::kTls);
    CHECK(bad.error.code == ErrorCode::kCertificateRejected);
    CHECK(bad.error.message == "public key of localhost has the pin " +
                                   pin_of(test_certificates().good) +
                                   ", which is none of tls.pin_sha256");
  }
  CHECK(context->sessions().size() == 0);
}

TEST_CASE("tls pin: it comes on top of verification, and counts without it", "[tls]") {
  TlsOptions options = trusting_options();
  options.pin_sha256 = {pin_of(test_certificates().expired)};
  const auto server = server_with(test_certificates().expired);
  CHECK_THAT(visit(server, target_with(context_with(options))).error.message,
             ContainsSubstring("expired"));
  options.insecure_skip_verify = true;
  const Visit insecure = visit(server, target_with(context_with(options)));
  REQUIRE(insecure.info);
  CHECK_FALSE(insecure.info->verified);
  options.pin_sha256 = {pin_of(test_certificates().good)};
  CHECK_FALSE(visit(server, target_with(context_with(options))).info);
}

TEST_CASE("tls info: version, cipher, end of the certificate", "[tls]") {
  const auto server = server_with(test_certificates().good, TLS1_2_VERSION);
  const Visit seen = visit(server, target_with(test::trusting_context()));
  REQUIRE(seen.info);
  CHECK(seen.info->version == "TLSv1.2");
  CHECK_FALSE(seen.info->cipher.empty());
  CHECK(seen.info->verified);
  const auto now = std::time(nullptr);
  CHECK(seen.info->certificate_expires > now + 23 * 3600);
  CHECK(seen.info->certificate_expires <= now + 24 * 3600);
}

TEST_CASE("tls client certificate: it is shown to a server that asks", "[tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Certificate& ours = test_certificates().wildcard;
  const auto server = server_that_wants_certificates(version);
  const TemporaryFile certificate(ours.pem());
  const TemporaryFile key(ours.key_pem());
  const TemporaryFile both(ours.key_pem() + ours.pem());
  TlsOptions options = trusting_options();
  options.cert_file = certificate.path();
  options.key_file = key.path();
  CHECK(visit(server, target_with(context_with(options))).subject == pin_of(ours));
  options.cert_file = both.path();
  options.key_file.clear();
  const Context context = context_with(options);
  CHECK(visit(server, target_with(context)).subject == pin_of(ours));

  TlsTarget stranger = target_with(context);
  stranger.client_certificate = ClientCertificate::kWithheld;
  const Visit withheld = visit(server, std::move(stranger));
  CHECK(withheld.subject.empty());
  CHECK_THAT(withheld.error.message, ContainsSubstring("client certificate"));
  CHECK_THAT(visit(server, target_with(test::trusting_context())).error.message,
             ContainsSubstring("client certificate"));
}

TEST_CASE("tls client certificate: files that cannot be used are clear errors", "[tls]") {
  const Certificate& ours = test_certificates().good;
  const TemporaryFile certificate(ours.pem());
  const TemporaryFile key(ours.key_pem());
  const TemporaryFile other_key(test_certificates().expired.key_pem());
  const TemporaryFile encrypted(encrypted_key_of(ours));
  const TemporaryFile junk("junk");
  TlsOptions options = trusting_options();
  options.key_file = key.path();
  CHECK(error_with(options) ==
        "tls.key_file " + key.path() + ": a key needs its certificate: set tls.cert_file");
  options.cert_file = "/nonexistent";
  CHECK(error_with(options) == "tls.cert_file /nonexistent: No such file or directory");
  options.cert_file = junk.path();
  CHECK(error_with(options) ==
        "tls.cert_file " + junk.path() + ": not a PEM file with a certificate");
  options.cert_file = certificate.path();
  options.key_file = "/nonexistent";
  CHECK(error_with(options) == "tls.key_file /nonexistent: No such file or directory");
  options.key_file = junk.path();
  CHECK(error_with(options) ==
        "tls.key_file " + junk.path() + ": not a PEM file with a private key");
  options.key_file = other_key.path();
  CHECK(error_with(options) ==
        "tls.key_file " + other_key.path() + ": the key does not belong to tls.cert_file");
  options.key_file = encrypted.path();
  CHECK_THAT(error_with(options),
             StartsWith("tls.key_file " + encrypted.path() + ": the key is encrypted"));
  options.key_file.clear();  // and the certificate's file has none
  CHECK(error_with(options) ==
        "tls.cert_file " + certificate.path() + ": not a PEM file with a private key");
}

TEST_CASE("tls resumption: the second handshake with a server is a resumption", "[tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto server = server_with(test_certificates().good, version);
  const Context context = context_with(trusting_options());
  const Visit first = visit(server, target_with(context));
  REQUIRE(first.info);
  CHECK_FALSE(first.info->resumed);
  CHECK(context->sessions().size() == 1);
  for (int i = 0; i < 6; ++i) {  // more than one connection brought tickets
    const Visit again = visit(server, target_with(context));
    REQUIRE(again.info);
    CHECK(again.info->resumed);
    CHECK(again.info->verified);
    CHECK(again.info->pin == pin_of(test_certificates().good));
  }
}

TEST_CASE("tls resumption: never where something else would be verified or shown", "[tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto server = server_with(test_certificates().good, version);
  const Context context = context_with(trusting_options());
  REQUIRE(visit(server, target_with(context)).info);
  SECTION("another server name, which the certificate is not for") {
    TlsTarget target = target_with(context);
    target.server_name = "other.example";
    const Visit other = visit(server, std::move(target));
    CHECK_FALSE(other.info);
    CHECK(other.error.code == ErrorCode::kCertificateRejected);
  }
  SECTION("another host or port") {
    const Visit other = visit(server, target_with(context, "localhost:444"));
    REQUIRE(other.info);
    CHECK_FALSE(other.info->resumed);
  }
  SECTION("without our certificate") {
    TlsTarget target = target_with(context);
    target.client_certificate = ClientCertificate::kWithheld;
    const Visit other = visit(server, std::move(target));
    REQUIRE(other.info);
    CHECK_FALSE(other.info->resumed);
  }
  SECTION("other pins: they are of another context") {
    TlsOptions options = trusting_options();
    options.pin_sha256 = {pin_of(test_certificates().good)};
    const Visit other = visit(server, target_with(context_with(options)));
    REQUIRE(other.info);
    CHECK_FALSE(other.info->resumed);
  }
  SECTION("from a context that does not verify to one that does") {
    TlsOptions options = trusting_options();
    options.insecure_skip_verify = true;
    const auto bad_server = server_with(test_certificates().unknown_authority, version);
    REQUIRE(visit(bad_server, target_with(context_with(options))).info);
    CHECK_FALSE(visit(bad_server, target_with(context)).info);
  }
  SECTION("a target without a server neither resumes nor leaves a session") {
    const Context fresh = context_with(trusting_options());
    REQUIRE(visit(server, target_with(fresh, "")).info);
    CHECK(fresh->sessions().size() == 0);
  }
}

TEST_CASE("tls resumption: a server that has forgotten gets a whole handshake", "[tls]") {
  const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Context context = context_with(trusting_options());
  REQUIRE(visit(server_with(test_certificates().good, version), target_with(context)).info);
  const Visit other = visit(server_with(test_certificates().good, version), target_with(context));
  REQUIRE(other.info);
  CHECK_FALSE(other.info->resumed);
  // One that has another certificate since is verified anew.
  CHECK_FALSE(visit(server_with(test_certificates().expired, version), target_with(context)).info);
}

namespace {

// A session that could be resumed, as far as its data says.
net::SslSessionHandle make_session(const Certificate& certificate, int version) {
  static const Context any = context_with(trusting_options());
  (void)visit(server_with(certificate, version), target_with(any, "made:1"));
  auto session = any->sessions().take("made:1\nlocalhost");
  any->sessions().forget("made:1\nlocalhost");
  REQUIRE(session);
  return session;
}

}  // namespace

TEST_CASE("tls sessions: a ticket of 1.3 is given once, a session of 1.2 again (RFC 8446 C.4)",
          "[tls]") {
  TlsSessionCache cache;
  CHECK_FALSE(cache.take("a"));
  const auto v13 = make_session(test_certificates().good, TLS1_3_VERSION);
  cache.put("a", *v13);
  CHECK(cache.take("a"));
  CHECK_FALSE(cache.take("a"));
  CHECK(cache.size() == 0);
  for (std::size_t i = 0; i < TlsSessionCache::kMaxTickets + 3; ++i) {
    cache.put("a", *v13);
  }
  for (std::size_t i = 0; i < TlsSessionCache::kMaxTickets; ++i) {
    CHECK(cache.take("a"));
  }
  CHECK_FALSE(cache.take("a"));

  const auto v12 = make_session(test_certificates().good, TLS1_2_VERSION);
  cache.put("a", *v12);
  cache.put("a", *v12);
  CHECK(cache.take("a"));
  CHECK(cache.take("a"));
  cache.forget("a");
  CHECK_FALSE(cache.take("a"));
}

TEST_CASE("tls sessions: 256 servers, the least recently used goes", "[tls]") {
  TlsSessionCache cache;
  const auto session = make_session(test_certificates().good, TLS1_2_VERSION);
  for (std::size_t i = 0; i < TlsSessionCache::kMaxServers; ++i) {
    cache.put(std::to_string(i), *session);
  }
  CHECK(cache.take("0"));
  cache.put("one more", *session);
  CHECK(cache.size() == TlsSessionCache::kMaxServers);
  CHECK(cache.take("0"));
  CHECK_FALSE(cache.take("1"));
  CHECK(cache.take("2"));
}

TEST_CASE("tls sessions: one that is over, or whose certificate is, is not given", "[tls]") {
  TlsSessionCache cache;
  const auto session = make_session(test_certificates().good, TLS1_2_VERSION);
  SSL_SESSION_set_time(session.get(), static_cast<long>(std::time(nullptr)) - 100);
  SSL_SESSION_set_timeout(session.get(), 100);
  cache.put("a", *session);
  CHECK_FALSE(cache.take("a"));
  SSL_SESSION_set_timeout(session.get(), 200);
  cache.put("a", *session);
  CHECK(cache.take("a"));
  SSL_SESSION_set_time(session.get(), static_cast<long>(std::time(nullptr)) + 100);
  cache.put("b", *session);
  CHECK_FALSE(cache.take("b"));
  X509_gmtime_adj(X509_getm_notAfter(SSL_SESSION_get0_peer(session.get())), -1);
  SSL_SESSION_set_time(session.get(), static_cast<long>(std::time(nullptr)));
  cache.put("c", *session);
  CHECK_FALSE(cache.take("c"));
}

TEST_CASE("tls sessions: threads share them", "[tls]") {
  TlsSessionCache cache;
  const auto session = make_session(test_certificates().good, TLS1_3_VERSION);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache, &session] {
      for (int i = 0; i < 200; ++i) {
        const std::string key = std::to_string(i % 300);
        cache.put(key, *session);
        (void)cache.take(key);
        cache.forget(std::to_string((i + 7) % 300));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(cache.size() <= TlsSessionCache::kMaxServers);
}

}  // namespace ws
