# SPDX-License-Identifier: MIT
"""A million lines each way at the same time, every byte checked, with the release build.

Scenario: ws to a TCP program and wss to a Unix program; lengths from 0 to 65,537 bytes.
Method: the line client and the Boost.Beast server make each line from its number and compare.
Why: loss, order and corruption show only in volume; the memory limit shows only while it runs.
"""
from kit.case import main
from kit.daemon import RELEASE_BINARY
from kit.line_exchange import LineExchangeCase
from kit.process import status_bytes

MILLION = 1_000_000
# 2 x buffer + max_line + max_message with the defaults of the last two, and a constant for the
# program itself: 16 MiB of code, libraries, allocator and the receive buffers of the loops.
LIMIT = 2 * (64 << 10) + (1 << 20) + (16 << 20) + (16 << 20)


class MillionLines(LineExchangeCase):

    def exchange_million(self, scheme, listener):
        daemon, result = self.exchange(scheme, listener, MILLION, binary=RELEASE_BINARY,
                                       seconds=200)
        peak = status_bytes(daemon.pid, "VmHWM")
        print(f"{scheme} to {listener}: {MILLION} lines and {result['received_bytes'] >> 20} MiB "
              f"each way in {result['seconds']} s, peak RSS {peak >> 10} KiB")
        self.assertLess(peak, LIMIT, "memory is bounded whatever the volume")

    def test_ws_to_tcp(self):
        self.exchange_million("ws", "tcp")

    def test_wss_to_unix(self):
        self.exchange_million("wss", "unix")


if __name__ == "__main__":
    main()
