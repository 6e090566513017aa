// SPDX-License-Identifier: MIT
// What a TLS connection turned out to be.
#pragma once

#include <cstdint>
#include <string>

namespace ws {

/// The outcome of a TLS handshake; a plain value.
struct TlsInfo {
  std::string version;   ///< "TLSv1.3" or "TLSv1.2"
  std::string cipher;    ///< OpenSSL's name, such as "TLS_AES_256_GCM_SHA384"
  bool resumed = false;  ///< an earlier session was resumed: its certificate was verified then
  /// The certificate was verified against authorities and name. False with
  /// TlsOptions::insecure_skip_verify: anyone can then be the server. Show it.
  bool verified = false;
  std::int64_t certificate_expires = 0;  ///< Unix time of the server certificate's end; 0: unknown
  std::string pin;  ///< of the server's public key, as TlsOptions::pin_sha256 takes it
};

}  // namespace ws
