// SPDX-License-Identifier: MIT
// One side of a run: the programs that talk lines to a relay (local), or the server behind it
// (peer). All its connections speak the same format and have the same role.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "load/channel.h"
#include "load/gauges.h"
#include "load/loop.h"
#include "load/units.h"

namespace bench {

enum class Role : std::uint8_t {
  kSink,    // counts what comes
  kSource,  // sends as much as is taken
  kEcho,    // sends back what comes
  kCaller,  // sends, and counts the echoes; at most `window` lines are under way
};

// What becomes of a connection when all its lines have been answered.
enum class AfterAnswer : std::uint8_t { kStay, kHangUp };

enum class Position : std::uint8_t { kLocal, kPeer };

struct SideOptions {
  Position position = Position::kLocal;
  Role role = Role::kSink;
  Format sends = Format::kLines;
  Format receives = Format::kLines;
  TlsSide tls;
  std::size_t line_size = 64;
  std::uint64_t window = 1;
  std::uint64_t quota = UINT64_MAX;  // lines of a connection in each phase
  Newlines newlines = Newlines::kRefused;
  AfterAnswer after_answer = AfterAnswer::kStay;
  bool has_peer = true;  // of ours: it sees what is open behind the relay
};

class Connection;

class Side : public Watcher {
 public:
  Side(Loop& loop, Gauges& gauges, SideOptions options);
  ~Side() override;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  // Of a peer: where it listens. Connections are accepted from now on.
  std::uint16_t listen();

  // Of the local side, before the loop runs.
  void set_port(std::uint16_t port) { port_ = port; }

  // From any thread; the loop has to be woken afterwards.
  void order_connections(std::uint64_t count) { ordered_ = count; }

  void order_phase(Phase phase) { ordered_phase_ = phase; }

  // Is the loop's thread in the ordered phase?
  [[nodiscard]] bool obeys() const { return obeyed_phase_ == ordered_phase_; }

  // What the connections ask and tell, on the loop's thread.
  [[nodiscard]] const SideOptions& options() const { return options_; }

  [[nodiscard]] const UnitStock& stock() const { return stock_; }

  [[nodiscard]] const std::string& line() const { return line_; }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] bool may_begin() const {
    return phase_ == Phase::kChecking || phase_ == Phase::kCounting;
  }

  [[nodiscard]] Checking checking() const { return checking_; }

  [[nodiscard]] std::vector<char>& buffer() { return buffer_; }

  [[nodiscard]] Loop& loop() { return loop_; }

  [[nodiscard]] Gauges& gauges() { return gauges_; }

  void on_opened(const Channel& channel);
  void on_sent(std::uint64_t count);
  void on_received(std::uint64_t count);
  void on_answered(Nanoseconds round_trip);
  // A connection that hung up by itself makes place for the next one, which waits for its turn.
  void on_hung_up();
  void on_failed(const std::string& what);

  // In nanoseconds; to be read when the loop has ended.
  [[nodiscard]] std::vector<std::uint32_t>& round_trips() { return round_trips_; }

 private:
  static constexpr std::size_t kBuffer = std::size_t{256} << 10U;
  static constexpr std::size_t kMaxRoundTrips = std::size_t{1} << 22U;
  static constexpr std::uint64_t kMaxDials = 64;  // connections under way at a time

  void on_ready() override;  // somebody waits to be accepted
  void obey();
  void enter(Phase phase);
  void dial_more();
  void add(Descriptor socket);

  Loop& loop_;
  Gauges& gauges_;
  SideOptions options_;
  std::string line_;
  UnitStock stock_;
  Descriptor listener_;
  std::uint16_t port_ = 0;
  Phase phase_ = Phase::kOpening;
  Checking checking_ = Checking::kContents;
  std::atomic<Phase> ordered_phase_ = Phase::kOpening;
  std::atomic<Phase> obeyed_phase_ = Phase::kOpening;
  std::atomic<std::uint64_t> ordered_ = 0;
  std::uint64_t dialled_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
  std::vector<std::uint32_t> round_trips_;
};

}  // namespace bench
