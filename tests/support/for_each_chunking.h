// SPDX-License-Identifier: MIT
// A decoder must not care how its bytes are cut: runs a check with the same bytes whole, byte by
// byte, and in every split in two.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

namespace support {

using Chunks = std::vector<std::string_view>;

[[nodiscard]] inline Chunks byte_by_byte(std::string_view bytes) {
  Chunks chunks;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    chunks.push_back(bytes.substr(i, 1));
  }
  return chunks;
}

// Calls `check(chunks)` once for each chunking; a failure names the chunking.
template <typename Check>
void for_each_chunking(std::string_view bytes, Check&& check) {
  {
    INFO("chunking: whole, " << bytes.size() << " bytes");
    check(Chunks{bytes});
  }
  {
    INFO("chunking: byte by byte");
    check(byte_by_byte(bytes));
  }
  for (std::size_t split = 1; split < bytes.size(); ++split) {
    INFO("chunking: " << split << " bytes, then " << bytes.size() - split);
    check(Chunks{bytes.substr(0, split), bytes.substr(split)});
  }
}

}  // namespace support
