# SPDX-License-Identifier: MIT
"""Servers that are killed and come back, and what they have recorded."""
import array
import json
import os
import random
import time

from kit.case import E2eCase
from kit.daemon import DEV_BINARY, RELEASE_BINARY
from kit.local import split_address
from kit.process import Program
from kit.waiting import wait_until

RECORDING_PEER = os.environ.get("WSBRIDGED_RECORDING_PEER", "build/dev/bin/recording_peer")
COUNTED_CLIENT = os.environ.get("WSBRIDGED_COUNTED_CLIENT", "build/dev/bin/counted_client")
# ./dev survive sets it: the sizes that the promise is shown at, with the release build.
IS_FULL_SIZE = os.environ.get("WSBRIDGED_SURVIVAL") == "full"
BINARY = RELEASE_BINARY if IS_FULL_SIZE else DEV_BINARY
SEED = 20261122


def size(small, full):
    return full if IS_FULL_SIZE else small


def analyse(path):
    """(numbers without repeats, repeats, first gap or None) of a record, in its order."""
    numbers = array.array("Q")
    with open(path, "rb") as record:
        numbers.frombytes(record.read())
    last, repeats = 0, 0
    for number in numbers:
        if number == last + 1:
            last = number
        elif number <= last:
            repeats += 1
        else:
            return last, repeats, number
    return last, repeats, None


class Server(Program):
    """One life of the recording server; settings as in recording_peer.cc."""

    def __init__(self, directory, prefix=(), **settings):
        arguments = [f"{key}={value}" for key, value in settings.items()]
        super().__init__([*prefix, RECORDING_PEER, *arguments], directory, "recording_peer")
        self.port = wait_until(self.events, "port of recording_peer")[0]["port"]

    def events(self):
        return [json.loads(line) for line in self.stdout().split("\n")[:-1]]

    def resumed_behind(self):
        return [event["behind"] for event in self.events() if event["event"] == "resume"]

    def wrong_count(self):
        return sum(event["event"] == "wrong" for event in self.events())


class SurvivalCase(E2eCase):
    """A recording server that can be ended and started again on its port."""

    def start_server(self, prefix=(), **settings):
        self.settings = {"record": self.path("record"), **settings}
        self.prefix = prefix
        self.lives = []
        self.addCleanup(self.end_server)
        self.revive()
        self.settings["port"] = self.lives[-1].port
        return self.lives[-1]

    def revive(self):
        self.lives.append(Server(self.directory, self.prefix, **self.settings))

    def end_server(self):
        for life in self.lives:
            life.end()

    def kill(self):
        self.lives[-1].child.kill()
        self.lives[-1].wait()

    def recorded(self):
        """How many numbers are in the record, repeats among them."""
        path = self.settings["record"]
        return os.path.getsize(path) // 8 if os.path.exists(path) else 0

    def client(self, address, **settings):
        _, where = split_address(address)
        local = f"unix={where}" if isinstance(where, str) else f"tcp={where[1]}"
        arguments = [key.replace("_", "-") if value is True else f"{key.replace('_', '-')}={value}"
                     for key, value in settings.items()]
        return self.program([COUNTED_CLIENT, local, *arguments], "counted_client")

    def kill_at_random(self, kills, count, progress, seconds):
        """SIGKILL at so many random points of the way to `count`, and one in five while the server
        has only just come back."""
        rng = random.Random(SEED)
        for point in sorted(rng.sample(range(count * 95 // 100), kills)):
            wait_until(lambda point=point: progress() >= point, f"line {point}", seconds)
            self.kill()
            self.revive()
            if rng.random() < 0.2:
                time.sleep(rng.uniform(0, 0.05))  # a random point in time is what is wanted
                self.kill()
                self.revive()

    def check_record(self, count):
        last, repeats, gap = analyse(self.settings["record"])
        self.assertIsNone(gap, f"in order after removing repeats: behind {last}")
        self.assertEqual(last, count, "every number was recorded")
        self.assertEqual(sum(life.wrong_count() for life in self.lives), 0, "every line is whole")
        return repeats
