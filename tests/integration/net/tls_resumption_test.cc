// SPDX-License-Identifier: MIT
// TLS sessions that are resumed with a real OpenSSL server, but never where something else would
// have been verified.
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "integration/net/tls_visit.h"
#include "net/tls_session_cache.h"
#include "support/catch.h"

namespace ws {
namespace {

using net::ClientCertificate;
using net::TlsSessionCache;
using net::TlsTarget;
using test::Certificate;
using test::Context;
using test::context_with;
using test::pin_of;
using test::server_with;
using test::target_with;
using test::test_certificates;
using test::trusting_options;
using test::Visit;
using test::visit;

}  // namespace

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
  const Context any =
      context_with(trusting_options());  // it keeps certificates: tests change theirs
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

namespace {

// OpenSSL 3.4 has replaced the function whose type may end in 2038.
void set_made(SSL_SESSION* session, std::time_t time) {
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
  SSL_SESSION_set_time_ex(session, time);
#else
  SSL_SESSION_set_time(session, time);
#endif
}

}  // namespace

TEST_CASE("tls sessions: one that is over, or whose certificate is, is not given", "[tls]") {
  TlsSessionCache cache;
  const auto session = make_session(test_certificates().good, TLS1_2_VERSION);
  set_made(session.get(), std::time(nullptr) - 100);
  SSL_SESSION_set_timeout(session.get(), 100);
  cache.put("a", *session);
  CHECK_FALSE(cache.take("a"));
  SSL_SESSION_set_timeout(session.get(), 200);
  cache.put("a", *session);
  CHECK(cache.take("a"));
  set_made(session.get(), std::time(nullptr) + 100);
  cache.put("b", *session);
  CHECK_FALSE(cache.take("b"));
  X509_gmtime_adj(X509_getm_notAfter(SSL_SESSION_get0_peer(session.get())), -1);
  set_made(session.get(), std::time(nullptr));
  cache.put("c", *session);
  CHECK_FALSE(cache.take("c"));
}

TEST_CASE("tls sessions: threads share them", "[tls]") {
  TlsSessionCache cache;
  const auto session = make_session(test_certificates().good, TLS1_3_VERSION);
  constexpr int count = 4;
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (int thread = 0; thread < count; ++thread) {
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
