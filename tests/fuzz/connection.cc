// SPDX-License-Identifier: MIT
// The state machine of an open connection under a server's bytes and local actions in any order,
// from inside events too, with a clock and randomness of the target's own. What it sends is read by
// a server of the same library: it must be frames, and the messages that were taken, in order.
#include "protocol/connection.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/reading_server.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "support/fixed_random.h"

namespace fuzz {
namespace {

using namespace std::chrono_literals;
using ws::protocol::Connection;
using ws::protocol::ConnectionSettings;
using ws::protocol::ConnectionState;
using ws::protocol::TimePoint;
using Sent = Connection::Sent;

class Machine : public ws::protocol::ConnectionEvents {
 public:
  Machine(const ConnectionSettings& settings, Input& input)
      : input_(input),
        settings_(settings),
        connection_(settings, random_, output_, now_),
        server_(settings.deflate) {}

  void run() {
    while (!input_.empty()) {
      const std::size_t told = told_;
      const ConnectionState before = connection_.state();
      const auto failure = connection_.failure();
      act(Where::kOutside);
      check(before, told);
      require(!failure || connection_.failure()->code == failure->code, "a failure stays");
    }
    drain(output_.size());
    server_.check_end();
    require(server_.messages == taken_, "what was taken is what was sent");
  }

  void on_message(ws::MessageType /*type*/, std::string_view data) override {
    note(data.size());
    act_within();
  }

  [[nodiscard]] bool takes_batches() const override { return telling_ == 1; }

  void on_messages(std::span<const ws::Message> messages) override {
    require(!messages.empty(), "a batch has a message");
    for (const ws::Message& message : messages) {
      note(message.data.size());
    }
    act_within();
  }

  [[nodiscard]] bool takes_chunks() const override { return telling_ == 2; }

  void on_chunk(const ws::MessageChunk& chunk) override {
    note(chunk.data.size());
    act_within();
  }

  void on_pong(std::string_view payload) override {
    require(payload.size() <= 125, "a pong has at most 125 bytes");
    note(0);
    act_within();
  }

  void on_round_trip(std::chrono::microseconds round_trip) override {
    require(round_trip.count() >= 0, "no answer comes before its ping");
    note(0);
    act_within();
  }

 private:
  enum class Where { kOutside, kWithin };

  void note(std::size_t size) {
    // What is called from inside a batch counts behind it, so the end may have come within.
    require(connection_.state() != ConnectionState::kFailing || is_within_,
            "no event after a failure");
    require(size <= settings_.max_message, "messages keep to max_message");
    ++told_;
  }

  void act_within() {
    if (!std::exchange(is_within_, true)) {
      for (std::size_t count = input_.below(3); count > 0; --count) {
        act(Where::kWithin);
      }
      is_within_ = false;
    }
  }

  void act(Where where) {
    const std::size_t action = input_.below(16);
    if (action < 6 && where == Where::kOutside) {
      receive(action);
    } else if (action < 12) {
      send(action);
    } else {
      control(action);
    }
  }

  void receive(std::size_t action) {
    std::string bytes;
    if (action < 4) {  // a frame, mostly a good one
      const std::string_view payload = action == 0 ? input_.take(input_.below(126)) : "Hello";
      bytes += static_cast<char>(action < 2 ? input_.byte() : 0x80U + action - 1U);
      bytes += static_cast<char>(payload.size());
      bytes += payload;
    } else if (action == 4) {
      bytes = input_.text();
    } else if (input_.below(4) == 0) {
      connection_.receive_eof();
      is_eof_ = true;
    } else {
      bytes = server_.take_answers();
    }
    if (!is_eof_ && !bytes.empty()) {
      std::vector<std::byte> buffer = exact_copy(bytes);
      received_ += buffer.size();
      connection_.receive(buffer, now_, *this);
    }
  }

  // ---- Sending ----

  void send(std::size_t action) {
    switch (action) {
      case 6:
      case 7:
        send_message(text_or_bytes());
        break;
      case 8:
        send_batch();
        break;
      case 9:
        write();
        break;
      case 10:
        end_writing();
        break;
      default: {
        const std::string_view payload = input_.take(input_.below(200));
        const bool is_sent = connection_.ping(payload);
        require(!is_sent || payload.size() <= 125, "a ping has at most 125 bytes");
      }
    }
  }

  std::string text_or_bytes() {
    const std::size_t kind = input_.below(4);
    const std::string_view text = input_.text();
    return kind == 0 ? std::string(input_.below(8) * 4099, 'x') : std::string(text);
  }

  ws::MessageType any_type() {
    return input_.flag() ? ws::MessageType::kText : ws::MessageType::kBinary;
  }

  Connection::Compress any_compress() {
    return input_.flag() ? Connection::Compress::kIfLongEnough : Connection::Compress::kNever;
  }

  void send_message(const std::string& data) {
    const std::size_t before = output_.size();
    const std::size_t most = connection_.most_sent(data.size());
    const ws::MessageType type = any_type();
    const Sent sent = connection_.send(type, data, any_compress());
    require(output_.size() <= before + most, "most_sent() is the most");
    if (sent == Sent::kYes) {
      taken_.push_back({type, data});
    } else {
      require(sent == Sent::kInvalidUtf8 ? type == ws::MessageType::kText : !may_send(), "why not");
    }
  }

  [[nodiscard]] bool may_send() const {
    return connection_.state() == ConnectionState::kOpen && !connection_.is_writing();
  }

  void send_batch() {
    std::vector<std::string> data;
    for (std::size_t count = input_.below(5); count > 0; --count) {
      data.push_back(text_or_bytes());
    }
    const std::size_t repeats = input_.below(4) == 0 ? 70 : 1;
    std::vector<std::string_view> messages;
    for (std::size_t i = 0; i < repeats; ++i) {
      messages.insert(messages.end(), data.begin(), data.end());
    }
    const std::size_t before = output_.size();
    const std::size_t room = input_.byte();
    const std::size_t limit = before + room * (input_.flag() ? 1 : 1000);
    const ws::MessageType type = any_type();
    const auto batch = connection_.send_batch(type, messages, any_compress(), limit);
    require(batch.taken <= messages.size(), "no more is taken than there is");
    require(output_.size() <= limit, "a batch keeps to its limit");
    require(batch.sent != Sent::kNotOpen || !may_send(), "an open connection is one");
    require(batch.sent != Sent::kInvalidUtf8 || type == ws::MessageType::kText, "why not");
    for (const std::string_view message : std::span(messages).first(batch.taken)) {
      taken_.push_back({type, std::string(message)});
    }
  }

  void write() {
    if (!connection_.is_writing()) {
      const ws::MessageType type = any_type();
      const bool may = may_send();
      require(connection_.start_message(type, any_compress()) == may, "a message begins");
      written_ = {type, {}};
    }
    const std::string data = text_or_bytes();
    if (connection_.write(data) == Sent::kYes) {
      written_.data += data;
    }
  }

  void end_writing() {
    if (input_.below(4) == 0) {
      connection_.abandon_message(now_);
      require(!connection_.is_writing(), "it is given up");
    } else if (connection_.finish() == Sent::kYes) {
      require(!connection_.is_writing(), "it is finished");
      taken_.push_back(std::exchange(written_, {}));
    }
  }

  // ---- Everything else ----

  void control(std::size_t action) {
    const std::size_t choice = input_.below(8);
    if (action == 12) {
      choice < 4 ? connection_.pause(now_) : resume();
    } else if (action == 13) {
      drain(output_.size() * choice / 7);
      connection_.output_drained();
    } else if (action == 14) {
      wait(choice);
    } else if (choice == 0) {
      connection_.stop();
    } else if (choice < 3) {
      const unsigned code = 995U + input_.byte();
      const bool was_open = connection_.state() == ConnectionState::kOpen;
      connection_.close(static_cast<std::uint16_t>(code), input_.text(), now_);
      require(!was_open || connection_.state() >= ConnectionState::kClosing, "close() closes");
    } else {
      telling_ = choice % 3;
    }
  }

  void resume() { connection_.resume(now_, *this); }

  void drain(std::size_t size) {
    while (size > 0) {
      const auto front = output_.front();
      const std::size_t part = std::min(front.size(), size);
      server_.receive(as_text(front.first(part)));
      output_.consume(part);
      size -= part;
    }
  }

  // Until the deadline, or some time before or behind it. No deadline may be met twice.
  void wait(std::size_t choice) {
    const auto deadline = connection_.deadline();
    if (choice < 4 || !deadline) {
      now_ += choice * 700ms;
    } else {
      now_ = std::max(now_, *deadline);
    }
    const bool is_due = deadline && *deadline <= now_;
    connection_.handle_deadline(now_);
    const auto next = connection_.deadline();
    require(!is_due || !next || *next > now_, "a deadline that was handled is over");
  }

  void check(ConnectionState before, std::size_t told_before) const {
    const ConnectionState state = connection_.state();
    require(state >= before, "the state goes one way");
    require(before != ConnectionState::kFailing || state != ConnectionState::kClosed,
            "a failure is no closing handshake");
    require(before <= ConnectionState::kClosing || told_ == told_before, "no event behind the end");
    require(state != ConnectionState::kFailing || connection_.failure(), "a failure has a reason");
    const std::size_t deflate = settings_.deflate ? std::size_t{320} << 10 : 0;
    require(connection_.memory_held() <=
                settings_.max_message + 2 * received_ + (std::size_t{16} << 10) + 1024 + deflate,
            "memory is bounded");
    require(connection_.input_held() <= settings_.max_message + 2 * received_, "the input's, too");
  }

  Input& input_;
  ConnectionSettings settings_;
  support::CountingRandom random_;
  ws::ByteQueue output_;
  TimePoint now_{1h};
  Connection connection_;
  ReadingServer server_;
  std::size_t telling_ = 0;
  bool is_within_ = false;
  bool is_eof_ = false;
  std::size_t told_ = 0;
  std::size_t received_ = 0;
  std::vector<SentMessage> taken_;
  SentMessage written_;
};

ConnectionSettings settings_of(Input& input) {
  ConnectionSettings settings{
      .max_message = input.pick<std::size_t>({20, 300, 70'000}),
      .max_empty_fragments = 2,
      .max_queued_pongs = input.pick<std::size_t>({1, 2, 64}),
      .ping_interval = input.pick<std::chrono::milliseconds>({0ms, 1ms, 3s}),
      .ping_timeout = input.pick<std::chrono::milliseconds>({0ms, 1ms, 2s}),
      .close_timeout = input.pick<std::chrono::milliseconds>({1ms, 5s, 10'000h})};
  if (input.flag()) {
    settings.deflate = {.window_bits = input.pick({8, 9, 12, 15}),
                        .no_context_takeover = input.flag(),
                        .level = input.pick({1, 6, 9}),
                        .memory_level = input.pick({1, 5, 8}),
                        .threshold = input.pick<std::size_t>({0, 1, 128})};
    // The server is a connection, too: what we keep of a context it must keep.
    settings.deflate->peer_no_context_takeover = settings.deflate->no_context_takeover;
  }
  return settings;
}

}  // namespace

void connection(std::string_view bytes) {
  Input input(bytes);
  const ConnectionSettings settings = settings_of(input);
  Machine(settings, input).run();
}

}  // namespace fuzz
