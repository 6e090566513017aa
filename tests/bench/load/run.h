// SPDX-License-Identifier: MIT
// A run: two sides with a relay between them, from the first connection to what it all cost.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "load/relay_cost.h"
#include "load/side.h"

namespace bench {

// What is measured.
enum class Work : std::uint8_t {
  kUp,
  kDown,
  kEcho,
  kRoundTrip,  // one line under way
  kOpens,      // sessions, each for one line and its echo
  kIdle,       // the memory of sessions that are open
  kServe,      // nothing: the peer echoes what somebody else sends
};

struct RunOptions {
  Work work = Work::kUp;
  std::uint64_t connections = 1;
  std::size_t line_size = 64;
  std::uint64_t window_bytes = std::uint64_t{256} << 10U;  // kEcho: under way on a connection
  std::uint64_t line_count = 0;  // of all connections together; 0: as many as `duration` allows
  std::chrono::milliseconds duration{1000};
  std::chrono::milliseconds warm_up{200};
  std::chrono::milliseconds settling{1000};  // kIdle: before memory is looked at
  std::chrono::seconds time_limit{60};
  Newlines newlines = Newlines::kRefused;  // of what the peer receives
  bool local_is_websocket = false;
  bool has_peer = true;
  bool peer_is_websocket = false;
  bool has_two_threads = false;
  TlsSide local_tls;
  TlsSide peer_tls;
};

struct Outcome {
  std::uint64_t line_count = 0;  // of kOpens: sessions
  double seconds = 0;
  std::int64_t relay_cpu = 0;  // nanoseconds
  std::int64_t load_cpu = 0;
  std::int64_t relay_waited = 0;  // nanoseconds it was ready to run and had no processor
  std::int64_t load_waited = 0;
  std::uint64_t resumed = 0;
  std::vector<std::uint32_t> round_trips{};  // nanoseconds, in order of size
  Memory before{};                           // kIdle: with one session
  Memory after{};
};

class Run {
 public:
  explicit Run(RunOptions options);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Where the relay shall connect to.
  [[nodiscard]] std::uint16_t peer_port() const { return peer_port_; }

  // Through the relay that listens at `port`; without one (`relay` 0) straight to the peer. Throws
  // what went wrong.
  Outcome conduct(std::uint16_t port, pid_t relay);
  // The peer's work from now on.
  void serve();

 private:
  struct Account {
    std::uint64_t delivered = 0;
    std::uint64_t resumed = 0;
    Nanoseconds at = 0;
    std::int64_t load_cpu = 0;
    ProcessorTime relay{};
    ProcessorTime load{};
  };

  [[nodiscard]] SideOptions side(Position position) const;
  [[nodiscard]] Role role(Position position) const;
  [[nodiscard]] std::uint64_t window(Role role) const;
  [[nodiscard]] std::uint64_t quota() const;
  void start(Loop& loop);
  void open(std::uint64_t count);
  void pass(Phase phase, std::chrono::milliseconds duration);
  void enter(Phase phase);
  void wait_until(const std::function<bool()>& is_done, const char* what);
  [[nodiscard]] Account account(pid_t relay) const;
  Outcome measure(pid_t relay);
  Outcome measure_idle(pid_t relay);
  void wake();

  RunOptions options_;
  Gauges gauges_;
  Loop local_loop_;
  Loop second_loop_;
  Loop& peer_loop_;
  Side local_;
  Side peer_;
  std::uint16_t peer_port_;
  Nanoseconds deadline_ = 0;
  std::uint64_t opened_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace bench
