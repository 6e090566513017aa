// SPDX-License-Identifier: MIT
// Pins of public keys: the SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 7469 section 2.4).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/tls_handles.h"

namespace ws::net {

using TlsPin = std::array<unsigned char, 32>;

// "sha256//" and Base64, as curl writes it, or the Base64 alone. nullopt: it is neither.
[[nodiscard]] std::optional<TlsPin> parse_pin(std::string_view text);
[[nodiscard]] std::string to_string(const TlsPin& pin);

// Of this certificate's key; nullopt when OpenSSL cannot say.
[[nodiscard]] std::optional<TlsPin> pin_of(const X509* certificate);

}  // namespace ws::net
