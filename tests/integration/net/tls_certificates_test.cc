// SPDX-License-Identifier: MIT
// Certificates that several connections show are held once, and verified each time all the same.
#include "net/tls_certificates.h"

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "support/catch.h"
#include "support/test_certs.h"

namespace ws::test {
namespace {

using net::TlsCertificates;
using net::X509Handle;

X509Handle parsed(const std::string& pem) {
  const net::BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Handle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  REQUIRE(certificate != nullptr);
  return certificate;
}

// A chain of one, as a server shows it: an object of its own each time.
class Shown {
 public:
  explicit Shown(const Certificate& certificate) : store_(X509_STORE_new()) {
    REQUIRE(X509_STORE_add_cert(store_.get(), parsed(test_certificates().authority.pem()).get()) ==
            1);
    sk_X509_push(chain_.get(), parsed(certificate.pem()).release());
    REQUIRE(X509_STORE_CTX_init(context_.get(), store_.get(), leaf(), chain_.get()) == 1);
  }

  [[nodiscard]] X509* leaf() const { return sk_X509_value(chain_.get(), 0); }

  void look_at(std::time_t time) { X509_STORE_CTX_set_time(context_.get(), 0, time); }

  [[nodiscard]] int verify(TlsCertificates& certificates) {
    return TlsCertificates::on_verify(context_.get(), &certificates);
  }

  // What was judged.
  [[nodiscard]] X509* judged() const { return X509_STORE_CTX_get0_cert(context_.get()); }

  [[nodiscard]] int error() const { return X509_STORE_CTX_get_error(context_.get()); }

 private:
  struct StoreDeleter {
    void operator()(X509_STORE* pointer) const { X509_STORE_free(pointer); }
  };

  struct ContextDeleter {
    void operator()(X509_STORE_CTX* pointer) const { X509_STORE_CTX_free(pointer); }
  };

  struct ChainDeleter {
    void operator()(STACK_OF(X509) * pointer) const { sk_X509_pop_free(pointer, X509_free); }
  };

  std::unique_ptr<X509_STORE, StoreDeleter> store_;
  std::unique_ptr<STACK_OF(X509), ChainDeleter> chain_{sk_X509_new_null()};
  std::unique_ptr<X509_STORE_CTX, ContextDeleter> context_{X509_STORE_CTX_new()};
};

TEST_CASE("certificates: a chain that was accepted is the same objects the next time",
          "[tls][certificates]") {
  TlsCertificates certificates;
  Shown first(test_certificates().good);
  const X509* const leaf = first.leaf();
  CHECK(first.verify(certificates) == 1);
  CHECK(first.leaf() == leaf);
  CHECK(certificates.size() == 1);
  Shown second(test_certificates().good);
  REQUIRE(second.leaf() != leaf);
  CHECK(second.verify(certificates) == 1);
  CHECK(second.leaf() == leaf);
  CHECK(second.judged() == leaf);
  CHECK(certificates.size() == 1);
}

TEST_CASE("certificates: one that is known is verified again", "[tls][certificates]") {
  TlsCertificates certificates;
  Shown good(test_certificates().good);
  REQUIRE(good.verify(certificates) == 1);
  Shown later(test_certificates().good);
  later.look_at(std::time(nullptr) + std::time_t{365} * 86'400);
  CHECK(later.verify(certificates) == 0);
  CHECK(later.error() == X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST_CASE("certificates: what is refused is not kept", "[tls][certificates]") {
  TlsCertificates certificates;
  Shown shown(test_certificates().unknown_authority);
  CHECK(shown.verify(certificates) == 0);
  CHECK(certificates.size() == 0);
}

TEST_CASE("certificates: 32 are kept, the least recently used goes; a huge one never is",
          "[tls][certificates]") {
  TlsCertificates certificates;
  const TestAuthority& authority = test_certificates().authority;
  const Certificate used = authority.issue({.dns_names = {"used"}});
  Shown first(used);
  REQUIRE(first.verify(certificates) == 1);
  for (std::size_t i = 0; i <= TlsCertificates::kMaxCertificates; ++i) {
    Shown other(authority.issue({.dns_names = {"host" + std::to_string(i)}}));
    REQUIRE(other.verify(certificates) == 1);
    Shown again(used);
    REQUIRE(again.verify(certificates) == 1);
    CHECK(again.leaf() == first.leaf());
  }
  CHECK(certificates.size() == TlsCertificates::kMaxCertificates);

  TlsCertificates empty;
  Shown huge(authority.issue({.dns_names = std::vector<std::string>(400, std::string(60, 'x'))}));
  CHECK(huge.verify(empty) == 1);
  CHECK(empty.size() == 0);
}

}  // namespace
}  // namespace ws::test
