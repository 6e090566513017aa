// SPDX-License-Identifier: MIT
// What must hold whatever the input is: where it does not, the process ends, so that a fuzzer keeps
// the input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fuzz {

inline void require(bool holds, const char* what, int line = __builtin_LINE(),
                    const char* file = __builtin_FILE()) {
  if (!holds) {
    (void)std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    std::abort();
  }
}

}  // namespace fuzz
