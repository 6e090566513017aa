// SPDX-License-Identifier: MIT
// What SocketStream does with a Wire whose directions depend on each other, as those of TLS may;
// with a wire that answers from a script.
#include <deque>
#include <string>

#include "integration/net/socket_pair.h"
#include "net/socket_stream.h"
#include "support/catch.h"

using ws::ByteQueue;
using ws::EventLoop;
using ws::net::ReadEnd;
using ws::net::ReadResult;
using ws::net::SocketStream;
using ws::net::Wait;
using ws::net::Wire;
using ws::net::WriteEnd;
using ws::net::WritePart;
using ws::test::make_pair;
using ws::test::Recorder;
using ws::test::run_turns;
using ws::test::SocketKind;

namespace {

// What a script's wire says, and how often it was asked. Outlives the stream.
struct Script {
  std::deque<std::pair<std::string, ReadEnd>> reads;  // empty: blocked
  bool write_blocks = false;
  Wait write_wait = Wait::kWritable;
  bool has_input = false;
  bool has_unsent = false;
  int read_calls = 0;
  int write_calls = 0;
};

class ScriptedWire final : public Wire {
 public:
  explicit ScriptedWire(Script& script) : script_(script) {}

  ReadResult read(std::span<std::byte> buffer) override {
    ++script_.read_calls;
    if (script_.reads.empty()) {
      return {0, ReadEnd::kBlocked};
    }
    const auto [data, end] = script_.reads.front();
    script_.reads.pop_front();
    std::copy(data.begin(), data.end(), reinterpret_cast<char*>(buffer.data()));
    return {data.size(), end};
  }

  WriteEnd write(ByteQueue& queue, WritePart /*part*/) override {
    ++script_.write_calls;
    if (script_.write_blocks) {
      return WriteEnd::kBlocked;
    }
    queue.clear();
    script_.has_unsent = false;
    return WriteEnd::kDone;
  }

  WriteEnd finish() override { return WriteEnd::kDone; }

  [[nodiscard]] Wait write_wait() const override { return script_.write_wait; }

  [[nodiscard]] bool has_unsent() const override { return script_.has_unsent; }

  [[nodiscard]] bool has_buffered_input() const override { return script_.has_input; }

  [[nodiscard]] ws::Error failure() const override { return {}; }

 private:
  Script& script_;
};

struct Subject {
  explicit Subject(EventLoop& loop) {
    pair.ours.set_buffers(4096);
    stream = std::make_unique<SocketStream>(loop.context(), pair.ours.release(),
                                            std::make_unique<ScriptedWire>(script));
    stream->set_handler(&recorder);
  }

  // The stream's socket becomes unwritable, without the stream's doing.
  void fill_socket() const {
    const std::string bytes(65536, 'x');
    while (::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
  }

  ws::test::SocketPair pair = make_pair(SocketKind::kUnix);
  int descriptor = pair.ours.get();  // while the stream has it
  Script script;
  Recorder recorder;
  std::unique_ptr<SocketStream> stream;
};

}  // namespace

TEST_CASE("stream and wire: what a read makes the wire say goes out, without a queue",
          "[stream_wire]") {
  EventLoop loop;
  Subject s(loop);
  const bool is_full = GENERATE(false, true);
  s.script.write_blocks = is_full;
  if (is_full) {
    s.fill_socket();
  }
  s.script.reads.emplace_back("data", ReadEnd::kBlocked);
  s.recorder.then = [&](char) { s.script.has_unsent = s.recorder.calls == "D"; };
  s.stream->resume_reading();
  s.pair.peer.send("x");
  run_turns(loop);
  CHECK(s.recorder.data == "data");
  CHECK(s.script.write_calls == 1);
  s.stream->notify_when_sent();
  s.script.write_blocks = false;
  (void)s.pair.peer.take();
  run_turns(loop);
  CHECK_FALSE(s.script.has_unsent);
  CHECK(s.recorder.calls == "Ds");
}

TEST_CASE("stream and wire: a write that waits for reading goes on when the socket is readable",
          "[stream_wire]") {
  EventLoop loop;
  Subject s(loop);
  const bool reads_too = GENERATE(false, true);
  s.script.write_blocks = true;
  s.script.write_wait = Wait::kReadable;
  s.stream->output().append("waiting");
  s.stream->flush_soon();
  if (reads_too) {
    s.stream->resume_reading();
  }
  run_turns(loop);
  CHECK(s.script.write_calls == 1);  // writable all the time, which does not help
  s.script.write_blocks = false;
  s.pair.peer.send("x");
  run_turns(loop, 2);
  CHECK(s.script.write_calls == 2);
  CHECK(s.stream->output().empty());
  CHECK((s.script.read_calls > 0) == reads_too);
}

TEST_CASE("stream and wire: buffered input is read turn by turn while the socket is silent",
          "[stream_wire]") {
  EventLoop loop;
  Subject s(loop);
  s.script.has_input = true;
  s.script.reads = {{"a", ReadEnd::kMore}, {"b", ReadEnd::kMore}, {"c", ReadEnd::kEof}};
  s.recorder.then = [&](char) {
    s.script.has_input = !s.script.reads.empty();
    if (s.recorder.data == "b") {
      s.stream->pause_reading();
    }
  };
  run_turns(loop);
  CHECK(s.script.read_calls == 0);  // paused
  s.stream->resume_reading();
  run_turns(loop);
  CHECK(s.recorder.calls == "DDDE");
  CHECK(s.recorder.data == "abc");
  CHECK(s.script.read_calls == 3);
}

TEST_CASE("stream and wire: a wire that stays blocked is not asked again and again",
          "[stream_wire]") {
  EventLoop loop;
  Subject s(loop);
  s.fill_socket();
  s.script.write_blocks = true;
  s.stream->output().append("waiting");
  s.stream->flush_soon();
  s.stream->resume_reading();
  run_turns(loop, 20);
  s.stream->output().append("more");
  s.stream->flush_soon();
  run_turns(loop);
  CHECK(s.script.write_calls == 1);
  CHECK(s.script.read_calls == 0);
}
