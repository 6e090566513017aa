// SPDX-License-Identifier: MIT
// What an operator can do about a failed upstream connection: one sentence for each kind of
// failure.
#pragma once

#include <cstdint>
#include <string>

#include <ws/error.h>

namespace wsbridged {

// Empty when the message says it all.
[[nodiscard]] std::string advice_for(const ws::Error& error);

// The same for a server that closes with this code; empty for a normal end.
[[nodiscard]] std::string advice_for_close(std::uint16_t code);

}  // namespace wsbridged
