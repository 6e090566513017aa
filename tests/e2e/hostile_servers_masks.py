# SPDX-License-Identifier: MIT
"""Nobody can guess the masks and keys of the daemon, and no two are the same by more than chance.

Scenario: 20,000 lines, which become frames over one connection; sessions of two daemons.
Method: statistics with limits that chance passes once in a million runs: repeats, each bit's share,
each byte's distribution, what one mask says about the next.
Why: who can predict a mask can have the client write bytes of his choice on the wire, which caches
and proxies take for requests (RFC 6455 10.3).
"""
from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.upstream import TEXT

MASKS = 20_000
# Six standard deviations of MASKS fair coins.
MAX_BIAS = 6 * (MASKS / 4) ** 0.5
# Of 255 degrees of freedom: the mean is 255, the standard deviation 22.6.
MAX_CHI_SQUARE = 255 + 7 * 22.6
# By chance two of 20,000 numbers of 32 bits are equal in one run of 21, four pairs in one of 5
# million.
MAX_REPEATS = 3


def chi_square(values):
    counts = [0] * 256
    for value in values:
        counts[value] += 1
    expected = len(values) / 256
    return sum((count - expected) ** 2 for count in counts) / expected


class Masks(E2eCase):

    def collect(self, daemon, server, count):
        """The masks of so many frames of one session."""
        local = self.connect(daemon.address())
        upstream = server.open()
        sending = self.in_background(local.send, b"x\n" * count)
        data = upstream.receive(7 * count)  # two bytes, the mask, one byte of payload
        sending.result()
        self.assertEqual({data[at:at + 2] for at in range(0, len(data), 7)},
                         {bytes([0x80 | TEXT, 0x81])}, "masked texts of one byte")
        masks = [data[at + 2:at + 6] for at in range(0, len(data), 7)]
        self.assertEqual({data[at + 2] ^ data[at + 6] for at in range(0, len(data), 7)}, {ord("x")})
        upstream.close_with(1000)
        return masks

    def check_bits(self, masks, what):
        for bit in range(32):
            ones = sum(int.from_bytes(mask, "big") >> bit & 1 for mask in masks)
            self.assertLess(abs(ones - len(masks) / 2), MAX_BIAS, f"bit {bit} of {what}")

    def test_masks_are_distinct_and_not_predictable(self):
        server = self.server()
        daemons = [self.start(bridge(server.url()), binary=RELEASE_BINARY) for _ in range(2)]
        masks = self.collect(daemons[0], server, MASKS)
        self.assertLessEqual(MASKS - len(set(masks)), MAX_REPEATS, "masks are distinct")
        self.check_bits(masks, "the masks")
        numbers = [int.from_bytes(mask, "big") for mask in masks]
        changes = [(a ^ b).to_bytes(4, "big") for a, b in zip(numbers, numbers[1:])]
        self.check_bits(changes, "what changes from mask to mask")
        steps = {(b - a) % 2**32 for a, b in zip(numbers, numbers[1:])}
        self.assertLessEqual(MASKS - 1 - len(steps), MAX_REPEATS, "no step comes twice")
        for place in range(4):
            self.assertLess(chi_square([mask[place] for mask in masks]), MAX_CHI_SQUARE)
            self.assertLess(chi_square([change[place] for change in changes]), MAX_CHI_SQUARE)
        for other in (self.collect(daemons[0], server, 2000),
                      self.collect(daemons[1], server, 2000)):
            self.assertLessEqual(len(set(other) & set(masks)), MAX_REPEATS,
                                 "another session, another daemon: other masks")

    def test_handshake_keys_are_distinct(self):
        server = self.server()
        keys = []
        for _ in range(2):
            daemon = self.start(bridge(server.url()), binary=RELEASE_BINARY)
            for _ in range(100):
                local = self.connect(daemon.address())
                upstream = server.open()
                keys.append(upstream.request.get("Sec-WebSocket-Key"))
                upstream.close_with(1000)
                local.close()
        self.assertEqual(len(set(keys)), len(keys), "a nonce of 16 bytes for each (RFC 6455 4.1)")
        self.assertEqual({len(key) for key in keys}, {24})


if __name__ == "__main__":
    main()
