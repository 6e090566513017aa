// SPDX-License-Identifier: MIT
// A connection under test with all that it needs: known randomness, a clock that stands still
// until told, and a record of every event. Chunks are received in buffers of their exact size, so
// that the address sanitizer sees a read behind one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ws/byte_queue.h>

#include "protocol/byte_order.h"
#include "protocol/connection.h"
#include "support/catch.h"
#include "support/fixed_random.h"
#include "support/for_each_chunking.h"

namespace ws::protocol {

inline std::string contents(const ByteQueue& queue) {
  std::vector<std::span<const std::byte>> spans(4096);
  spans.resize(queue.gather(spans));
  std::string result;
  for (const auto span : spans) {
    result.append(reinterpret_cast<const char*>(span.data()), span.size());
  }
  return result;
}

// A frame as a server sends it: first byte literal, length in its shortest form.
inline std::string server_frame(unsigned first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  std::array<std::byte, 8> length{};
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() <= 0xffff) {
    frame += static_cast<char>(126);
    store_be16(length.data(), static_cast<std::uint16_t>(payload.size()));
    frame.append(reinterpret_cast<const char*>(length.data()), 2);
  } else {
    frame += static_cast<char>(127);
    store_be64(length.data(), payload.size());
    frame.append(reinterpret_cast<const char*>(length.data()), 8);
  }
  return frame.append(payload);
}

// The same as a client sends it with a mask key of zeros.
inline std::string client_frame(unsigned first, std::string_view payload) {
  std::string frame = server_frame(first, payload);
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
  frame.insert(frame.size() - payload.size(), 4, '\0');
  return frame;
}

inline std::string close_payload(unsigned code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
  return payload.append(reason);
}

// The unmasked text of RFC 6455 section 5.7.
inline std::string hello() {
  return "\x81\x05Hello";
}

class Harness : public ConnectionEvents {
 public:
  explicit Harness(ConnectionSettings settings = {})
      : connection(settings, random, output, TimePoint{}) {}

  void on_message(MessageType type, std::string_view data) override {
    events.push_back((type == MessageType::kText ? "text " : "binary ") + std::string(data));
    if (during_message) {
      during_message();
    }
  }

  [[nodiscard]] bool takes_chunks() const override { return wants_chunks; }

  // Chunks are put together here, so that a message told in chunks leaves the same record as one
  // told whole.
  void on_chunk(const MessageChunk& chunk) override {
    CHECK(chunk.is_first == told.empty());
    CHECK((!chunk.data.empty() || chunk.is_last));
    told.emplace_back(chunk.data);
    if (chunk.is_last) {
      std::string text = chunk.type == MessageType::kText ? "text " : "binary ";
      for (const std::string& piece : std::exchange(told, {})) {
        text += piece;
      }
      events.push_back(text);
    }
    if (during_chunk) {
      during_chunk();
    }
  }

  void on_pong(std::string_view payload) override {
    events.push_back("pong " + std::string(payload));
    if (during_pong) {
      during_pong();
    }
  }

  void on_round_trip(std::chrono::microseconds round_trip) override {
    round_trips.push_back(round_trip);
  }

  void receive(std::string_view chunk) {
    std::vector<std::byte> buffer(chunk.size());
    std::copy_n(reinterpret_cast<const std::byte*>(chunk.data()), chunk.size(), buffer.begin());
    connection.receive(buffer, now, *this);
  }

  void receive_all(const support::Chunks& chunks) {
    for (const auto chunk : chunks) {
      receive(chunk);
    }
  }

  // What it sent, taken as by a socket that is never full.
  std::string sent() {
    std::string bytes = contents(output);
    output.clear();
    return bytes;
  }

  std::optional<ErrorCode> failure() const {
    return connection.failure() ? std::optional(connection.failure()->code) : std::nullopt;
  }

  support::FixedRandom random = support::zero_random();
  ByteQueue output;
  TimePoint now{};
  Connection connection;
  std::vector<std::string> events;
  std::vector<std::chrono::microseconds> round_trips;
  bool wants_chunks = false;
  std::vector<std::string> told;  // chunks of the message under way
  std::function<void()> during_message;
  std::function<void()> during_chunk;
  std::function<void()> during_pong;
};

// All that can be seen of a connection after it received something.
struct Seen {
  std::vector<std::string> events{};
  std::string sent{};
  ConnectionState state = ConnectionState::kOpen;
  std::optional<ErrorCode> failure{};
};

inline void expect_once(const support::Chunks& chunks, const Seen& expected,
                        const ConnectionSettings& settings, bool wants_chunks) {
  INFO("told in chunks: " << wants_chunks);
  Harness harness(settings);
  harness.wants_chunks = wants_chunks;
  harness.receive_all(chunks);
  CHECK(harness.events == expected.events);
  CHECK(harness.sent() == expected.sent);
  CHECK(harness.connection.state() == expected.state);
  CHECK(harness.failure() == expected.failure);
}

// Expects the same under every chunking, told whole and in chunks.
inline void expect(std::string_view received, const Seen& expected,
                   const ConnectionSettings& settings = {}) {
  support::for_each_chunking(received, [&](const support::Chunks& chunks) {
    expect_once(chunks, expected, settings, false);
    expect_once(chunks, expected, settings, true);
  });
}

inline ErrorCode failure_of(unsigned close_code) {
  return close_code == 1007   ? ErrorCode::kInvalidUtf8
         : close_code == 1009 ? ErrorCode::kMessageTooBig
                              : ErrorCode::kProtocolViolation;
}

inline void expect_failure_once(const support::Chunks& chunks,
                                const std::vector<std::string>& events, unsigned close_code,
                                const ConnectionSettings& settings, bool wants_chunks) {
  INFO("told in chunks: " << wants_chunks);
  Harness harness(settings);
  harness.wants_chunks = wants_chunks;
  harness.receive_all(chunks);
  CHECK(harness.events == events);
  CHECK(harness.connection.state() == ConnectionState::kFailing);
  const std::string sent = harness.sent();
  REQUIRE(sent.size() > 8);
  CHECK(sent == client_frame(0x88, close_payload(close_code, sent.substr(8))));
  CHECK(harness.failure() == failure_of(close_code));
}

// The Seen of a connection that failed with `code` after `events`. The reason, our own fixed
// wording, is checked to be there and not which it is.
inline void expect_failure(std::string_view received, const std::vector<std::string>& events,
                           unsigned close_code, const ConnectionSettings& settings = {}) {
  support::for_each_chunking(received, [&](const support::Chunks& chunks) {
    expect_failure_once(chunks, events, close_code, settings, false);
    expect_failure_once(chunks, events, close_code, settings, true);
  });
}

}  // namespace ws::protocol
