// SPDX-License-Identifier: MIT
// One TLS connection as OpenSSL sees it, from the handshake on: first TlsHandshake's, then
// TlsWire's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ws/error.h>
#include <ws/opening_details.h>
#include <ws/options.h>
#include <ws/tls_info.h>

#include "net/tls_bio.h"
#include "net/tls_handles.h"

namespace ws::net {

enum class ClientCertificate : std::uint8_t { kShown, kWithheld };

// Whom a session is for.
struct TlsTarget {
  std::shared_ptr<const TlsContext> context{};
  // A DNS name (SNI, wildcards by whole labels) or an IP address.
  std::string server_name{};
  // "chat.example.com:443": sessions with it may be resumed; empty: none is, and none is kept.
  std::string server{};
  ClientCertificate client_certificate = ClientCertificate::kShown;
};

// Does not own the descriptor. Stays where it is made: the BIO and the verification point to it.
class TlsSession {
 public:
  // A client's session that verifies `server_name`. Failures have phase kTls.
  [[nodiscard]] static Result<std::unique_ptr<TlsSession>> make(TlsTarget target, int descriptor);

  ~TlsSession() = default;
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

  [[nodiscard]] TlsSocket& socket() { return socket_; }

  [[nodiscard]] const TlsSocket& socket() const { return socket_; }

  [[nodiscard]] const std::string& server_name() const { return server_name_; }

  // After the handshake: the error when the server's key has none of the pins. Otherwise sessions
  // may be kept from now on.
  [[nodiscard]] std::optional<Error> accept();
  // After a handshake that failed: what was offered for resumption may be the reason.
  void give_up();

  [[nodiscard]] TlsInfo info() const;
  // Of a handshake that has ended, well or not.
  void note(OpeningDetails& details) const;

  // OpenSSL's callback for a session that can be resumed later.
  static int on_new_session(SSL* ssl, SSL_SESSION* session) noexcept;

  // Why the certificate was refused, in words; empty when it was not.
  [[nodiscard]] std::string rejection() const {
    return rejection_ != nullptr ? rejection_->reason : std::string();
  }

 private:
  struct Rejection {
    std::string reason;
    std::vector<CertificateDetails> chain;
    std::string pin{};
  };

  TlsSession(TlsTarget target, int descriptor);
  [[nodiscard]] bool set_up();
  [[nodiscard]] bool expect_name();
  void offer_session();
  static int on_verify(int is_ok, X509_STORE_CTX* store) noexcept;

  std::shared_ptr<const TlsContext> context_;
  std::string server_name_;
  std::string cache_key_;  // empty: no resumption
  std::unique_ptr<Rejection> rejection_;
  bool is_accepted_ = false;
  SslSessionHandle early_session_;  // came before accept(), as those of TLS 1.2 do
  TlsSocket socket_;
  SslHandle ssl_;
};

}  // namespace ws::net
