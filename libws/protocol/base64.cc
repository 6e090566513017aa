// SPDX-License-Identifier: MIT
// Base64 through OpenSSL.
#include "protocol/base64.h"

#include <algorithm>

#include <openssl/evp.h>

#include "protocol/ascii.h"

namespace ws::protocol {
namespace {

// Of 16 bytes; the last digit holds two bits of them, and its other four must be 0.
constexpr std::size_t kDigits = 22;
constexpr std::string_view kLastDigits = "AQgw";

}  // namespace

std::string encode_base64(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and OpenSSL's NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

bool is_base64_of_16_bytes(std::string_view text) {
  return text.size() == kDigits + 2 && text.substr(kDigits) == "==" &&
         kLastDigits.find(text[kDigits - 1]) != std::string_view::npos &&
         std::all_of(text.begin(), text.begin() + kDigits,
                     [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; });
}

}  // namespace ws::protocol
