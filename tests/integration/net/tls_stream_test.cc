// SPDX-License-Identifier: MIT
// TLS streams against a real OpenSSL server: bytes, every way to end, and what OpenSSL keeps
// inside.
#include <atomic>
#include <string>

#include "integration/net/tls_server.h"
#include "support/catch.h"

using ws::ErrorCode;
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

int any_version() {
  return GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
}

}  // namespace

TEST_CASE("tls stream: bytes pass both ways, over TCP and Unix sockets", "[tls_stream]") {
  EventLoop loop;
  const auto kind = GENERATE(SocketKind::kTcp, SocketKind::kUnix);
  const TlsStreamAndPeer s(
      loop, [](TlsPeer& peer) { peer.send(peer.receive(5)); }, kind,
      server_with_version(any_version()));
  s.stream->resume_reading();
  s.send("he");
  s.send("llo");
  run_until(loop, [&] { return s.recorder.data == "hello"; });
}

TEST_CASE("tls stream: 16 MiB pass both ways at once through small socket buffers",
          "[tls_stream]") {
  EventLoop loop;
  const std::string up = numbered_bytes(16 << 20);
  const std::string down(up.rbegin(), up.rend());
  std::string received;
  auto pair = ws::test::make_pair(SocketKind::kTcp);
  pair.ours.set_buffers(32 << 10);
  pair.peer.set_buffers(32 << 10);
  TlsStreamAndPeer s(
      loop,
      [&](TlsPeer& peer) {
        for (std::size_t done = 0; done < down.size(); done += 1 << 16) {
          peer.send(std::string_view(down).substr(done, 1 << 16));
          received += peer.receive(1 << 16);
        }
        received += peer.receive_all();
      },
      std::move(pair), server_with_version(any_version()));
  s.stream->resume_reading();
  s.send(up);
  s.stream->shutdown_write();
  run_until(loop, [&] { return s.recorder.data.size() == down.size(); });
  s.server.join();
  CHECK(s.recorder.data == down);
  CHECK(received == up);
}

TEST_CASE("tls stream: many small appends become few records", "[tls_stream]") {
  EventLoop loop;
  constexpr std::size_t total = 100'000;
  std::string received;
  std::size_t records = 0;
  // Set before the handshake: OpenSSL 3.2 and later do not look again.
  const auto context = test_certificates().good.server_context();
  SSL_CTX_set_msg_callback_arg(context.get(), &records);
  SSL_CTX_set_msg_callback(context.get(), [](int is_write, int, int type, const void* header,
                                             std::size_t, SSL*, void* count) {
    const auto* bytes = static_cast<const unsigned char*>(header);
    if (is_write == 0 && type == SSL3_RT_HEADER && bytes[0] == SSL3_RT_APPLICATION_DATA) {
      ++*static_cast<std::size_t*>(count);
    }
  });
  TlsStreamAndPeer s(
      loop,
      [&](TlsPeer& peer) {
        records = 0;  // without those of the handshake
        received = peer.receive(total);
      },
      SocketKind::kTcp, context);
  const std::string sent = numbered_bytes(total);
  for (std::size_t i = 0; i < total; i += 50) {
    s.send(std::string_view(sent).substr(i, 50));
  }
  run_until(loop, [&] { return s.stream->output().empty(); });
  s.server.join();
  CHECK(received == sent);
  CHECK(records == (total + 16383) / 16384);
}

TEST_CASE("tls stream: records that wait together are delivered in few calls", "[tls_stream]") {
  EventLoop loop;
  Flag is_sent = false;
  const TlsStreamAndPeer s(loop, [&](TlsPeer& peer) {
    for (int i = 0; i < 1000; ++i) {
      peer.send("0123456789");
    }
    is_sent = true;
    (void)peer.receive_all();
  });
  run_until(loop, [&] { return is_sent.load(); });
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.data.size() == 10'000; });
  CHECK(s.recorder.calls.size() <= 4);
}

TEST_CASE("tls stream: what OpenSSL holds is delivered after a pause, though the socket is silent",
          "[tls_stream]") {
  EventLoop loop;
  const std::string sent = numbered_bytes(1 << 20);  // four times a turn's share
  TlsStreamAndPeer s(loop, [&](TlsPeer& peer) {
    peer.send(sent);
    (void)peer.receive_all();
  });
  const bool pauses = GENERATE(false, true);
  s.recorder.then = [&](char letter) {
    if (pauses && letter == 'D') {
      s.stream->pause_reading();
      loop.post([&] { s.stream->resume_reading(); });
    }
  };
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.data.size() == sent.size(); });
  CHECK(s.recorder.data == sent);
  CHECK(s.recorder.largest <= 262'144);
}

TEST_CASE("tls stream: data and the end that came in one piece are told in order, over pauses",
          "[tls_stream]") {
  EventLoop loop;
  Flag is_sent = false;
  TlsStreamAndPeer s(loop, [&](TlsPeer& peer) {
    peer.send("last");
    peer.send_close_notify();  // and no FIN: the socket stays silent afterwards
    is_sent = true;
    (void)peer.receive_all();
  });
  run_until(loop, [&] { return is_sent.load(); });
  s.recorder.then = [&](char letter) {
    if (letter == 'D') {
      s.stream->pause_reading();
    }
  };
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('D'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "D");
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('E'); });
  CHECK(s.recorder.calls == "DE");
}

TEST_CASE("tls stream: close_notify is a clean end, a FIN without it a truncated one",
          "[tls_stream][OWN-end-in-record][CVE-truncation]") {
  EventLoop loop;
  const bool notifies = GENERATE(false, true);
  const TlsStreamAndPeer s(
      loop,
      [notifies](TlsPeer& peer) {
        peer.send("data");
        if (notifies) {
          peer.send_close_notify();
        }
        shutdown(peer.socket().get(), SHUT_WR);
        (void)peer.receive_all();
      },
      SocketKind::kTcp, server_with_version(any_version()));
  s.stream->resume_reading();
  run_until(loop, [&] { return s.stream->has_ended(); });
  CHECK(s.recorder.data == "data");
  CHECK(s.recorder.calls.back() == (notifies ? 'E' : 'T'));
}

TEST_CASE("tls stream: a FIN within a record is a truncated end after the whole records",
          "[tls_stream][OWN-end-in-record][CVE-truncation]") {
  EventLoop loop;
  const TlsStreamAndPeer s(loop, [](TlsPeer& peer) {
    peer.send("whole");
    const std::string record = peer.encrypt("cut off");
    peer.socket().send(record.substr(0, record.size() - 3));
    shutdown(peer.socket().get(), SHUT_WR);
    (void)peer.receive_all();
  });
  s.stream->resume_reading();
  run_until(loop, [&] { return s.stream->has_ended(); });
  CHECK(s.recorder.data == "whole");
  CHECK(s.recorder.calls.back() == 'T');
}

TEST_CASE("tls stream: after the peer's end, clean or not, we may still send", "[tls_stream]") {
  EventLoop loop;
  const bool notifies = GENERATE(false, true);
  std::string received;
  TlsStreamAndPeer s(
      loop,
      [&received, notifies](TlsPeer& peer) {
        if (notifies) {
          peer.send_close_notify();
        }
        shutdown(peer.socket().get(), SHUT_WR);
        received = peer.receive(6);
      },
      SocketKind::kTcp, server_with_version(any_version()));
  s.stream->resume_reading();
  run_until(loop, [&] { return s.stream->has_ended(); });
  s.send("answer");
  run_until(loop, [&] { return s.stream->output().empty(); });
  s.server.join();
  CHECK(received == "answer");
}

TEST_CASE("tls stream: shutdown_write sends close_notify behind the queue, the other way goes on",
          "[tls_stream]") {
  EventLoop loop;
  const std::string sent = numbered_bytes(3 << 20);
  std::string received;
  bool was_clean = false;
  TlsStreamAndPeer s(
      loop,
      [&](TlsPeer& peer) {
        received = peer.receive_all();
        was_clean = peer.has_clean_end();
        peer.send("late");
        peer.send_close_notify();
      },
      SocketKind::kTcp, server_with_version(any_version()));
  s.send(sent);
  s.stream->notify_when_sent();
  s.stream->shutdown_write();
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('E'); });
  s.server.join();
  CHECK(received == sent);
  CHECK(was_clean);
  CHECK(s.recorder.data == "late");
  CHECK(s.recorder.calls == "sDE");
}

TEST_CASE("tls stream: a reset comes after the data before it", "[tls_stream]") {
  EventLoop loop;
  const bool writes_first = GENERATE(false, true);
  TlsStreamAndPeer s(loop, [](TlsPeer& peer) {
    peer.send("before");
    peer.socket().reset();
  });
  s.server.join();
  if (writes_first) {
    s.send("refused");  // fails before anything is read
  }
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  run_turns(loop);
  CHECK(s.recorder.data == "before");
  CHECK(s.recorder.calls == "DF");
  CHECK(s.recorder.failure.code == ErrorCode::kConnectionLost);
}

TEST_CASE("tls stream: a hang-up is noticed while paused", "[tls_stream]") {
  EventLoop loop;
  TlsStreamAndPeer s(loop, [](TlsPeer& peer) {
    peer.send("before");
    peer.socket().reset();
  });
  run_until(loop, [&] { return s.recorder.has('H'); });
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  CHECK(s.recorder.data == "before");
}

TEST_CASE("tls stream: bytes that are no record fail the stream", "[tls_stream]") {
  EventLoop loop;
  const TlsStreamAndPeer s(loop, [](TlsPeer& peer) {
    peer.send("before");
    peer.socket().send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
    (void)peer.receive_all();
  });
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  CHECK(s.recorder.data == "before");
  CHECK(s.recorder.failure.code == ErrorCode::kConnectionLost);
  CHECK_THAT(s.recorder.failure.message, StartsWith("connection lost: TLS: "));
}

TEST_CASE("tls stream: abort resets the connection, without callbacks", "[tls_stream]") {
  EventLoop loop;
  int error = 0;
  TlsStreamAndPeer s(loop, [&error](TlsPeer& peer) {
    peer.send("go");  // so that nothing is written any more when the reset comes
    (void)peer.receive_all();
    error = peer.end_errno();
  });
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.data == "go"; });
  s.recorder.calls.clear();
  s.stream->abort();
  s.server.join();
  run_turns(loop);
  CHECK(error == ECONNRESET);
  CHECK(s.recorder.calls.empty());
}
