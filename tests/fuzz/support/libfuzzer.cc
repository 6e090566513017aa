// SPDX-License-Identifier: MIT
// The function that libFuzzer calls, for the target FUZZ_TARGET.
#include <cstddef>
#include <cstdint>

#include "fuzz_targets.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
