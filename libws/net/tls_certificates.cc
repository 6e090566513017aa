// SPDX-License-Identifier: MIT
#include "net/tls_certificates.h"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace ws::net {

namespace {

X509Handle share(X509* certificate) {
  X509_up_ref(certificate);
  return X509Handle(certificate);
}

}  // namespace

// Before the verification: OpenSSL takes what it keeps out of this chain afterwards.
int TlsCertificates::verify(X509_STORE_CTX& store) {
  STACK_OF(X509)* const chain = X509_STORE_CTX_get0_untrusted(&store);
  std::vector<std::pair<Digest, X509*>> fresh;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const shown = sk_X509_value(chain, i);
    Digest digest;
    if (i2d_X509(shown, nullptr) > kMaxSize ||
        X509_digest(shown, EVP_sha256(), digest.data(), nullptr) != 1) {
      continue;
    }
    X509Handle known = find(digest);
    if (known == nullptr) {
      fresh.emplace_back(digest, shown);
      continue;
    }
    if (X509_STORE_CTX_get0_cert(&store) == shown) {
      X509_STORE_CTX_set_cert(&store, known.get());
    }
    (void)sk_X509_set(chain, i, known.release());
    X509_free(shown);
  }
  const int result = X509_verify_cert(&store);
  if (result == 1) {
    for (const auto& [digest, certificate] : fresh) {
      keep(digest, certificate);
    }
  }
  return std::max(result, 0);
}

int TlsCertificates::on_verify(X509_STORE_CTX* store, void* self) noexcept {
  try {
    return static_cast<TlsCertificates*>(self)->verify(*store);
  } catch (...) {  // out of memory
    X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
    return 0;
  }
}

std::size_t TlsCertificates::size() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

X509Handle TlsCertificates::find(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&digest](const Known& known) { return known.digest == digest; });
  if (found == known_.end()) {
    return {};
  }
  std::rotate(found, found + 1, known_.end());
  return share(known_.back().certificate.get());
}

void TlsCertificates::keep(const Digest& digest, X509* certificate) {
  const std::lock_guard lock(mutex_);
  const bool is_known = std::any_of(known_.begin(), known_.end(), [&digest](const Known& known) {
    return known.digest == digest;
  });
  if (is_known) {
    return;  // another connection was faster
  }
  if (known_.size() == kMaxCertificates) {
    known_.erase(known_.begin());
  }
  known_.push_back({.digest = digest, .certificate = share(certificate)});
}

}  // namespace ws::net
