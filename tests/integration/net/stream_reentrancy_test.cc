// SPDX-License-Identifier: MIT
// The callback law (event_loop.h) for streams: every handler function times everything it may do
// to its stream, plain and TLS. What is checked beyond the assertions is that the sanitizers stay
// silent.
#include <stdexcept>
#include <string>

#include "integration/net/tls_server.h"
#include "support/catch.h"

using ws::EventLoop;
using ws::net::Stream;
using ws::test::make_pair;
using ws::test::Recorder;
using ws::test::run_turns;
using ws::test::run_until;
using ws::test::SocketKind;
using ws::test::test_certificates;
using ws::test::TlsPeer;
using ws::test::TlsServer;

namespace {

enum class Action { kDestroy, kAbort, kPause, kResume, kShutdown, kSend, kDropHandler, kThrow };

enum class Wiring { kUnix, kTcp, kTls };

// A stream whose peer does `script` when told to go on.
class Subject {
 public:
  Subject(EventLoop& loop, Wiring wiring, char letter)
      : pair_(make_pair(wiring == Wiring::kUnix ? SocketKind::kUnix : SocketKind::kTcp)) {
    if (wiring == Wiring::kTls) {
      server_ = std::make_unique<TlsServer>(test_certificates().good.server_context(),
                                            std::move(pair_.peer),
                                            [letter](TlsPeer& peer) { act(peer, letter); });
      stream = ws::test::shake_hands(loop, pair_.ours.release(), ws::test::trusting_context(),
                                     "localhost")
                   .stream;
      REQUIRE(stream != nullptr);
    } else {
      stream = ws::net::adopt_socket(loop, pair_.ours.release());
    }
    stream->set_handler(&recorder);
  }

  ~Subject() { stream.reset(); }

  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  // Brings `letter` about: what the peer and we have to do for it.
  void provoke(char letter) {
    if (letter == 'd') {
      stream->set_high_water(1);
    }
    if (letter == 's') {
      stream->notify_when_sent();
    }
    if (letter == 'd' || letter == 's') {
      stream->output().append("some bytes");
      stream->flush_soon();
    }
    if (letter != 'H') {
      stream->resume_reading();
    }
    if (!server_) {
      act(letter);
    }
  }

  Recorder recorder;
  std::unique_ptr<Stream> stream;

 private:
  static void act(TlsPeer& peer, char letter) {
    peer.send("data");
    if (letter == 'E') {
      peer.send_close_notify();
    }
    if (letter == 'H' || letter == 'F') {
      peer.socket().reset();
    } else {
      (void)peer.receive_all();
    }
  }

  void act(char letter) {
    pair_.peer.send("data");
    if (letter == 'E') {
      shutdown(pair_.peer.get(), SHUT_WR);
    }
    if (letter == 'H' || letter == 'F') {
      pair_.peer.reset();
    }
  }

  ws::test::SocketPair pair_;
  std::unique_ptr<TlsServer> server_;
};

void perform(Action action, Subject& subject) {
  switch (action) {
    case Action::kDestroy:
      subject.stream.reset();
      break;
    case Action::kAbort:
      subject.stream->abort();
      break;
    case Action::kPause:
      subject.stream->pause_reading();
      break;
    case Action::kResume:
      subject.stream->resume_reading();
      break;
    case Action::kShutdown:
      subject.stream->shutdown_write();
      break;
    case Action::kSend:
      subject.stream->output().append("more");
      subject.stream->flush_soon();
      break;
    case Action::kDropHandler:
      subject.stream->set_handler(nullptr);
      break;
    case Action::kThrow:
      throw std::runtime_error("from a handler");
  }
}

// Turns the loop until a handler throws, which must happen.
std::string next_exception(EventLoop& loop) {
  try {
    run_until(loop, [] { return false; });
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

bool is_last_call(Action action) {
  return action == Action::kDestroy || action == Action::kAbort || action == Action::kDropHandler;
}

}  // namespace

TEST_CASE("stream: a handler may do anything to its stream in any of its functions",
          "[stream_reentrancy]") {
  const auto wiring = GENERATE(Wiring::kUnix, Wiring::kTcp, Wiring::kTls);
  const char letter = GENERATE('D', 'E', 'd', 's', 'H', 'F');
  const auto action =
      GENERATE(Action::kDestroy, Action::kAbort, Action::kPause, Action::kResume, Action::kShutdown,
               Action::kSend, Action::kDropHandler, Action::kThrow);
  if (wiring == Wiring::kUnix && letter == 'F') {
    return;  // reading from a Unix socket does not fail
  }
  EventLoop loop;
  Subject subject(loop, wiring, letter);
  bool is_done = false;
  std::size_t calls_at_action = 0;
  subject.recorder.then = [&](char seen) {
    if (seen == letter && !is_done) {
      is_done = true;
      calls_at_action = subject.recorder.calls.size();
      perform(action, subject);
    }
  };
  subject.provoke(letter);
  bool has_thrown = false;
  try {
    run_until(loop, [&] { return is_done; });
  } catch (const std::runtime_error&) {
    has_thrown = true;
  }
  CAPTURE(static_cast<int>(wiring), letter, static_cast<int>(action), subject.recorder.calls);
  CHECK(is_done);
  CHECK(has_thrown == (action == Action::kThrow));
  run_turns(loop);
  if (is_last_call(action)) {
    CHECK(subject.recorder.calls.size() == calls_at_action);
  }
}

TEST_CASE("stream: a handler that threw is served again when the loop runs on",
          "[stream_reentrancy]") {
  EventLoop loop;
  const auto wiring = GENERATE(Wiring::kUnix, Wiring::kTcp, Wiring::kTls);
  Subject subject(loop, wiring, 'E');
  subject.recorder.then = [](char) { throw std::runtime_error("every time"); };
  subject.stream->set_high_water(1);
  subject.stream->notify_when_sent();
  subject.stream->output().append("some bytes");
  subject.provoke('E');
  const auto is_done = [&subject] {
    const Recorder& seen = subject.recorder;
    return seen.has('E') && seen.has('s') && seen.has('d');
  };
  std::string thrown = "every time";
  while (!is_done() && thrown == "every time") {
    thrown = next_exception(loop);
  }
  CHECK(is_done());
  CHECK(subject.recorder.data == "data");
}
