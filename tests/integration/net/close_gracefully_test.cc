// SPDX-License-Identifier: MIT
// Streams that end in the background: what was queued arrives, and nothing stays behind.
#include <string>

#include "integration/net/tls_server.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using ws::EventLoop;
using ws::net::close_gracefully;
using ws::test::numbered_bytes;
using ws::test::run_turns;
using ws::test::run_until;
using ws::test::SocketKind;
using ws::test::StreamAndPeer;
using ws::test::TlsPeer;
using ws::test::TlsStreamAndPeer;

namespace {

constexpr auto kLong = 1h;  // never reached

SocketKind any_kind() {
  return GENERATE(SocketKind::kUnix, SocketKind::kTcp);
}

bool is_idle(EventLoop& loop) {
  return loop.context().owned_count() == 0;
}

}  // namespace

TEST_CASE("close gracefully: the queue arrives whole, then FIN, though input was never read",
          "[close_gracefully]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  const std::string sent = numbered_bytes(8 << 20);
  s.peer.send(numbered_bytes(10'000));
  s.send(sent);
  close_gracefully(loop, std::move(s.stream), kLong);
  std::string received;
  run_until(loop, [&] {
    received += s.peer.take();
    return received.size() == sent.size();
  });
  CHECK(received == sent);
  run_until(loop, [&] { return s.peer.receive_result() == 0; });
  s.peer.send("discarded");
  run_turns(loop);
  CHECK_FALSE(is_idle(loop));  // it waits for the peer's FIN
  s.peer.close();
  run_until(loop, [&] { return is_idle(loop); });
  CHECK(s.recorder.calls.empty());
}

TEST_CASE("close gracefully: run returns when the last one has ended", "[close_gracefully]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  s.send("bye");
  shutdown(s.peer.get(), SHUT_WR);
  close_gracefully(loop, std::move(s.stream), kLong);
  loop.run();
  CHECK(is_idle(loop));
  CHECK(s.peer.take() == "bye");
  CHECK(s.peer.receive_result() == 0);
}

TEST_CASE("close gracefully: a stream whose peer had already ended does not wait for it again",
          "[close_gracefully]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  s.stream->resume_reading();
  shutdown(s.peer.get(), SHUT_WR);
  run_until(loop, [&] { return s.recorder.has('E'); });
  s.send("bye");
  close_gracefully(loop, std::move(s.stream), kLong);
  loop.run();
  CHECK(s.peer.take() == "bye");
  CHECK(s.recorder.calls == "E");
}

TEST_CASE("close gracefully: a peer that never ends is left after the limit",
          "[close_gracefully]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  const bool takes_nothing = GENERATE(false, true);
  s.send(takes_nothing ? numbered_bytes(16 << 20) : "bye");
  const auto start = EventLoop::Clock::now();
  close_gracefully(loop, std::move(s.stream), 20ms);
  loop.run();
  CHECK(EventLoop::Clock::now() - start >= 20ms);
  CHECK(is_idle(loop));
}

TEST_CASE("close gracefully: a stream that breaks is left at once", "[close_gracefully]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kTcp);
  const bool is_known = GENERATE(false, true);
  s.peer.reset();
  if (is_known) {
    s.stream->resume_reading();
    run_until(loop, [&] { return s.recorder.has('F'); });
  }
  s.send("too late");
  close_gracefully(loop, std::move(s.stream), kLong);
  loop.run();
  CHECK(is_idle(loop));
}

TEST_CASE("close gracefully: one that was aborted is left at once", "[close_gracefully]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  s.stream->abort();
  close_gracefully(loop, std::move(s.stream), kLong);
  loop.run();
  CHECK(is_idle(loop));
}

TEST_CASE("close gracefully: the loop takes its streams with it", "[close_gracefully]") {
  auto loop = std::make_unique<EventLoop>();
  StreamAndPeer s(*loop, any_kind());
  s.send("bye");
  close_gracefully(*loop, std::move(s.stream), kLong);
  const bool is_turned = GENERATE(false, true);
  if (is_turned) {
    run_turns(*loop);
  }
  loop.reset();
  CHECK(s.peer.take() == (is_turned ? "bye" : ""));
  CHECK(s.peer.receive_result() == 0);
}

TEST_CASE("close gracefully: may be asked for inside the stream's own handler",
          "[close_gracefully]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  s.recorder.then = [&](char) {
    s.send("answer");
    close_gracefully(loop, std::move(s.stream), kLong);
  };
  s.peer.send("question");
  s.stream->resume_reading();
  run_until(loop, [&] { return !is_idle(loop); });
  shutdown(s.peer.get(), SHUT_WR);
  loop.run();
  CHECK(s.peer.take() == "answer");
  CHECK(s.recorder.calls == "D");
}

TEST_CASE("close gracefully: over TLS the peer sees close_notify behind the queue",
          "[close_gracefully]") {
  EventLoop loop;
  const std::string sent = numbered_bytes(3 << 20);
  std::string received;
  bool was_clean = false;
  TlsStreamAndPeer s(loop, [&](TlsPeer& peer) {
    peer.send("unread");
    received = peer.receive_all();
    was_clean = peer.has_clean_end();
  });
  s.send(sent);
  close_gracefully(loop, std::move(s.stream), kLong);
  loop.run();
  s.server.join();
  CHECK(received == sent);
  CHECK(was_clean);
}
