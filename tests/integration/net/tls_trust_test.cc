// SPDX-License-Identifier: MIT
// What goes beyond a chain of trust, against a real OpenSSL server: pins and our own certificate.
#include <memory>
#include <string>
#include <vector>

#include <openssl/pem.h>

#include "integration/net/tls_visit.h"
#include "support/catch.h"

namespace ws {
namespace {

using net::ClientCertificate;
using net::TlsTarget;
using test::Certificate;
using test::Context;
using test::context_with;
using test::pin_of;
using test::server_with;
using test::ServerContext;
using test::target_with;
using test::TemporaryFile;
using test::test_certificates;
using test::trusting_options;
using test::Visit;
using test::visit;

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 24 * kHour;

std::string error_with(const TlsOptions& options) {
  const auto context = make_tls_context(options);
  REQUIRE_FALSE(context);
  CHECK(context.error().phase == Phase::kOptions);
  CHECK(context.error().code == ErrorCode::kInvalidOption);
  return context.error().message;
}

ServerContext server_that_wants_certificates(int version) {
  auto context = server_with(test_certificates().good, version);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(
      context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  return context;
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
  CHECK(seen.info->certificate_expires > now + kDay - kHour);
  CHECK(seen.info->certificate_expires <= now + kDay);
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

}  // namespace ws
