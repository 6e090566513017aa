#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes two TUN devices and carries IP packets between them, late and not in order, for machines
whose kernel has no netem. Whoever starts it gives the devices to the hosts that they shall join.

Usage: packet_forwarder.py DEVICE DEVICE [delay=SECONDS] [jitter=SECONDS] [early=PROBABILITY]
  delay   each packet waits so long
  jitter  and up to so much longer, drawn for each: a packet may overtake those before it
  early   so many go at once, before all that wait
"""
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LARGEST_PACKET = 65536
MOST_WAITING = 20_000  # further packets are lost, as in a router


def open_tun(name):
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


class Forwarder:
    def __init__(self, devices, delay, jitter, early):
        self.ends = [open_tun(name) for name in devices]
        self.delay, self.jitter, self.early = delay, jitter, early
        self.random = random.Random(1)
        self.order = itertools.count()  # of packets that are due at the same time
        self.waiting = []

    def run(self):
        while True:
            due = self.waiting[0][0] - time.monotonic() if self.waiting else None
            ready = select.select(self.ends, [], [], None if due is None else max(0.0, due))[0]
            for end in ready:
                self.take(end, self.ends[1] if end == self.ends[0] else self.ends[0])
            self.deliver()

    def take(self, source, target):
        try:
            packet = os.read(source, LARGEST_PACKET)
        except OSError:
            return  # the device is not up
        if len(self.waiting) < MOST_WAITING:
            is_early = self.random.random() < self.early
            wait = 0.0 if is_early else self.delay + self.random.uniform(0, self.jitter)
            heapq.heappush(self.waiting,
                           (time.monotonic() + wait, next(self.order), target, packet))

    def deliver(self):
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, _, target, packet = heapq.heappop(self.waiting)
            try:
                os.write(target, packet)
            except OSError:
                pass  # lost, as on a line that is down


def main():
    devices = sys.argv[1:3]
    settings = {"delay": 0.0, "jitter": 0.0, "early": 0.0}
    for argument in sys.argv[3:]:
        name, value = argument.split("=")
        settings[name] = float(value)
    forwarder = Forwarder(devices, **settings)
    print("ready", flush=True)
    forwarder.run()


if __name__ == "__main__":
    main()
