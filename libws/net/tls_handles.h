// SPDX-License-Identifier: MIT
// Owning handles for OpenSSL's objects: the only place in this room that frees them.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace ws::net {

struct SslDeleter {
  void operator()(SSL* pointer) const noexcept { SSL_free(pointer); }
};

struct SslContextDeleter {
  void operator()(SSL_CTX* pointer) const noexcept { SSL_CTX_free(pointer); }
};

struct BioMethodDeleter {
  void operator()(BIO_METHOD* pointer) const noexcept { BIO_meth_free(pointer); }
};

struct GeneralNamesDeleter {
  void operator()(GENERAL_NAMES* pointer) const noexcept { GENERAL_NAMES_free(pointer); }
};

struct SslSessionDeleter {
  void operator()(SSL_SESSION* pointer) const noexcept { SSL_SESSION_free(pointer); }
};

struct BioDeleter {
  void operator()(BIO* pointer) const noexcept { BIO_free(pointer); }
};

struct X509Deleter {
  void operator()(X509* pointer) const noexcept { X509_free(pointer); }
};

using SslHandle = std::unique_ptr<SSL, SslDeleter>;
using SslSessionHandle = std::unique_ptr<SSL_SESSION, SslSessionDeleter>;
using SslContextHandle = std::unique_ptr<SSL_CTX, SslContextDeleter>;
using BioMethodHandle = std::unique_ptr<BIO_METHOD, BioMethodDeleter>;
using BioHandle = std::unique_ptr<BIO, BioDeleter>;
using X509Handle = std::unique_ptr<X509, X509Deleter>;
using GeneralNamesHandle = std::unique_ptr<GENERAL_NAMES, GeneralNamesDeleter>;

}  // namespace ws::net
