// SPDX-License-Identifier: MIT
// TLS over a connected socket (OpenSSL), as a Stream.
#pragma once

#include <functional>
#include <memory>

#include <ws/error.h>
#include <ws/net/stream.h>
#include <ws/options.h>

#include "net/tls_session.h"

namespace ws::net {

// A handshake under way. `on_done` is called once, in a later turn, with the encrypted stream or
// with an Error of phase kTls that says what about the certificate was wrong. Destroying it
// cancels.
class TlsHandshake {
 public:
  using Callback = std::function<void(Result<std::unique_ptr<Stream>>)>;
  // Takes the descriptor.
  TlsHandshake(EventLoop& loop, int descriptor, TlsTarget target, Callback on_done);
  ~TlsHandshake();
  TlsHandshake(const TlsHandshake&) = delete;
  TlsHandshake& operator=(const TlsHandshake&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws::net
