// SPDX-License-Identifier: MIT
// SocketStream when the peer hangs up, resets or stops taking: what had been received always comes
// first.
#include <string>

#include "integration/net/socket_pair.h"
#include "support/catch.h"
#include "support/refused_watches.h"

using ws::ErrorCode;
using ws::EventLoop;
using ws::test::numbered_bytes;
using ws::test::refused_watches;
using ws::test::run_turns;
using ws::test::run_until;
using ws::test::SocketKind;
using ws::test::StreamAndPeer;

TEST_CASE("socket stream: what the loop cannot wait for is read as far as it came, then failed",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, GENERATE(SocketKind::kUnix, SocketKind::kTcp));
  s.peer.send("before");
  refused_watches = 1;
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  CHECK(refused_watches == 0);
  CHECK(s.recorder.calls == "DF");
  CHECK(s.recorder.data == "before");
  CHECK(s.recorder.failure.system_errno == ENOSPC);
}

TEST_CASE("socket stream: output that nobody would wake up is a failure", "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kUnix);
  s.stream->resume_reading();
  run_turns(loop);
  refused_watches = 1;
  s.send(numbered_bytes(std::size_t{8} << 20));
  run_until(loop, [&] { return s.recorder.has('F'); });
  CHECK(refused_watches == 0);
  CHECK(s.recorder.calls == "F");
  CHECK(s.recorder.failure.system_errno == ENOSPC);
}

TEST_CASE("socket stream: a hang-up that cannot be watched for costs nothing else",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kUnix);
  refused_watches = 1;
  run_turns(loop);
  CHECK(refused_watches == 0);
  s.peer.send("still read");
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('D'); });
  CHECK(s.recorder.calls == "D");
}

TEST_CASE("socket stream: a Unix peer that hung up is read to its end, then on_eof",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kUnix);
  s.peer.send("last words");
  s.peer.close();
  bool was_hung_up_at_end = false;
  s.recorder.then = [&](char letter) {
    was_hung_up_at_end = was_hung_up_at_end || (letter == 'E' && s.stream->is_hung_up());
  };
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('H'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "DEH");
  CHECK(s.recorder.data == "last words");
  CHECK(was_hung_up_at_end);
}

TEST_CASE("socket stream: a Unix peer that hung up without reading ours ends all the same",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kUnix);
  s.send("unread");
  run_turns(loop);
  s.peer.send("last words");
  s.peer.close();
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('E'); });
  CHECK(s.recorder.data == "last words");
  run_turns(loop);
  CHECK(s.recorder.calls == "DEH");
}

TEST_CASE("socket stream: a hang-up is noticed while paused, once, and hides no data",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kUnix);
  const bool closes_in_two_steps = GENERATE(false, true);
  s.peer.send("waiting");
  run_turns(loop);
  if (closes_in_two_steps) {
    shutdown(s.peer.get(), SHUT_WR);
    run_turns(loop);
    CHECK(s.recorder.calls == "e");
  }
  s.peer.close();
  run_until(loop, [&] { return s.recorder.has('H'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "eH");
  CHECK(s.stream->is_hung_up());
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('E'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "eHDE");
}

TEST_CASE("socket stream: an end behind what nobody reads is told ahead, once, and comes again",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, GENERATE(SocketKind::kUnix, SocketKind::kTcp));
  const bool is_paused_before = GENERATE(false, true);
  s.peer.send("waiting");
  if (is_paused_before) {
    run_turns(loop);
  }
  shutdown(s.peer.get(), SHUT_WR);
  run_until(loop, [&] { return s.recorder.has('e'); });
  s.send("still heard");
  run_turns(loop);
  CHECK(s.recorder.calls == "e");
  CHECK(s.stream->unread() == 7);
  CHECK(s.peer.take() == "still heard");
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('E'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "eDE");
  CHECK(s.stream->unread() == 0);
}

TEST_CASE("socket stream: a handler may destroy the stream when told of its end ahead",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kUnix);
  s.recorder.then = [&](char) { s.stream.reset(); };
  s.peer.send("waiting");
  s.peer.close();
  run_until(loop, [&] { return s.stream == nullptr; });
  run_turns(loop);
  CHECK(s.recorder.calls == "e");
}

TEST_CASE("socket stream: a reset is noticed while paused, and the data before it still comes",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kTcp);
  s.peer.send("waiting");
  run_turns(loop);
  s.peer.reset();
  run_until(loop, [&] { return s.recorder.has('H'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "H");
  CHECK(s.stream->is_hung_up());
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  CHECK(s.recorder.calls == "HDF");
  CHECK(s.recorder.data == "waiting");
}

TEST_CASE("socket stream: a reset after the peer's end is told as a hang-up", "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kTcp);
  s.stream->resume_reading();
  shutdown(s.peer.get(), SHUT_WR);
  run_until(loop, [&] { return s.recorder.has('E'); });
  s.peer.reset();
  run_until(loop, [&] { return s.recorder.has('H'); });
  s.send("into the void");
  run_until(loop, [&] { return s.recorder.has('F'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "EHF");
}

TEST_CASE("socket stream: a reset while reading comes after the data", "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kTcp);
  s.peer.send("before");
  s.peer.reset();
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "DF");
  CHECK(s.recorder.failure.code == ErrorCode::kConnectionLost);
  CHECK(s.recorder.failure.phase == ws::Phase::kOpen);
  CHECK(s.recorder.failure.system_errno == ECONNRESET);
  CHECK(s.recorder.failure.message == "connection lost: Connection reset by peer");
  CHECK(s.stream->has_ended());
}

TEST_CASE("socket stream: a failed write does not hide what was received before",
          "[socket_stream]") {
  EventLoop loop;
  const auto kind = GENERATE(SocketKind::kUnix, SocketKind::kTcp);
  StreamAndPeer s(loop, kind);
  const std::string last_words = numbered_bytes(100'000);
  s.peer.send(last_words);
  if (kind == SocketKind::kTcp) {
    s.peer.reset();
  } else {
    s.peer.close();
  }
  // The end of this turn writes before anything is read.
  s.stream->resume_reading();
  s.send("refused");
  run_until(loop, [&] { return s.recorder.has('F'); });
  run_turns(loop);
  CHECK(s.recorder.data == last_words);
  const std::string expected_end = kind == SocketKind::kUnix ? "EF" : "DF";
  CHECK(s.recorder.calls.substr(s.recorder.calls.size() - 2) == expected_end);
  CHECK_FALSE(s.stream->output().empty());  // so that the user can count what was not sent
}

TEST_CASE("socket stream: a failed write while paused is a hang-up, the failure comes on resume",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kTcp);
  s.peer.send("before");
  s.peer.reset();
  s.send("refused");
  run_turns(loop);
  CHECK(s.recorder.calls == "H");
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  run_turns(loop);
  CHECK(s.recorder.calls == "HDF");
}

TEST_CASE(
    "socket stream: a handler that pauses while the last data comes hears of the failure "
    "on resume",
    "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kTcp);
  s.recorder.then = [&](char letter) {
    if (letter == 'D') {
      s.stream->pause_reading();
    }
  };
  s.peer.send("before");
  s.peer.reset();
  s.stream->resume_reading();
  s.send("refused");
  run_until(loop, [&] { return s.recorder.has('D'); });
  run_turns(loop);
  CHECK_FALSE(s.recorder.has('F'));
  s.stream->resume_reading();
  run_until(loop, [&] { return s.recorder.has('F'); });
  CHECK(s.recorder.data == "before");
}

TEST_CASE("socket stream: a Unix peer that stopped reading fails our writes, not its own",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kUnix);
  s.peer.send("sent before");
  shutdown(s.peer.get(), SHUT_RD);
  s.stream->resume_reading();
  s.send("refused");
  run_until(loop, [&] { return s.recorder.has('F'); });
  CHECK(s.recorder.calls == "DF");
  CHECK(s.recorder.failure.system_errno == EPIPE);
}

TEST_CASE("socket stream: a reset at any point of a transfer ends in one failure",
          "[socket_stream]") {
  EventLoop loop;
  StreamAndPeer s(loop, SocketKind::kTcp);
  const int turns = GENERATE(range(0, 12));
  const bool pauses = GENERATE(false, true);
  s.peer.set_buffers(32 << 10);
  s.stream->resume_reading();
  s.stream->set_high_water(1 << 20);
  s.send(numbered_bytes(4 << 20));
  s.stream->notify_when_sent();
  for (int i = 0; i < turns; ++i) {
    s.peer.send("x");
    run_turns(loop, 1);
    (void)s.peer.take();
  }
  if (pauses) {
    s.stream->pause_reading();
    run_turns(loop, 1);
  }
  s.peer.reset();
  if (pauses) {
    run_until(loop, [&] { return s.recorder.has('H'); });
    s.stream->resume_reading();
  }
  run_until(loop, [&] { return s.recorder.has('F'); });
  run_turns(loop);
  CHECK(s.recorder.calls.find('F') == s.recorder.calls.size() - 1);
  CHECK(s.recorder.data == std::string(static_cast<std::size_t>(turns), 'x'));
}
