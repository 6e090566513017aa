// SPDX-License-Identifier: MIT
// One TLS connection as OpenSSL sees it, from the handshake on: first TlsHandshake's, then
// TlsWire's.
#pragma once

#include <memory>
#include <string>

#include <ws/error.h>
#include <ws/options.h>

#include "net/tls_bio.h"
#include "net/tls_handles.h"

namespace ws::net {

// Does not own the descriptor. Stays where it is made: the BIO and the verification point to it.
class TlsSession {
 public:
  // A client's session that verifies `server_name`. Failures have phase kTls.
  [[nodiscard]] static Result<std::unique_ptr<TlsSession>> make(
      std::shared_ptr<const TlsContext> context, int descriptor, std::string server_name);

  ~TlsSession() = default;
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

  [[nodiscard]] TlsSocket& socket() { return socket_; }

  [[nodiscard]] const TlsSocket& socket() const { return socket_; }

  [[nodiscard]] const std::string& server_name() const { return server_name_; }

  // Why the certificate was refused, in words; empty when it was not.
  [[nodiscard]] const std::string& rejection() const { return rejection_; }

 private:
  TlsSession(std::shared_ptr<const TlsContext> context, int descriptor, std::string server_name);
  [[nodiscard]] bool set_up();
  [[nodiscard]] bool expect_name();
  static int on_verify(int is_ok, X509_STORE_CTX* store) noexcept;

  std::shared_ptr<const TlsContext> context_;
  std::string server_name_;
  std::string rejection_;
  TlsSocket socket_;
  SslHandle ssl_;
};

}  // namespace ws::net
