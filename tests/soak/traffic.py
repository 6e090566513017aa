# SPDX-License-Identifier: MIT
"""All local programs of the soak, in one process of its own, told what to do on stdin:
  go                 conversations begin, and again when they have ended
  rest               those that run come to their end; then {"event": "idle"} is printed
  pace FACTOR        pauses become so much longer
Each conversation's end is one JSON line on stdout. Arguments: SEED ADDRESSES SHARE; ADDRESSES is a
JSON file, {bridge: [address, ...]}, read again when it changes; SHARE is the part of the slots that
is used.
"""
import asyncio
import json
import math
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from conversation import Conversation  # noqa: E402
from scripts import PAUSES, SLOTS, script_of  # noqa: E402


class Traffic:

    def __init__(self, seed, addresses_path, share):
        self.seed, self.addresses_path, self.share = seed, addresses_path, share
        self.pace = 1.0
        self.conversations = 0
        self.is_over = asyncio.Event()
        self.slots = []
        self.known, self.known_as = {}, None

    def addresses(self, bridge):
        state = os.stat(self.addresses_path)
        if self.known_as != (state.st_ino, state.st_mtime_ns):
            with open(self.addresses_path, encoding="utf-8") as file:
                self.known = json.load(file)
            self.known_as = (state.st_ino, state.st_mtime_ns)
        return self.known[bridge]

    async def obey(self, reader):
        while line := (await reader.readline()).decode().split():
            if line[0] == "go":
                self.is_over = asyncio.Event()
                self.slots = [asyncio.create_task(self.slot(bridge, kind, number))
                              for bridge, kind, count in SLOTS
                              for number in range(math.ceil(count * self.share))]
            elif line[0] == "rest":
                self.is_over.set()
                asyncio.create_task(self.tell_when_idle())
            elif line[0] == "pace":
                self.pace = float(line[1])

    async def tell_when_idle(self):
        outcomes = await asyncio.gather(*self.slots, return_exceptions=True)
        for failure in filter(None, outcomes):
            tell({"event": "broken", "what": repr(failure)})
        tell({"event": "idle"})

    async def slot(self, bridge, kind, number):
        rng = random.Random(f"{self.seed} {bridge} {kind} {number} {self.conversations}")
        is_over = self.is_over
        while not is_over.is_set():
            await self.converse(bridge, kind, rng, is_over)
            low, high = PAUSES.get(kind, (0.05, 0.4))
            await asyncio.sleep(rng.uniform(low, high) * self.pace)

    async def converse(self, bridge, kind, rng, is_over):
        self.conversations += 1
        script = script_of(bridge, kind, rng)
        script["address"] = rng.choice(self.addresses(bridge))
        conversation = Conversation(self.conversations, script, lambda: self.pace)
        told = await conversation.run(is_over)
        if told is None:
            tell({"event": "refused", "bridge": bridge})
            await asyncio.sleep(0.2)
        else:
            tell({"event": "ended", **told})


def tell(entry):
    print(json.dumps(entry), flush=True)


async def main(seed, addresses_path, share):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await Traffic(seed, addresses_path, float(share)).obey(reader)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
