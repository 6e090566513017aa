# SPDX-License-Identifier: MIT
"""20,000 lines each way through every combination of upstream, listener and reading speed.

Scenario: ws and wss, TCP and Unix, fast, slow local reader, slow upstream reader. The two fast ones
that million_lines covers are left to it.
Method: as million_lines, with the sanitized build and small socket buffers on the slow side.
Why: backpressure is where a relay loses lines or grows; each combination has its own code path.
"""
from kit.case import main
from kit.line_exchange import SMALL_BUFFER, LineExchangeCase

COUNT = 20_000
SLOW = {"slow_every": 200, "slow_ms": 8, "receive_buffer": SMALL_BUFFER}
SPEEDS = {"fast": {}, "slow local reader": {"client": SLOW},
          "slow upstream reader": {"server": SLOW}}


class LineMatrix(LineExchangeCase):

    def exchange_at(self, speed, *cells):
        for scheme, listener in cells:
            with self.subTest(scheme=scheme, listener=listener, speed=speed):
                self.exchange(scheme, listener, COUNT, seconds=90, **SPEEDS[speed])

    def test_fast(self):
        self.exchange_at("fast", ("ws", "unix"), ("wss", "tcp"))

    def test_slow_local_reader(self):
        self.exchange_at("slow local reader", ("ws", "tcp"), ("ws", "unix"), ("wss", "tcp"),
                         ("wss", "unix"))

    def test_slow_upstream_reader(self):
        self.exchange_at("slow upstream reader", ("ws", "tcp"), ("ws", "unix"), ("wss", "tcp"),
                         ("wss", "unix"))


if __name__ == "__main__":
    main()
