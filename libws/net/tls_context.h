// SPDX-License-Identifier: MIT
// What every TLS connection with the same options shares: the trusted authorities, versions, modes.
#pragma once

#include <cstdint>

#include <ws/options.h>

#include "net/tls_handles.h"

namespace ws {

// Immutable, so it may be used from any number of loops.
class TlsContext {
 public:
  enum class Verification : std::uint8_t { kFull, kNone };

  TlsContext(net::SslContextHandle context, net::BioMethodHandle bio_method,
             Verification verification);

  // OpenSSL counts references in it, so it is never constant there.
  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }

  [[nodiscard]] const BIO_METHOD* bio_method() const { return bio_method_.get(); }

  [[nodiscard]] Verification verification() const { return verification_; }

 private:
  net::SslContextHandle context_;
  net::BioMethodHandle bio_method_;
  Verification verification_;
};

}  // namespace ws
