// SPDX-License-Identifier: MIT
// What a bridge's configuration needs of this system: a URL that can be dialled, certificates and a
// cookie file that can be read, accounts that exist. Nothing is dialled, bound or kept. With no
// error in it: warnings.
#pragma once

#include <vector>

#include "config/loader.h"

namespace wsbridged {

[[nodiscard]] std::vector<config::Misfit> check_bridge(const config::Bridge& bridge);

}  // namespace wsbridged
