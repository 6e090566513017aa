// SPDX-License-Identifier: MIT
// One connection of a side: TLS, the upgrade where it is to be a WebSocket, then units in and out
// as the side's role says.
#pragma once

#include <cstdint>
#include <string>

#include "load/channel.h"
#include "load/loop.h"
#include "load/side.h"
#include "load/units.h"

namespace bench {

class Connection : public Watcher {
 public:
  Connection(Side& side, Descriptor socket);

  // To be called once, when the side knows it.
  void start();
  void on_ready() override;
  // The side's phase is another.
  void begin_phase();

 private:
  enum class State : std::uint8_t { kHandshake, kUpgrade, kOpen, kEnded };

  static constexpr std::size_t kMaxHead = 8192;
  static constexpr std::size_t kChunk = std::size_t{128} << 10U;
  // One connection shall not keep the loop from the others, nor from what it is told.
  static constexpr int kReadsPerTurn = 16;
  static constexpr int kSendsPerTurn = 8;

  [[nodiscard]] bool is_websocket() const;
  [[nodiscard]] bool begins_lines() const;
  void begin();
  void shake_hands();
  void continue_upgrade();
  void judge_head();
  void become_open();
  void receive();
  [[nodiscard]] bool receive_once();
  void take(std::span<const char> bytes);
  void count(std::uint64_t units);
  void answer_control();
  void order_units();
  void send_more();
  bool send_text();
  bool send_units();
  void watch_for_room(bool is_full);
  void hang_up();
  void fail(const char* what);

  Side& side_;
  Channel channel_;
  UnitReader reader_;
  State state_ = State::kHandshake;
  bool is_watched_for_room_ = false;
  bool ends_after_text_ = false;
  std::string head_;  // of the upgrade, as far as it came
  std::string text_;  // what goes out before further units: upgrades and control frames
  std::uint64_t quota_ = 0;
  std::uint64_t ordered_ = 0;  // units that were begun or may be
  std::uint64_t received_ = 0;
  std::uint64_t position_ = 0;  // bytes of units that are sent
  Nanoseconds asked_ = 0;
};

}  // namespace bench
