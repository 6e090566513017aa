// SPDX-License-Identifier: MIT
#include "net/tls_session.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "net/tls_context.h"
#include "net/tls_details.h"
#include "net/tls_failure.h"

namespace ws::net {

namespace {

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

// The dot that makes a name absolute in the DNS is not part of it in certificates and SNI.
std::string without_root_dot(std::string name) {
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  return name;
}

Error setup_error(const std::string& message) {
  return {.phase = Phase::kTls, .code = ErrorCode::kTlsFailed, .message = message};
}

// Also of a session that was resumed: it keeps the certificate it was made with.
std::optional<Error> check_pins(const TlsContext& context, const SSL* ssl,
                                const std::string& server_name) {
  if (context.pins().empty()) {
    return std::nullopt;
  }
  const X509* const certificate = SSL_get0_peer_certificate(ssl);
  const auto pin = certificate != nullptr ? pin_of(certificate) : std::nullopt;
  const auto& pins = context.pins();
  if (pin && std::find(pins.begin(), pins.end(), *pin) != pins.end()) {
    return std::nullopt;
  }
  return Error{.phase = Phase::kTls,
               .code = ErrorCode::kCertificateRejected,
               .message = "public key of " + server_name + " has the pin " +
                          (pin ? to_string(*pin) : "of no key") +
                          ", which is none of tls.pin_sha256"};
}

}  // namespace

Result<std::unique_ptr<TlsSession>> TlsSession::make(TlsTarget target, int descriptor) {
  target.server_name = without_root_dot(std::move(target.server_name));
  if (target.server_name.empty() &&
      target.context->verification() == TlsContext::Verification::kFull) {
    return setup_error("TLS: no server name to verify the certificate against");
  }
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(target), descriptor));
  if (!session->set_up()) {
    ERR_clear_error();
    return setup_error("TLS: cannot use the server name " +
                       quoted_peer_text(session->server_name_));
  }
  return session;
}

TlsSession::TlsSession(TlsTarget target, int descriptor)
    : context_(std::move(target.context)),
      server_name_(std::move(target.server_name)),
      socket_{.descriptor = descriptor},
      ssl_(SSL_new(context_->get())) {
  const bool is_withheld = target.client_certificate == ClientCertificate::kWithheld;
  if (is_withheld && ssl_) {
    SSL_certs_clear(ssl_.get());
  }
  if (!target.server.empty()) {
    // A resumption verifies nothing again, so all that was verified, and who we were, is the key.
    cache_key_ = target.server + '\n' + server_name_ + (is_withheld ? "\nwithheld" : "");
  }
}

bool TlsSession::set_up() {
  BIO* const bio = ssl_ ? make_bio(context_->bio_method(), socket_) : nullptr;
  if (bio == nullptr) {
    return false;
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_connect_state(ssl_.get());
  const bool verifies = context_->verification() == TlsContext::Verification::kFull;
  SSL_set_verify(ssl_.get(), verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                 verifies ? on_verify : nullptr);
  offer_session();
  return server_name_.empty() || expect_name();
}

bool TlsSession::expect_name() {
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl_.get());
  if (is_address(server_name_)) {
    // Addresses are not permitted as SNI (RFC 6066 section 3).
    return X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name_.c_str()) == 1;
  }
  // Wildcards stand for a whole label, and a common name for nothing (RFC 9525 sections 6.3, 6.4).
  X509_VERIFY_PARAM_set_hostflags(
      parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return SSL_set1_host(ssl_.get(), server_name_.c_str()) == 1 &&
         SSL_set_tlsext_host_name(ssl_.get(), server_name_.c_str()) == 1;
}

void TlsSession::offer_session() {
  if (cache_key_.empty()) {
    return;
  }
  if (const SslSessionHandle session = context_->sessions().take(cache_key_)) {
    SSL_set_session(ssl_.get(), session.get());
  }
}

int TlsSession::on_new_session(SSL* ssl, SSL_SESSION* session) noexcept {
  auto* const self = static_cast<TlsSession*>(SSL_get_app_data(ssl));
  if (self == nullptr || self->cache_key_.empty()) {
    return 0;
  }
  try {
    if (self->is_accepted_) {
      self->context_->sessions().put(self->cache_key_, *session);
    } else {
      self->early_session_.reset(SSL_SESSION_dup(session));
    }
  } catch (...) {  // out of memory: not kept, and nobody needs to know
  }
  return 0;  // it stays OpenSSL's
}

std::optional<Error> TlsSession::accept() {
  if (auto error = check_pins(*context_, ssl_.get(), server_name_)) {
    return error;
  }
  is_accepted_ = true;
  if (const SslSessionHandle session = std::move(early_session_)) {
    context_->sessions().put(cache_key_, *session);
  }
  return std::nullopt;
}

void TlsSession::give_up() {
  if (!cache_key_.empty()) {
    context_->sessions().forget(cache_key_);
  }
}

TlsInfo TlsSession::info() const {
  TlsInfo info{.version = SSL_get_version(ssl_.get()),
               .cipher = SSL_get_cipher_name(ssl_.get()),
               .resumed = SSL_session_reused(ssl_.get()) == 1,
               .verified = context_->verification() == TlsContext::Verification::kFull,
               .pin = {}};
  if (const X509* certificate = SSL_get0_peer_certificate(ssl_.get())) {
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1) {
      info.certificate_expires = timegm(&end);
    }
    if (const auto pin = pin_of(certificate)) {
      info.pin = to_string(*pin);
    }
  }
  return info;
}

void TlsSession::note(OpeningDetails& details) const {
  details.chain =
      rejection_ != nullptr ? rejection_->chain : details_of(SSL_get_peer_cert_chain(ssl_.get()));
  if (details.chain.empty()) {
    return;
  }
  const TlsInfo tls = info();
  details.tls_version = tls.version;
  details.tls_cipher = SSL_get_current_cipher(ssl_.get()) != nullptr ? tls.cipher : "";
  details.is_verified = tls.verified && rejection_ == nullptr;
  details.pin = rejection_ != nullptr && !rejection_->pin.empty() ? rejection_->pin : tls.pin;
}

int TlsSession::on_verify(int is_ok, X509_STORE_CTX* store) noexcept {
  if (is_ok == 0) {
    const auto* ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* session = static_cast<TlsSession*>(SSL_get_app_data(ssl));
    session->rejection_ = std::make_unique<Rejection>(
        Rejection{.reason = describe_rejection(*store, session->server_name_),
                  .chain = details_of(X509_STORE_CTX_get0_untrusted(store))});
    const X509* const certificate = X509_STORE_CTX_get0_cert(store);
    if (const auto pin = certificate != nullptr ? pin_of(certificate) : std::nullopt) {
      session->rejection_->pin = to_string(*pin);
    }
  }
  return is_ok;
}

}  // namespace ws::net
