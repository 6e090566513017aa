// SPDX-License-Identifier: MIT
#include "net/tls_details.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ws/certificate.h>

#include "net/tls_failure.h"

namespace ws::net {

namespace {

constexpr int kMaxChain = 10;
constexpr std::size_t kMaxFile = 1000;
constexpr std::size_t kMaxNameBytes = 1024;  // shown are 200 of them

std::string text_of(const X509_NAME* name) {
  const BioHandle memory(BIO_new(BIO_s_mem()));
  if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  std::array<char, kMaxNameBytes> text{};
  const int size = BIO_read(memory.get(), text.data(), static_cast<int>(text.size()));
  return quoted_peer_text(
      std::string_view(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
}

std::int64_t unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

CertificateDetails describe(const X509* certificate) {
  return {.subject = text_of(X509_get_subject_name(certificate)),
          .issuer = text_of(X509_get_issuer_name(certificate)),
          .names = names_of(certificate),
          .begins = unix_time(X509_get0_notBefore(certificate)),
          .expires = unix_time(X509_get0_notAfter(certificate))};
}

// An encrypted certificate is passed over: OpenSSL would ask the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* /*data*/) {
  return 0;
}

}  // namespace

std::vector<CertificateDetails> details_of(const STACK_OF(X509) * chain) {
  std::vector<CertificateDetails> details;
  for (int i = 0; chain != nullptr && i < std::min(sk_X509_num(chain), kMaxChain); ++i) {
    details.push_back(describe(sk_X509_value(chain, i)));
  }
  return details;
}

}  // namespace ws::net

namespace ws {

Result<std::vector<CertificateDetails>> read_certificates(const std::string& path) {
  const net::BioHandle file(BIO_new_file(path.c_str(), "r"));
  if (!file) {
    const int error = errno;
    ERR_clear_error();
    return Error{.phase = Phase::kOptions,
                 .code = ErrorCode::kInvalidOption,
                 .message = path + ": " + std::generic_category().message(error),
                 .system_errno = error};
  }
  std::vector<CertificateDetails> all;
  while (all.size() < net::kMaxFile) {
    const net::X509Handle certificate(
        PEM_read_bio_X509(file.get(), nullptr, net::no_password, nullptr));
    if (!certificate) {
      break;
    }
    all.push_back(net::describe(certificate.get()));
  }
  ERR_clear_error();  // the end of the file is one
  return all;
}

}  // namespace ws
