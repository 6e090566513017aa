// SPDX-License-Identifier: MIT
// A TCP connection that does not block, plain or inside TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "load/descriptor.h"

namespace bench {

// What TLS connections of one side have in common. Null pointers stand for no TLS at all.
class TlsSide {
 public:
  TlsSide() = default;
  // A server. Without resumption every connection does a full handshake.
  enum class Resumption : std::uint8_t { kOffered, kRefused };
  static TlsSide server(const std::string& certificate, const std::string& key,
                        Resumption resumption);
  // A client that trusts everybody: it stands where a relay would, not in a network.
  static TlsSide client();

  [[nodiscard]] bool is_on() const { return context_ != nullptr; }

  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

  [[nodiscard]] bool is_server() const { return is_server_; }

 private:
  TlsSide(SSL_CTX* context, bool is_server);

  std::shared_ptr<SSL_CTX> context_;
  bool is_server_ = false;
};

class Channel {
 public:
  Channel(Descriptor descriptor, const TlsSide& tls);

  enum class Handshake : std::uint8_t { kDone, kPending, kFailed };
  Handshake shake_hands();

  struct Transfer {
    std::size_t size = 0;  // 0: nothing now, or the end
    bool is_end = false;
  };

  Transfer receive(std::span<char> buffer);
  // The same without looking at the bytes, which the kernel then does not copy. Not inside TLS.
  Transfer discard(std::size_t size);
  Transfer send(std::string_view bytes);
  void close();

  [[nodiscard]] int descriptor() const { return descriptor_.number(); }

  [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }

  [[nodiscard]] bool is_open() const { return descriptor_.is_open(); }

  [[nodiscard]] bool was_resumed() const { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }

 private:
  [[nodiscard]] Transfer judged(int result) const;

  Descriptor descriptor_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

// A connection to, or a listener on, a port of this machine.
[[nodiscard]] Descriptor dial(std::uint16_t port);
[[nodiscard]] Descriptor listen_anywhere();
[[nodiscard]] std::uint16_t port_of(const Descriptor& listener);
// Not open when nobody waits.
[[nodiscard]] Descriptor accept_from(const Descriptor& listener);

}  // namespace bench
