// SPDX-License-Identifier: MIT
// The certificate by which we are known to servers.
#pragma once

#include <optional>

#include <ws/error.h>
#include <ws/options.h>

#include "net/tls_handles.h"

namespace ws::net {

// Loads cert_file and key_file into the context. An encrypted key and one that does not fit the
// certificate are errors of phase kOptions; nobody is ever asked for a password.
[[nodiscard]] std::optional<Error> use_client_certificate(SSL_CTX* context,
                                                          const TlsOptions& options);

// "WHAT PATH: reason" when the file cannot be read.
[[nodiscard]] std::optional<Error> check_readable(const std::string& what, const std::string& path);

}  // namespace ws::net
