// SPDX-License-Identifier: MIT
#include "load/upgrade.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <openssl/evp.h>

namespace bench {

namespace {

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char character) {
    return static_cast<char>(std::tolower(character));
  });
  return lower;
}

std::string_view field(std::string_view request, std::string_view name) {
  const std::size_t at = lowered(request).find("\r\n" + std::string(name) + ":");
  if (at == std::string_view::npos) {
    return {};
  }
  std::string_view value = request.substr(at + name.size() + 3);
  value = value.substr(0, value.find("\r\n"));
  const std::size_t start = value.find_first_not_of(' ');
  return start == std::string_view::npos ? std::string_view() : value.substr(start);
}

// RFC 6455 section 4.2.2, step 5.4.
std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, std::size_t{2} * EVP_MAX_MD_SIZE> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {encoded.begin(), encoded.begin() + length};
}

}  // namespace

std::string upgrade_request(std::uint16_t port) {
  return "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

std::string upgrade_response(std::string_view request) {
  const std::string_view key = field(request, "sec-websocket-key");
  if (key.empty()) {
    return {};
  }
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         accept_of(key) + "\r\n\r\n";
}

}  // namespace bench
