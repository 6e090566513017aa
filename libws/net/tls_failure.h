// SPDX-License-Identifier: MIT
// OpenSSL's errors in words that a person can act upon.
#pragma once

#include <string>
#include <string_view>

#include <ws/error.h>

#include "net/tls_handles.h"

namespace ws::net {

class TlsSession;

// Text out of a certificate, fit for a log: at most 200 bytes, what is not a printable ASCII
// character replaced by '?'.
[[nodiscard]] std::string quoted_peer_text(std::string_view text);

// The names and addresses that a certificate is for; else its subject's name.
[[nodiscard]] std::string names_of(const X509* certificate);

// Why the certificate that `store` stands at is refused, when `host` was wanted.
[[nodiscard]] std::string describe_rejection(X509_STORE_CTX& store, const std::string& host);

// The reason of an error of OpenSSL's; alerts of the peer about our certificate say so.
[[nodiscard]] const char* reason_of(unsigned long error);

// The failure of a handshake whose SSL_do_handshake() gave `ssl_error` (SSL_get_error()). Takes
// what is in OpenSSL's error queue.
[[nodiscard]] Error handshake_failure(const TlsSession& session, int ssl_error);

}  // namespace ws::net
