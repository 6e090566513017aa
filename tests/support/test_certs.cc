// SPDX-License-Identifier: MIT
// Test certificates through OpenSSL's API: EC keys on P-256, signed with SHA-256.
#include "support/test_certs.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace ws::test {

namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using X509Pointer = std::shared_ptr<X509>;

// An OpenSSL call that cannot fail unless the test itself is broken.
void check(bool ok, const char* what) {
  if (!ok) {
    throw std::runtime_error(std::string("test certificate: ") + what);
  }
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  check(key != nullptr, "key");
  return key;
}

void set_serial(X509* certificate) {
  std::uint64_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial");
  check(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1, "serial");
}

void set_common_name(X509* certificate, const std::string& name) {
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  check(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text,
                                   -1, -1, 0) == 1,
        "name");
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), X509_EXTENSION_free);
  check(extension != nullptr, value.c_str());
  check(X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

X509Pointer make_certificate(const Key& key, std::chrono::seconds from,
                             std::chrono::seconds until) {
  X509Pointer certificate(X509_new(), X509_free);
  check(certificate != nullptr, "certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_serial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until.count());
  check(X509_set_pubkey(certificate.get(), key.get()) == 1, "public key");
  return certificate;
}

Certificate make_authority(const std::string& name) {
  const Key key = make_key();
  const X509Pointer certificate =
      make_certificate(key, std::chrono::hours(-48), std::chrono::hours(48));
  set_common_name(certificate.get(), name);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign");
  check(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0, "signature");
  return {certificate, key};
}

std::string alternative_names(const CertificateRequest& request) {
  std::string names;
  for (const std::string& name : request.dns_names) {
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  }
  for (const std::string& address : request.ip_addresses) {
    names += (names.empty() ? "IP:" : ",IP:") + address;
  }
  return names;
}

template <typename Write>
std::string to_pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  check(memory != nullptr && write(memory.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Certificate::Certificate(std::shared_ptr<x509_st> certificate, std::shared_ptr<evp_pkey_st> key)
    : certificate_(std::move(certificate)), key_(std::move(key)) {}

std::string Certificate::pem() const {
  return to_pem([this](BIO* out) { return PEM_write_bio_X509(out, x509()); });
}

std::string Certificate::key_pem() const {
  return to_pem([this](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::shared_ptr<ssl_ctx_st> Certificate::server_context() const {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  check(context != nullptr, "context");
  check(SSL_CTX_use_certificate(context.get(), x509()) == 1, "use certificate");
  check(SSL_CTX_use_PrivateKey(context.get(), key()) == 1, "use key");
  return context;
}

TestAuthority::TestAuthority(const std::string& name) : authority_(make_authority(name)) {}

Certificate TestAuthority::issue(const CertificateRequest& request) const {
  const Key key = make_key();
  const X509Pointer certificate = make_certificate(key, request.valid_from, request.valid_until);
  set_common_name(certificate.get(), request.common_name);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority_.x509()));
  add_extension(certificate.get(), authority_.x509(), NID_subject_alt_name,
                alternative_names(request));
  add_extension(certificate.get(), authority_.x509(), NID_ext_key_usage, "serverAuth");
  check(X509_sign(certificate.get(), authority_.key(), EVP_sha256()) != 0, "signature");
  return {certificate, key};
}

TestCertificates::TestCertificates()
    : good(authority.issue({.dns_names = {"localhost"}, .ip_addresses = {"127.0.0.1", "::1"}})),
      expired(authority.issue({.dns_names = {"localhost"},
                               .valid_from = std::chrono::hours(-47),
                               .valid_until = std::chrono::hours(-24)})),
      not_yet_valid(
          authority.issue({.dns_names = {"localhost"}, .valid_from = std::chrono::hours(23)})),
      wrong_host(authority.issue({.dns_names = {"other.example", "www.other.example"}})),
      wildcard(authority.issue({.dns_names = {"*.wild.example"}})),
      ip_only(authority.issue({.ip_addresses = {"127.0.0.1"}})),
      unknown_authority(TestAuthority("Unknown Authority").issue({.dns_names = {"localhost"}})) {}

const TestCertificates& test_certificates() {
  static const TestCertificates certificates;
  return certificates;
}

TemporaryFile::TemporaryFile(const std::string& content) : path_("/tmp/ws-test-XXXXXX") {
  const int descriptor = mkstemp(path_.data());
  check(descriptor >= 0, "temporary file");
  const bool written =
      write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  close(descriptor);
  check(written, "temporary file");
}

TemporaryFile::~TemporaryFile() {
  unlink(path_.c_str());
}

}  // namespace ws::test
