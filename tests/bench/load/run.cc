// SPDX-License-Identifier: MIT
#include "load/run.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>

namespace bench {

namespace {

using std::chrono::milliseconds;

// Often enough; what is measured ends when the last line arrives, not when that is noticed.
constexpr milliseconds kPoll{1};
// By then a relay that has nothing to do sleeps, and the kernel's account of it is complete.
constexpr milliseconds kQuiet{20};
constexpr std::size_t kBlock = std::size_t{128} << 10U;

std::int64_t own_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Run::Run(RunOptions options)
    : options_(std::move(options)),
      peer_loop_(options_.has_two_threads ? second_loop_ : local_loop_),
      local_(local_loop_, gauges_, side(Position::kLocal)),
      peer_(peer_loop_, gauges_, side(Position::kPeer)),
      peer_port_(peer_.listen()) {}

Run::~Run() {
  local_loop_.stop();
  second_loop_.stop();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

Role Run::role(Position position) const {
  const bool is_local = position == Position::kLocal;
  switch (options_.work) {
    case Work::kUp:
      return is_local ? Role::kSource : Role::kSink;
    case Work::kDown:
      return is_local ? Role::kSink : Role::kSource;
    default:
      return is_local ? Role::kCaller : Role::kEcho;
  }
}

// A source begins a block at a time, so that what is under way when it stops is little.
std::uint64_t Run::window(Role role) const {
  if (role == Role::kCaller && options_.work != Work::kEcho) {
    return 1;
  }
  const std::uint64_t bytes = role == Role::kCaller ? options_.window_bytes : kBlock;
  return std::max<std::uint64_t>(1, bytes / (options_.line_size + 1));
}

std::uint64_t Run::quota() const {
  if (options_.work == Work::kOpens || options_.work == Work::kIdle) {
    return 1;
  }
  return options_.line_count == 0 ? UINT64_MAX : options_.line_count / options_.connections;
}

SideOptions Run::side(Position position) const {
  const bool is_local = position == Position::kLocal;
  const bool is_websocket = is_local ? options_.local_is_websocket : options_.peer_is_websocket;
  const Format client = is_websocket ? Format::kClientFrames : Format::kLines;
  const Format server = is_websocket ? Format::kServerFrames : Format::kLines;
  return {.position = position,
          .role = role(position),
          .sends = is_local ? client : server,
          .receives = is_local ? server : client,
          .tls = is_local ? options_.local_tls : options_.peer_tls,
          .line_size = options_.line_size,
          .window = window(role(position)),
          .quota = quota(),
          .newlines = is_local ? Newlines::kRefused : options_.newlines,
          .after_answer = options_.work == Work::kOpens ? AfterAnswer::kHangUp : AfterAnswer::kStay,
          .has_peer = options_.has_peer};
}

void Run::serve() {
  start(local_loop_);
  if (options_.has_two_threads) {
    start(second_loop_);
  }
}

Outcome Run::conduct(std::uint16_t port, pid_t relay) {
  deadline_ = now() + std::chrono::nanoseconds(options_.time_limit).count();
  local_.set_port(port);
  serve();
  Outcome outcome = options_.work == Work::kIdle ? measure_idle(relay) : measure(relay);
  local_loop_.stop();
  second_loop_.stop();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  outcome.round_trips = std::move(local_.round_trips());
  std::sort(outcome.round_trips.begin(), outcome.round_trips.end());
  return outcome;
}

void Run::start(Loop& loop) {
  threads_.emplace_back([this, &loop] {
    try {
      loop.run();
    } catch (const std::exception& failure) {
      gauges_.fail(failure.what());
    }
  });
}

Outcome Run::measure(pid_t relay) {
  open(options_.connections);
  pass(Phase::kChecking, options_.warm_up);
  std::this_thread::sleep_for(kQuiet);
  const Account start = account(relay);
  pass(Phase::kCounting, options_.duration);
  const Nanoseconds end = gauges_.last_delivery;
  std::this_thread::sleep_for(kQuiet);
  const Account total = account(relay);
  return {.line_count = total.delivered - start.delivered,
          .seconds = static_cast<double>(end - start.at) / 1e9,
          .relay_cpu = total.relay.on_cpu - start.relay.on_cpu,
          .load_cpu = total.load_cpu - start.load_cpu,
          .relay_waited = total.relay.waited - start.relay.waited,
          .load_waited = total.load.waited - start.load.waited,
          .resumed = total.resumed - start.resumed};
}

// What one session alone makes the relay allocate is not the price of another one.
Outcome Run::measure_idle(pid_t relay) {
  open(1);
  pass(Phase::kChecking, kPoll);
  std::this_thread::sleep_for(options_.settling);
  Outcome outcome;
  outcome.before = relay == 0 ? Memory() : memory(relay);
  open(options_.connections);
  pass(Phase::kChecking, kPoll);
  std::this_thread::sleep_for(options_.settling);
  outcome.after = relay == 0 ? Memory() : memory(relay);
  outcome.line_count = options_.connections;
  return outcome;
}

void Run::open(std::uint64_t count) {
  opened_ = count;
  local_.order_connections(count);
  wait_until(
      [this, count] {
        wake();
        return gauges_.open_local >= count && (!options_.has_peer || gauges_.open_peer >= count);
      },
      "connections to be open");
}

// Lines go through for so long, or until there are no more, and all of them arrive.
void Run::pass(Phase phase, milliseconds duration) {
  const std::uint64_t before = gauges_.sent;
  enter(phase);
  if (quota() == UINT64_MAX || options_.work == Work::kOpens) {
    std::this_thread::sleep_for(duration);
  } else {
    const std::uint64_t count = quota() * opened_;
    wait_until([this, before, count] { return gauges_.sent >= before + count; },
               "lines to be sent");
  }
  enter(Phase::kDraining);
  wait_until([this] { return gauges_.delivered >= gauges_.sent; }, "lines to arrive");
}

void Run::enter(Phase phase) {
  local_.order_phase(phase);
  peer_.order_phase(phase);
  wake();
  wait_until([this] { return local_.obeys() && peer_.obeys(); }, "the load itself");
}

void Run::wake() {
  local_loop_.wake();
  if (options_.has_two_threads) {
    second_loop_.wake();
  }
}

void Run::wait_until(const std::function<bool()>& is_done, const char* what) {
  while (!is_done()) {
    if (gauges_.has_failed) {
      throw std::runtime_error(gauges_.failure());
    }
    if (now() > deadline_) {
      throw std::runtime_error(std::string("out of time, waiting for ") + what + ": " +
                               std::to_string(gauges_.open_peer) + " connections open, " +
                               std::to_string(gauges_.delivered) + " of " +
                               std::to_string(gauges_.sent) + " lines arrived");
    }
    std::this_thread::sleep_for(kPoll);
  }
}

Run::Account Run::account(pid_t relay) const {
  Account account{.delivered = gauges_.delivered, .resumed = gauges_.resumed};
  account.relay = relay == 0 ? ProcessorTime() : processor_time(relay);
  account.load = processor_time(getpid());
  account.load_cpu = own_cpu_time();
  account.at = now();
  return account;
}

}  // namespace bench
