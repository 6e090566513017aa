// SPDX-License-Identifier: MIT
// Lists and maps of an upstream's way to its server: pins, redirects, addresses. What an entry must
// look like in detail is libws's to say, and asked of it by the daemon's check.
#pragma once

#include "config/binding.h"
#include "config/config.h"

namespace wsbridged::config {

inline constexpr std::size_t kMaxPins = 32;
inline constexpr std::size_t kMaxRedirectTo = 32;
inline constexpr std::size_t kMaxResolve = 256;

void read_pin_sha256(const Field& field, Tls& tls, Problems& problems);
void read_redirect_to(const Field& field, Upstream& upstream, Problems& problems);
void read_resolve(const Field& field, Upstream& upstream, Problems& problems);

}  // namespace wsbridged::config
