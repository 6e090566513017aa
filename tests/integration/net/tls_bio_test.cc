// SPDX-License-Identifier: MIT
// The BIO under OpenSSL: writes that never block it, and how a direction ended.
#include "net/tls_bio.h"

#include <string>

#include "integration/net/socket_pair.h"
#include "support/catch.h"

using ws::net::BioMethodHandle;
using ws::net::TlsSocket;
using ws::test::make_pair;
using ws::test::SocketKind;

namespace {

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

struct Subject {
  Subject() { pair.ours.set_buffers(4096); }

  int write(const std::string& bytes) const {
    return BIO_write(bio.get(), bytes.data(), static_cast<int>(bytes.size()));
  }

  int read(int size = 64) const {
    std::string buffer(static_cast<std::size_t>(size), ' ');
    return BIO_read(bio.get(), buffer.data(), size);
  }

  ws::test::SocketPair pair = make_pair(SocketKind::kUnix);
  TlsSocket socket{.descriptor = pair.ours.get()};
  BioMethodHandle method = ws::net::make_bio_method();
  std::unique_ptr<BIO, BioDeleter> bio{ws::net::make_bio(method.get(), socket)};
};

std::string chunk() {
  return std::string(4096, 'x');
}

}  // namespace

TEST_CASE("tls bio: what the socket does not take waits, and is sent in order", "[tls_bio]") {
  Subject s;
  std::string sent;
  while (s.socket.unsent.size() < TlsSocket::kMaxUnsent / 2) {
    sent += chunk();
    REQUIRE(s.write(chunk()) == 4096);
  }
  sent += "end";
  CHECK(s.write("end") == 3);
  CHECK_FALSE(s.socket.send_unsent());
  std::string received = s.pair.peer.take();
  while (!s.socket.send_unsent()) {
    received += s.pair.peer.take();
  }
  received += s.pair.peer.take();
  CHECK(received == sent);
  CHECK(s.socket.write_errno == 0);
}

TEST_CASE("tls bio: more than 64 KiB unsent is a failed write", "[tls_bio]") {
  Subject s;
  for (int i = 0; i < 100 && s.socket.write_errno == 0; ++i) {
    CHECK(s.socket.unsent.size() <= TlsSocket::kMaxUnsent);
    REQUIRE(s.write(chunk()) == 4096);
  }
  CHECK(s.socket.write_errno == ENOBUFS);
  CHECK(s.socket.unsent.size() <= TlsSocket::kMaxUnsent);
}

TEST_CASE("tls bio: a failed write is kept, raises no signal and leaves reading alone",
          "[tls_bio]") {
  Subject s;
  s.pair.peer.send("last");
  s.pair.peer.close();
  CHECK(s.write("refused") == 7);
  CHECK(s.socket.write_errno == EPIPE);
  CHECK(s.write("too") == 3);
  CHECK(s.read() == 4);
  CHECK(s.socket.first_byte == 'l');
}

TEST_CASE("tls bio: what one recv() brought is handed out in portions, and memory given back",
          "[tls_bio]") {
  Subject s;
  s.pair.peer.send(std::string(10'000, 'x'));
  CHECK(s.read(6'000) == 4096);
  CHECK(s.socket.has_ahead());
  s.pair.peer.send("more");  // not looked at before those have gone
  CHECK(s.read(1) == 1);
  CHECK(s.read(6'000) == 4096);
  CHECK(s.read(6'000) == 10'000 - 2 * 4096 - 1);
  CHECK_FALSE(s.socket.has_ahead());
  CHECK(s.read() == -1);  // the recv() had emptied the socket
  s.socket.is_drained = false;
  CHECK(s.read() == 4);
  CHECK_FALSE(s.socket.has_ahead());
}

TEST_CASE("tls bio: a read that emptied the socket is the last until it is allowed again",
          "[tls_bio]") {
  Subject s;
  s.pair.peer.send("data");
  CHECK(s.read() == 4);
  CHECK(s.socket.is_drained);
  s.pair.peer.close();
  CHECK(s.read() == -1);
  CHECK(BIO_should_retry(s.bio.get()));
  CHECK_FALSE(s.socket.has_eof);
  s.socket.is_drained = false;
  CHECK(s.read() == 0);
  CHECK(s.socket.has_eof);
  CHECK(BIO_eof(s.bio.get()) == 1);
}
