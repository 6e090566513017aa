// SPDX-License-Identifier: MIT
// SearchingCopy: every length up to beyond what it leaves to the C library, every place of the
// byte, in buffers of their exact size.
#include "daemon/searching_copy.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"

namespace wsbridged {
namespace {

bool copy(const SearchingCopy& copier, const std::vector<char>& text) {
  std::vector<std::byte> to(text.size());
  const bool is_there = copier.copy({text.data(), text.size()}, to.data());
  REQUIRE(std::equal(text.begin(), text.end(), to.begin(), to.end(),
                     [](char a, std::byte b) { return static_cast<std::byte>(a) == b; }));
  return is_there;
}

}  // namespace

TEST_CASE("searching copy: the byte is found in every place of every length") {
  const auto byte = GENERATE('\n', '\0', '\x80', '\xff');
  // Neighbours of the byte, and what differs from it in the highest bit alone, are not it.
  const auto other = static_cast<char>(byte ^ GENERATE(0x01, 0x80, 0xff));
  const SearchingCopy copier(byte);
  for (std::size_t size = 0; size <= 300; size += size < 70 || size > 250 ? 1 : 9) {
    std::vector<char> text(size, other);
    CHECK_FALSE(copy(copier, text));
    for (char& place : text) {
      place = byte;
      REQUIRE(copy(copier, text));
      place = other;
    }
  }
}

}  // namespace wsbridged
