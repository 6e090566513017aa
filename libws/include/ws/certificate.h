// SPDX-License-Identifier: MIT
// What a certificate says, for people who look for the reason of a failure or wait for its end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/export.h>

namespace ws {

/// A certificate, of a server's chain or of a file. All text is printable ASCII, at most 200 bytes.
struct CertificateDetails {
  std::string subject;       ///< "CN=chat.example.com"
  std::string issuer;        ///< likewise
  std::string names;         ///< the names and addresses that it is for; else the subject's
  std::int64_t begins = 0;   ///< Unix time of its first moment
  std::int64_t expires = 0;  ///< and of its last
};

/// The certificates of a PEM file, such as those that TlsOptions name, in its order; at most 1000.
/// Whatever else is in it is passed over. A file that cannot be read is an error (phase kOptions).
WS_EXPORT [[nodiscard]] Result<std::vector<CertificateDetails>> read_certificates(
    const std::string& path);

}  // namespace ws
