// SPDX-License-Identifier: MIT
// The end of a local connection, without losing what the program has not read yet: a close() with
// unread input or unsent output would let the kernel turn it into a reset that destroys both.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <ws/event_loop.h>
#include <ws/net/stream.h>

namespace wsbridged {

// What the local program shall see once it has read everything.
enum class LocalEnd : std::uint8_t {
  kFin,    // an end of file
  kReset,  // ECONNRESET, on TCP; an end of file on a Unix socket
};

struct LocalEndLimits {
  std::chrono::milliseconds stall{60'000};  // the program reads nothing for this long: reset
  std::chrono::milliseconds linger{
      5'000};  // for its own end after ours, and for taking the last bytes
};

struct LocalEndResult {
  std::size_t unsent_bytes = 0;     // to the program, given up
  std::size_t discarded_bytes = 0;  // from the program: read after the end, or never
};

// Writes what is buffered; then FIN, and reads and discards until the program's FIN or `linger`; or
// the reset, once the program's kernel has taken everything or after `linger`. Belongs to its
// loop's thread.
class LocalEnding final : private ws::net::StreamHandler {
 public:
  using Callback = std::function<void(const LocalEndResult&)>;

  struct Connection {
    std::unique_ptr<ws::net::Stream> stream;
    bool is_unix = false;
    bool is_at_eof = false;  // the program's FIN was already seen
  };

  // `on_ended` is called once, in a later turn; it may destroy this.
  LocalEnding(ws::EventLoop& loop, Connection connection, LocalEnd end, LocalEndLimits limits,
              Callback on_ended);
  ~LocalEnding() override;
  LocalEnding(const LocalEnding&) = delete;
  LocalEnding& operator=(const LocalEnding&) = delete;

  // Bytes that would be lost if this were destroyed now.
  [[nodiscard]] std::size_t unsent_bytes() const;
  [[nodiscard]] LocalEndResult result() const;

 private:
  enum class Phase : std::uint8_t { kWriting, kLingering, kTaking, kEnded };

  void on_data(std::span<std::byte> bytes) override;
  void on_eof(ws::net::Eof eof) override;
  void on_hang_up() override;
  void on_sent() override;
  void on_failure(const ws::Error& error) override;

  void tick();
  void check_progress();
  void check_taken();
  void after_writing();
  void reset();
  void count_unread();
  void finish();

  ws::EventLoop& loop_;
  Connection connection_;
  LocalEnd end_;
  LocalEndLimits limits_;
  Callback on_ended_;
  ws::Timer timer_;
  Phase phase_ = Phase::kWriting;
  std::size_t waiting_bytes_ = 0;  // at the last look
  ws::EventLoop::Clock::time_point deadline_;
  LocalEndResult result_;
};

}  // namespace wsbridged
