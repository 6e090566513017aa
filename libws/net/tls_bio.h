// SPDX-License-Identifier: MIT
// How OpenSSL reaches the socket: a BIO that raises no SIGPIPE and remembers how a direction ended.
#pragma once

#include "net/tls_handles.h"

namespace ws::net {

// The socket under a BIO, and what became of it. Does not own the descriptor.
struct TlsSocket {
  int descriptor = -1;
  int read_errno = 0;       // of the failed read, after which there is no other
  int write_errno = 0;      // of the failed write; later ones are swallowed, see tls_bio.cc
  int first_byte = -1;      // received: tells TLS from what is not
  bool has_eof = false;     // the peer's FIN was read
  bool is_drained = false;  // the last read emptied the socket: cleared to allow another
};

// Empty when there is no memory.
[[nodiscard]] BioMethodHandle make_bio_method();

// A BIO on `socket`, which must outlive it.
[[nodiscard]] BIO* make_bio(const BIO_METHOD* method, TlsSocket& socket);

}  // namespace ws::net
