// SPDX-License-Identifier: MIT
#include "net/tls_context.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "net/tls_bio.h"
#include "net/tls_client_certificate.h"
#include "net/tls_session.h"

namespace ws {

namespace {

// Where distributions keep their authorities in one file; for a program that brings no OpenSSL
// directory with it, as a static binary in a container.
constexpr std::array kBundles = {"/etc/ssl/certs/ca-certificates.crt",
                                 "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

Error option_error(std::string message) {
  return {
      .phase = Phase::kOptions, .code = ErrorCode::kInvalidOption, .message = std::move(message)};
}

Result<bool> load_file(SSL_CTX* context, const std::string& what, const std::string& path) {
  if (auto problem = net::check_readable(what, path)) {
    return *std::move(problem);
  }
  ERR_clear_error();
  if (SSL_CTX_load_verify_file(context, path.c_str()) != 1) {
    const unsigned long reason = ERR_peek_error();
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(reason)) {  // no descriptor left, say
      return option_error(what + " " + path + ": " +
                          std::generic_category().message(ERR_GET_REASON(reason)));
    }
    return option_error(what + " " + path + ": not a PEM file with certificates");
  }
  return true;
}

// The value of an environment variable, empty when it is not set.
std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : "";
}

// OpenSSL's own search, SSL_CERT_FILE and SSL_CERT_DIR included, but a file that was asked for and
// cannot be read is an error there and not silence.
Result<bool> load_system_store(SSL_CTX* context) {
  const std::string file = environment(X509_get_default_cert_file_env());
  const std::string directory = environment(X509_get_default_cert_dir_env());
  if (!file.empty()) {
    auto loaded = load_file(context, X509_get_default_cert_file_env(), file);
    if (!loaded) {
      return loaded;
    }
  }
  SSL_CTX_set_default_verify_paths(context);
  ERR_clear_error();
  const bool has_default = !file.empty() || !directory.empty() ||
                           access(X509_get_default_cert_file(), R_OK) == 0 ||
                           access(X509_get_default_cert_dir(), R_OK) == 0;
  if (!has_default) {
    for (const char* bundle : kBundles) {
      if (access(bundle, R_OK) == 0) {
        return load_file(context, "certificates", bundle);
      }
    }
  }
  return true;
}

void set_modes(SSL_CTX* context, TlsVersion min_version) {
  SSL_CTX_set_min_proto_version(
      context, min_version == TlsVersion::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_read_ahead(context, 1);  // many small records a portion, see TlsSocket
  // Sessions are kept in TlsSessionCache, which knows what they were verified for.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, net::TlsSession::on_new_session);
}

// A WebSocket's upgrade is HTTP/1.1 (RFC 6455 section 4.1); a server that would answer in HTTP/2
// must know.
bool set_alpn(SSL_CTX* context) {
  constexpr std::array<unsigned char, 9> http_1_1 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  return SSL_CTX_set_alpn_protos(context, http_1_1.data(), http_1_1.size()) == 0;
}

Result<std::vector<net::TlsPin>> parse_pins(const std::vector<std::string>& texts) {
  std::vector<net::TlsPin> pins;
  for (const std::string& text : texts) {
    const auto pin = net::parse_pin(text);
    if (!pin) {
      return option_error("tls.pin_sha256: a pin is 'sha256//' and the Base64 of 32 bytes");
    }
    pins.push_back(*pin);
  }
  return pins;
}

}  // namespace

TlsContext::TlsContext(net::SslContextHandle context, net::BioMethodHandle bio_method,
                       Verification verification, std::vector<net::TlsPin> pins)
    : context_(std::move(context)),
      bio_method_(std::move(bio_method)),
      verification_(verification),
      pins_(std::move(pins)) {
  SSL_CTX_set_cert_verify_callback(context_.get(), net::TlsCertificates::on_verify, &certificates_);
}

Result<std::shared_ptr<const TlsContext>> make_tls_context(const TlsOptions& options) {
  net::SslContextHandle context(SSL_CTX_new(TLS_client_method()));
  net::BioMethodHandle bio_method = net::make_bio_method();
  if (!context || !bio_method || !set_alpn(context.get())) {
    return option_error("OpenSSL cannot make a TLS context");
  }
  set_modes(context.get(), options.min_version);
  if (!options.ca_file.empty()) {
    if (auto loaded = load_file(context.get(), "tls.ca_file", options.ca_file); !loaded) {
      return loaded.error();
    }
  } else if (!options.insecure_skip_verify) {
    if (auto loaded = load_system_store(context.get()); !loaded) {
      return loaded.error();
    }
  }
  if (auto problem = net::use_client_certificate(context.get(), options)) {
    return *std::move(problem);
  }
  auto pins = parse_pins(options.pin_sha256);
  if (!pins) {
    return pins.error();
  }
  const auto verification = options.insecure_skip_verify ? TlsContext::Verification::kNone
                                                         : TlsContext::Verification::kFull;
  return std::shared_ptr<const TlsContext>(std::make_shared<TlsContext>(
      std::move(context), std::move(bio_method), verification, std::move(*pins)));
}

}  // namespace ws
