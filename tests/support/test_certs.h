// SPDX-License-Identifier: MIT
// Certificates for TLS tests, made at run time so that none of them can expire in the tree: an
// authority, and the good and bad server certificates it signs.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;

namespace ws::test {

// What a certificate says. Names go into the subjectAltName extension, the common name does not.
struct CertificateRequest {
  std::vector<std::string> dns_names{};
  std::vector<std::string> ip_addresses{};
  std::chrono::hours valid_from{-1};  // relative to now
  std::chrono::hours valid_until{24};
  std::string common_name = "test server";
};

// A certificate with its key. Copies share both.
class Certificate {
 public:
  Certificate(std::shared_ptr<x509_st> certificate, std::shared_ptr<evp_pkey_st> key);

  [[nodiscard]] x509_st* x509() const { return certificate_.get(); }

  [[nodiscard]] evp_pkey_st* key() const { return key_.get(); }

  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string key_pem() const;
  // A server's SSL_CTX that presents it; the caller may change it further.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> server_context() const;

 private:
  std::shared_ptr<x509_st> certificate_;
  std::shared_ptr<evp_pkey_st> key_;
};

// An authority of its own: two of them do not trust each other.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Test Authority");

  [[nodiscard]] Certificate issue(const CertificateRequest& request) const;

  [[nodiscard]] std::string pem() const { return authority_.pem(); }

 private:
  Certificate authority_;
};

// The usual cast, all from one authority but `unknown_authority`. The good one is for "localhost",
// 127.0.0.1 and ::1.
struct TestCertificates {
  TestCertificates();

  TestAuthority authority;
  Certificate good;
  Certificate expired;            // localhost, until yesterday
  Certificate not_yet_valid;      // localhost, from tomorrow on
  Certificate wrong_host;         // other.example and www.other.example
  Certificate wildcard;           // *.wild.example
  Certificate ip_only;            // 127.0.0.1
  Certificate unknown_authority;  // localhost, signed by an authority nobody trusts
};

// Made once a process: keys cost time.
[[nodiscard]] const TestCertificates& test_certificates();

// A file with this content that goes away with the object; for TlsOptions::ca_file.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ws::test
