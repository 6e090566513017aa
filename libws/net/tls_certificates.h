// SPDX-License-Identifier: MIT
// The certificates that servers have shown: connections to the same server hold the same objects
// instead of one each, which take 4 to 8 KiB for every certificate of the chain.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <vector>

#include "net/tls_handles.h"

namespace ws::net {

// Thread-safe: contexts are shared by loops. Only what was verified is kept (or, where nothing is
// verified, what was shown), and each connection verifies it again: equal to the last byte, it is
// the same to everyone but the allocator. Limits: kMaxCertificates of kMaxSize as they came, the
// least recently used goes first.
class TlsCertificates {
 public:
  static constexpr std::size_t kMaxCertificates = 32;
  static constexpr int kMaxSize = 8 << 10;

  TlsCertificates() = default;
  ~TlsCertificates() = default;
  TlsCertificates(const TlsCertificates&) = delete;
  TlsCertificates& operator=(const TlsCertificates&) = delete;

  // Verifies a chain as X509_verify_cert() does, with the certificates in it replaced by equal ones
  // that are known, and keeps the others when they are accepted.
  [[nodiscard]] int verify(X509_STORE_CTX& store);

  // The same as OpenSSL's callback, `self` being a TlsCertificates.
  static int on_verify(X509_STORE_CTX* store, void* self) noexcept;

  [[nodiscard]] std::size_t size() const;

 private:
  using Digest = std::array<unsigned char, 32>;

  struct Known {
    Digest digest{};  // SHA-256 of all of it
    X509Handle certificate{};
  };

  [[nodiscard]] X509Handle find(const Digest& digest);
  void keep(const Digest& digest, X509* certificate);

  mutable std::mutex mutex_;
  std::vector<Known> known_;  // the most recently used last
};

}  // namespace ws::net
