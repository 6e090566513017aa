// SPDX-License-Identifier: MIT
#include "net/tls_session.h"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include <openssl/err.h>

#include "net/tls_context.h"
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

}  // namespace

Result<std::unique_ptr<TlsSession>> TlsSession::make(std::shared_ptr<const TlsContext> context,
                                                     int descriptor, std::string server_name) {
  std::string name = without_root_dot(std::move(server_name));
  if (name.empty() && context->verification() == TlsContext::Verification::kFull) {
    return setup_error("TLS: no server name to verify the certificate against");
  }
  std::unique_ptr<TlsSession> session(
      new TlsSession(std::move(context), descriptor, std::move(name)));
  if (!session->set_up()) {
    ERR_clear_error();
    return setup_error("TLS: cannot use the server name " +
                       quoted_peer_text(session->server_name_));
  }
  return session;
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int descriptor,
                       std::string server_name)
    : context_(std::move(context)),
      server_name_(std::move(server_name)),
      socket_{.descriptor = descriptor},
      ssl_(SSL_new(context_->get())) {}

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

int TlsSession::on_verify(int is_ok, X509_STORE_CTX* store) noexcept {
  if (is_ok == 0) {
    const auto* ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* session = static_cast<TlsSession*>(SSL_get_app_data(ssl));
    session->rejection_ = describe_rejection(*store, session->server_name_);
  }
  return is_ok;
}

}  // namespace ws::net
