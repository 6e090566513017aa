// SPDX-License-Identifier: MIT
#include "net/tls_pin.h"

#include <algorithm>
#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace ws::net {
namespace {

constexpr std::string_view kPrefix = "sha256//";
constexpr std::size_t kDigits = 44;  // of 32 bytes, one '=' at the end

struct OpensslDeleter {
  void operator()(unsigned char* pointer) const noexcept { OPENSSL_free(pointer); }
};

}  // namespace

std::optional<TlsPin> parse_pin(std::string_view text) {
  if (text.starts_with(kPrefix)) {
    text.remove_prefix(kPrefix.size());
  }
  // EVP_DecodeBlock() skips white space and takes padding for zero bytes: the way back tells.
  std::array<unsigned char, kDigits / 4 * 3> bytes{};
  if (text.size() != kDigits ||
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), kDigits) !=
          static_cast<int>(bytes.size())) {
    ERR_clear_error();
    return std::nullopt;
  }
  TlsPin pin{};
  std::copy_n(bytes.begin(), pin.size(), pin.begin());
  return to_string(pin).substr(kPrefix.size()) == text ? std::optional(pin) : std::nullopt;
}

std::string to_string(const TlsPin& pin) {
  std::array<unsigned char, kDigits + 1> text{};
  const int size = EVP_EncodeBlock(text.data(), pin.data(), static_cast<int>(pin.size()));
  return std::string(kPrefix).append(reinterpret_cast<const char*>(text.data()),
                                     static_cast<std::size_t>(size));
}

std::optional<TlsPin> pin_of(const X509* certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  const std::unique_ptr<unsigned char, OpensslDeleter> owner(encoded);
  TlsPin pin{};
  unsigned digest_size = 0;
  if (size <= 0 || EVP_Digest(encoded, static_cast<std::size_t>(size), pin.data(), &digest_size,
                              EVP_sha256(), nullptr) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return pin;
}

}  // namespace ws::net
