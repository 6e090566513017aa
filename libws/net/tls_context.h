// SPDX-License-Identifier: MIT
// What every TLS connection with the same options shares: the trusted authorities, versions, modes.
#pragma once

#include <cstdint>
#include <vector>

#include <ws/options.h>

#include "net/tls_certificates.h"
#include "net/tls_handles.h"
#include "net/tls_pin.h"
#include "net/tls_session_cache.h"

namespace ws {

// Immutable but for the sessions and certificates, which have locks: it may be used from any number
// of loops.
class TlsContext {
 public:
  enum class Verification : std::uint8_t { kFull, kNone };

  TlsContext(net::SslContextHandle context, net::BioMethodHandle bio_method,
             Verification verification, std::vector<net::TlsPin> pins);

  // OpenSSL counts references in it, so it is never constant there.
  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }

  [[nodiscard]] const BIO_METHOD* bio_method() const { return bio_method_.get(); }

  [[nodiscard]] Verification verification() const { return verification_; }

  // The server's key must have one of them, unless there is none.
  [[nodiscard]] const std::vector<net::TlsPin>& pins() const { return pins_; }

  [[nodiscard]] net::TlsSessionCache& sessions() const { return sessions_; }

  [[nodiscard]] const net::TlsCertificates& certificates() const { return certificates_; }

 private:
  net::SslContextHandle context_;
  net::BioMethodHandle bio_method_;
  Verification verification_;
  std::vector<net::TlsPin> pins_;
  mutable net::TlsSessionCache sessions_;
  net::TlsCertificates certificates_;
};

}  // namespace ws
