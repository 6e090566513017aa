// SPDX-License-Identifier: MIT
#include "support/run_until.h"

#include <chrono>

namespace ws::test {
namespace {

constexpr std::chrono::seconds kPatience{20};

}  // namespace

bool run_until(EventLoop& loop, const std::function<bool()>& is_done) {
  bool is_late = false;
  Timer patience(loop, [&] {
    is_late = true;
    loop.stop();
  });
  patience.start(kPatience);
  Timer turn(loop, [&] {
    if (is_done()) {
      loop.stop();
    } else {
      turn.start(std::chrono::milliseconds(1));
    }
  });
  turn.start(std::chrono::milliseconds(0));
  while (!is_done() && !is_late) {
    loop.run();
  }
  return !is_late;
}

}  // namespace ws::test
