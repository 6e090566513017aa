// SPDX-License-Identifier: MIT
#include "net/tls_details.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls_failure.h"

namespace ws::net {

namespace {

constexpr int kMaxChain = 10;

struct BioDeleter {
  void operator()(BIO* pointer) const noexcept { BIO_free(pointer); }
};

std::string text_of(const X509_NAME* name) {
  const std::unique_ptr<BIO, BioDeleter> memory(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  const long size = BIO_get_mem_data(memory.get(), &data);
  return quoted_peer_text(std::string_view(data, static_cast<std::size_t>(size)));
}

std::int64_t unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

}  // namespace

std::vector<CertificateDetails> details_of(const STACK_OF(X509) * chain) {
  std::vector<CertificateDetails> details;
  for (int i = 0; chain != nullptr && i < std::min(sk_X509_num(chain), kMaxChain); ++i) {
    const X509* const certificate = sk_X509_value(chain, i);
    details.push_back({.subject = text_of(X509_get_subject_name(certificate)),
                       .issuer = text_of(X509_get_issuer_name(certificate)),
                       .names = names_of(certificate),
                       .begins = unix_time(X509_get0_notBefore(certificate)),
                       .expires = unix_time(X509_get0_notAfter(certificate))});
  }
  return details;
}

}  // namespace ws::net
