// SPDX-License-Identifier: MIT
#include "net/tls_client_certificate.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace ws::net {
namespace {

Error file_error(const std::string& what, const std::string& path, const std::string& reason,
                 int system_errno = 0) {
  return {.phase = Phase::kOptions,
          .code = ErrorCode::kInvalidOption,
          .message = what + " " + path + ": " + reason,
          .system_errno = system_errno};
}

// Instead of OpenSSL's own, which would ask on the terminal.
int give_no_password(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

bool is_mismatch(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  return ERR_GET_LIB(error) == ERR_LIB_X509 &&
         (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH);
}

// Why the key could not be used, from OpenSSL's queue.
std::string key_problem(bool is_encrypted) {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (is_encrypted) {
    return "the key is encrypted; write it without a password (openssl pkey -in KEY -out NEW)";
  }
  return is_mismatch(error) ? "the key does not belong to tls.cert_file"
                            : "not a PEM file with a private key";
}

}  // namespace

std::optional<Error> check_readable(const std::string& what, const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) {
    return std::nullopt;
  }
  const int reason = errno;
  return file_error(what, path, std::system_category().message(reason), reason);
}

std::optional<Error> use_client_certificate(SSL_CTX* context, const TlsOptions& options) {
  if (options.cert_file.empty()) {
    return options.key_file.empty()
               ? std::nullopt
               : std::optional(file_error("tls.key_file", options.key_file,
                                          "a key needs its certificate: set tls.cert_file"));
  }
  const std::string what = options.key_file.empty() ? "tls.cert_file" : "tls.key_file";
  const std::string& key_file = options.key_file.empty() ? options.cert_file : options.key_file;
  for (auto problem :
       {check_readable("tls.cert_file", options.cert_file), check_readable(what, key_file)}) {
    if (problem) {
      return problem;
    }
  }
  bool was_asked = false;
  SSL_CTX_set_default_passwd_cb(context, give_no_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, &was_asked);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) {
    ERR_clear_error();
    return file_error("tls.cert_file", options.cert_file, "not a PEM file with a certificate");
  }
  const bool has_key =
      SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(context) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  return has_key ? std::nullopt : std::optional(file_error(what, key_file, key_problem(was_asked)));
}

}  // namespace ws::net
