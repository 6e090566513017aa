// SPDX-License-Identifier: MIT
// SocketStream over Unix and TCP sockets: bytes, ends, back-pressure, output.
#include "net/socket_stream.h"

#include <string>

#include "integration/net/socket_pair.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using ws::EventLoop;
using ws::Timer;
using ws::test::numbered_bytes;
using ws::test::run_turns;
using ws::test::run_until;
using ws::test::SocketKind;
using ws::test::StreamAndPeer;

namespace {

SocketKind any_kind() {
  return GENERATE(SocketKind::kUnix, SocketKind::kTcp);
}

constexpr std::size_t kReceiveBuffer = 262'144;

}  // namespace

TEST_CASE("socket stream: a new stream is paused, and delivers once reading is resumed",
          "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  s.peer.send("early");
  run_turns(loop);
  CHECK_FALSE(s.stream->is_reading());
  CHECK(s.recorder.calls.empty());
  s.stream->resume_reading();
  CHECK(s.recorder.calls.empty());  // never from inside a call
  run_until(loop, [&] { return s.recorder.data == "early"; });
  CHECK(s.stream->is_reading());
}

TEST_CASE("socket stream: nothing is delivered while paused, everything after", "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  s.recorder.then = [&](char) { s.stream->pause_reading(); };
  s.stream->resume_reading();
  s.peer.send("one");
  run_until(loop, [&] { return s.recorder.data == "one"; });
  s.peer.send("two");
  run_turns(loop);
  CHECK(s.recorder.data == "one");
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.data == "onetwo"; });
}

TEST_CASE("socket stream: what a turn appends goes out in its end, in one piece",
          "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  loop.post([&] {
    s.send("a");
    s.send("b");
    CHECK(s.peer.take().empty());
    s.send("c");
  });
  run_turns(loop);
  CHECK(s.peer.take() == "abc");
}

TEST_CASE("socket stream: 32 KiB of output do not wait for the turn's end", "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  const std::string large = numbered_bytes(32'768);
  loop.post([&] {
    s.send(large.substr(1));
    CHECK(s.peer.take().empty());
    s.send(large.substr(0, 1));
    CHECK(s.peer.take().size() == large.size());
    s.send("behind");
    CHECK(s.peer.take().empty());
  });
  run_turns(loop);
  CHECK(s.peer.take() == "behind");
}

TEST_CASE("socket stream: no handler is called from inside a call that writes at once",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  s.stream->resume_reading();
  loop.post([&] {
    s.peer.reset();
    s.send(numbered_bytes(65'536));
    s.send(numbered_bytes(65'536));
    CHECK(s.recorder.calls.empty());
  });
  run_until(loop, [&] { return s.recorder.has('F'); });
}

TEST_CASE("socket stream: a large arrival comes in pieces of at most the receive buffer",
          "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  s.peer.set_buffers(1 << 20);
  s.peer.set_non_blocking();
  const std::string sent = numbered_bytes(1 << 20);
  s.stream->resume_reading();
  std::size_t done = 0;
  while (done < sent.size()) {
    const ssize_t size = ::send(s.peer.get(), sent.data() + done, sent.size() - done, MSG_NOSIGNAL);
    done += size > 0 ? static_cast<std::size_t>(size) : 0;
    run_turns(loop, 1);
  }
  run_until(loop, [&] { return s.recorder.data.size() == sent.size(); });
  CHECK(s.recorder.data == sent);
  CHECK(s.recorder.largest <= kReceiveBuffer);
}

TEST_CASE("socket stream: the end comes after the last data, once", "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  s.peer.send("last");
  shutdown(s.peer.get(), SHUT_WR);
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('E'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "DE");
  CHECK_FALSE(s.stream->is_reading());
  CHECK(s.stream->has_ended());
  CHECK_FALSE(s.stream->is_hung_up());  // it still reads
}

TEST_CASE("socket stream: after the peer's end we may still send", "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  shutdown(s.peer.get(), SHUT_WR);
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('E'); });
  s.send("answer");
  s.stream->shutdown_write();
  run_turns(loop);
  CHECK(s.peer.take() == "answer");
  CHECK(s.peer.receive_result() == 0);
  CHECK(s.recorder.calls == "E");
}

TEST_CASE("socket stream: shutdown_write ends our direction after the queue, the other goes on",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  const std::string sent = numbered_bytes(12 << 20);  // more than the kernel takes at once
  s.send(sent);
  s.stream->shutdown_write();
  s.stream->resume_reading();
  std::string received;
  run_turns(loop);
  CHECK_FALSE(s.stream->output().empty());
  run_until(loop, [&] {
    received += s.peer.take();
    return received.size() == sent.size();
  });
  CHECK(received == sent);
  run_until(loop, [&] { return s.peer.receive_result() == 0; });
  s.peer.send("late");
  run_until(loop, [&] { return s.recorder.data == "late"; });
}

TEST_CASE("socket stream: 16 MiB pass both ways at once through small socket buffers",
          "[socket_stream]") {
  EventLoop loop;
  auto pair = ws::test::make_pair(any_kind());
  pair.ours.set_buffers(16 << 10);
  pair.peer.set_buffers(16 << 10);
  pair.peer.set_non_blocking();
  ws::test::Recorder left;
  ws::test::Recorder right;
  const auto a = ws::net::adopt_socket(loop, pair.ours.release());
  const auto b = ws::net::adopt_socket(loop, pair.peer.release());
  const std::string up = numbered_bytes(16 << 20);
  const std::string down(up.rbegin(), up.rend());
  a->set_handler(&left);
  b->set_handler(&right);
  for (auto* stream : {a.get(), b.get()}) {
    stream->output().append(stream == a.get() ? up : down);
    stream->shutdown_write();
    stream->resume_reading();
  }
  run_until(loop, [&] { return left.has('E') && right.has('E'); });
  CHECK(right.data == up);
  CHECK(left.data == down);
}

TEST_CASE("socket stream: drained is told once when the queue has fallen to half of high water",
          "[socket_stream]") {
  constexpr std::size_t high_water = std::size_t{1} << 20;
  EventLoop loop;
  StreamAndPeer s(loop, any_kind());
  s.peer.set_buffers(64 << 10);
  s.stream->set_high_water(high_water);
  std::size_t left_when_drained = 0;
  s.recorder.then = [&](char) { left_when_drained = s.stream->output().size(); };
  SECTION("when it had been above") {
    s.send(numbered_bytes(8 << 20));
    run_turns(loop);
    CHECK(s.recorder.calls.empty());
    run_until(loop, [&] { return (void)s.peer.take(), s.stream->output().empty(); });
    CHECK(s.recorder.calls == "d");
    CHECK(left_when_drained <= high_water / 2);
    s.send(numbered_bytes(8 << 20));
    run_until(loop, [&] { return (void)s.peer.take(), s.stream->output().empty(); });
    CHECK(s.recorder.calls == "dd");
  }
  SECTION("not when it had only been at it") {
    s.send(numbered_bytes(high_water));
    run_until(loop, [&] { return (void)s.peer.take(), s.stream->output().empty(); });
    CHECK(s.recorder.calls.empty());
  }
  SECTION("though all of it went out at once") {
    s.stream->set_high_water(4);
    s.send("12345");
    run_turns(loop);
    CHECK(s.recorder.calls == "d");
  }
  SECTION("never when it is 0") {
    s.stream->set_high_water(0);
    s.send(numbered_bytes(4 << 20));
    run_until(loop, [&] { return (void)s.peer.take(), s.stream->output().empty(); });
    CHECK(s.recorder.calls.empty());
  }
}

TEST_CASE("socket stream: sent is told once, when the kernel has everything", "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  s.stream->notify_when_sent();
  CHECK(s.recorder.calls.empty());
  run_turns(loop);
  CHECK(s.recorder.calls == "s");  // there was nothing to send
  s.send(numbered_bytes(8 << 20));
  s.stream->notify_when_sent();
  run_turns(loop);
  CHECK(s.recorder.calls == "s");
  run_until(loop, [&] { return (void)s.peer.take(), s.stream->output().empty(); });
  CHECK(s.recorder.calls == "ss");
}

TEST_CASE("socket stream: abort resets a TCP peer and drops the queue, without callbacks",
          "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, SocketKind::kTcp);
  s.stream->resume_reading();
  s.send("never");
  s.stream->abort();
  run_turns(loop);
  CHECK(s.peer.receive_result() == -ECONNRESET);
  CHECK(s.recorder.calls.empty());
  CHECK(s.stream->has_ended());
  s.stream->abort();
  s.stream->resume_reading();
  s.stream->flush_soon();
  run_turns(loop);
  CHECK(s.recorder.calls.empty());
}

TEST_CASE("socket stream: unacknowledged counts what the peer has not taken", "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  CHECK(s.stream->unacknowledged() == 0);
  s.send(numbered_bytes(8 << 20));
  run_turns(loop);
  CHECK(s.stream->unacknowledged() > 0);
  run_until(loop, [&] {
    return (void)s.peer.take(), s.stream->output().empty() && s.stream->unacknowledged() == 0;
  });
}

TEST_CASE("socket stream: an idle one is small", "[socket_stream]") {
  CHECK(sizeof(ws::net::SocketStream) + sizeof(ws::net::SocketWire) +
            event_get_struct_event_size() <
        600);
}

TEST_CASE("socket stream: a half-closed peer does not make the loop spin", "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  const bool reads = GENERATE(false, true);
  if (reads) {
    s.stream->resume_reading();
  }
  shutdown(s.peer.get(), SHUT_WR);
  run_turns(loop);
  CHECK(s.recorder.calls == (reads ? "E" : "e"));
  bool is_over = false;
  Timer timer(loop, [&] { is_over = true; });
  timer.start(50ms);
  int turns = 0;
  while (!is_over) {
    event_base_loop(loop.base(), EVLOOP_ONCE);
    ++turns;
  }
  CHECK(turns <= 3);
}

TEST_CASE("socket stream: blocked output goes on while reading is paused", "[socket_stream]") {
  EventLoop loop;
  const StreamAndPeer s(loop, any_kind());
  s.peer.set_buffers(16 << 10);
  const std::string sent = numbered_bytes(4 << 20);
  s.send(sent);
  run_turns(loop);
  CHECK_FALSE(s.stream->output().empty());
  std::string received;
  run_until(loop, [&] {
    received += s.peer.take();
    return received.size() == sent.size();
  });
  CHECK(received == sent);
}
