// SPDX-License-Identifier: MIT
#include "daemon/listener_backoff.h"

#include <vector>

#include "support/catch.h"

using std::chrono::milliseconds;
using wsbridged::AcceptBackoff;

TEST_CASE("listener_backoff: 5 ms, doubling to 1 s, and from the start after a success") {
  AcceptBackoff backoff;
  std::vector<long> delays;
  delays.reserve(10);
  for (int i = 0; i < 10; ++i) {
    delays.push_back(static_cast<long>(backoff.next().count()));
  }
  CHECK(delays == std::vector<long>{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000});
  backoff.reset();
  CHECK(backoff.next() == milliseconds(5));
}
