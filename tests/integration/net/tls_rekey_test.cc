// SPDX-License-Identifier: MIT
// TLS streams while the server renews its keys: what OpenSSL does inside must not be seen outside.
#include <atomic>
#include <string>

#include "integration/net/tls_server.h"
#include "support/catch.h"

using ws::EventLoop;
using ws::test::numbered_bytes;
using ws::test::run_turns;
using ws::test::run_until;
using ws::test::SocketKind;
using ws::test::test_certificates;
using ws::test::TlsPeer;
using ws::test::TlsStreamAndPeer;

namespace {

// What the server's thread has come to.
using Flag = std::atomic<bool>;

std::shared_ptr<SSL_CTX> server_with_version(int version) {
  auto context = test_certificates().good.server_context();
  SSL_CTX_set_min_proto_version(context.get(), version);
  SSL_CTX_set_max_proto_version(context.get(), version);
  return context;
}

}  // namespace

TEST_CASE("tls stream: key updates that ask for an answer go by unnoticed (RFC 8446 4.6.3)",
          "[tls_stream]") {
  EventLoop loop;
  const std::string up = numbered_bytes(4 << 20);
  std::string received;
  TlsStreamAndPeer s(
      loop,
      [&](TlsPeer& peer) {
        for (int i = 0; i < 8; ++i) {
          SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
          peer.send("update");
          received += peer.receive(up.size() / 8);
        }
      },
      SocketKind::kTcp, server_with_version(TLS1_3_VERSION));
  s.send(up);
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.data.size() == 48 && s.stream->output().empty(); });
  s.server.join();
  CHECK(received == up);
}

TEST_CASE(
    "tls stream: a key update while a record of ours is half sent fails nothing "
    "(RFC 8446 4.6.3)",
    "[tls_stream]") {
  EventLoop loop;
  const std::string up = numbered_bytes(8 << 20);
  std::string received;
  Flag may_read = false;
  TlsStreamAndPeer s(
      loop,
      [&](TlsPeer& peer) {
        for (int i = 0; i < 3; ++i) {  // all while we are blocked
          SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
          peer.send("update");
        }
        may_read.wait(false);
        received = peer.receive(up.size());
      },
      SocketKind::kTcp, server_with_version(TLS1_3_VERSION));
  s.send(up);
  run_turns(loop);
  CHECK_FALSE(s.stream->output().empty());
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.data.size() == 18; });
  may_read = true;
  may_read.notify_one();
  run_until(loop, [&] { return s.stream->output().empty(); });
  s.stream->shutdown_write();
  run_turns(loop);
  s.server.join();
  CHECK(received == up);
  CHECK_FALSE(s.recorder.has('F'));
}

TEST_CASE("tls stream: a renegotiation while we send loses nothing (RFC 5246 7.4.1.1)",
          "[tls_stream]") {
  EventLoop loop;
  const bool is_paused = GENERATE(false, true);
  const std::string up = numbered_bytes(8 << 20);
  std::string received;
  bool was_renegotiated = false;
  TlsStreamAndPeer s(
      loop,
      [&](TlsPeer& peer) {
        received = peer.receive(1 << 20);
        SSL_renegotiate(peer.ssl());
        SSL_do_handshake(peer.ssl());  // sends the request; answered among the data
        received += peer.receive(up.size() - received.size());
        was_renegotiated =
            SSL_num_renegotiations(peer.ssl()) == 1 && SSL_renegotiate_pending(peer.ssl()) == 0;
        peer.send("done");
      },
      SocketKind::kTcp, server_with_version(TLS1_2_VERSION));
  s.send(up);
  if (!is_paused) {
    s.stream->resume_reading();
  }
  run_until(loop, [&] { return s.stream->output().empty(); });
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.data == "done"; });
  s.server.join();
  CHECK(received == up);
  CHECK(was_renegotiated != is_paused);  // a paused stream reads nothing, the request neither
}
