// SPDX-License-Identifier: MIT
// The words behind `wsbridged ctl`. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl.h"

namespace wsbridged {

// Nothing: `ctl` holds what `words` say; else what is wrong with them.
[[nodiscard]] std::optional<std::string> read_ctl_words(const std::vector<std::string>& words,
                                                        CtlCommand& ctl);

}  // namespace wsbridged
