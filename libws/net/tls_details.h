// SPDX-License-Identifier: MIT
// What a TLS handshake showed of the server, for OpeningDetails.
#pragma once

#include <vector>

#include <ws/opening_details.h>

#include "net/tls_handles.h"

namespace ws::net {

// At most the first ten; empty for nullptr.
[[nodiscard]] std::vector<CertificateDetails> details_of(const STACK_OF(X509) * chain);

}  // namespace ws::net
