// SPDX-License-Identifier: MIT
// A decoder must not care how its bytes are cut. Each piece is handed over in memory of its exact
// size, so that the address sanitizer sees a read behind it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

using Pieces = std::vector<std::string_view>;

[[nodiscard]] inline Pieces byte_by_byte(std::string_view bytes) {
  Pieces pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    pieces.push_back(bytes.substr(i, 1));
  }
  return pieces;
}

// Pieces of 1 to 8, or to 64 bytes.
[[nodiscard]] inline Pieces cut_by(std::string_view bytes, unsigned seed) {
  const std::size_t longest = seed % 2 == 0 ? 8 : 64;
  Pieces pieces;
  while (!bytes.empty()) {
    seed = seed * 1664525U + 1013904223U;
    pieces.push_back(bytes.substr(0, 1 + (seed >> 16U) % longest));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

// Besides the whole.
[[nodiscard]] inline std::vector<Pieces> cuts(std::string_view bytes, unsigned seed) {
  const std::size_t middle = bytes.empty() ? 0 : seed % bytes.size();
  return {
      byte_by_byte(bytes), {bytes.substr(0, middle), bytes.substr(middle)}, cut_by(bytes, seed)};
}

[[nodiscard]] inline std::vector<std::byte> exact_copy(std::string_view piece) {
  const auto bytes = std::as_bytes(std::span(piece));
  return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace fuzz
