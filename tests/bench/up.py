# SPDX-License-Identifier: MIT
"""What a line costs on its way up, in instructions of user space, by its size and its framing.

Method:  the daemon runs under callgrind twice, for few lines and for many; what the two differ by
         is the lines' own. The program writes as fast as it can, so that reads are full.
Why:     instructions are the same on a busy machine and on a quiet one.
Target:  64 B lines at most 150.
Usage:   up.py WSBRIDGED (./dev bench up)
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from kit.local import Local  # noqa: E402
from kit.upstream import RawServer  # noqa: E402

BYTES = 1 << 21, 1 << 23  # of lines: few and many
TARGET = 150
CASES = [("text", 16, {}), ("text", 64, {}), ("text", 1024, {}), ("text", 16384, {}),
         ("binary", 64, {"framing": {"message_type": "binary"}}),
         ("four bytes end it", 64, {"framing": {"delimiter": "\r\n\r\n"}}),
         ("reconnect", 64, {"reconnect": {"enabled": True, "replay": "64MiB",
                                          "confirm_interval": "1h"}})]


def header_size(payload):
    return 6 if payload <= 125 else 8 if payload <= 65535 else 14


def relay(local, server, line, count, payload):
    """All lines through the bridge, with nobody waiting for anybody else."""
    upstream = server.open()
    writer = threading.Thread(target=local.send, args=(line * count,))
    writer.start()
    left = (payload + header_size(payload)) * count
    while left > 0:
        left -= len(upstream.socket.recv(1 << 20))
    writer.join()
    upstream.close()


def total(binary, size, bridge, count):
    """Instructions of a daemon's life with `count` lines of `size` bytes, delimiter included."""
    delimiter = bridge.get("framing", {}).get("delimiter", "\n").encode()
    payload = size - len(delimiter)
    with tempfile.TemporaryDirectory(prefix="wsbridged-bench-") as folder:
        server = RawServer()
        bridge = {"name": "main", "listen": "127.0.0.1:0", "upstream": {"url": server.url()},
                  **bridge}
        path = os.path.join(folder, "wsbridged.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"log": {"level": "error"}, "threads": 1, "bridges": [bridge]}, file)
        out = os.environ.get("CALLGRIND_OUT", f"{folder}/out")  # kept, to be annotated
        with subprocess.Popen(
                ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", binary,
                 "run", "-c", path], stdout=subprocess.PIPE, text=True) as child:
            local = Local(child.stdout.readline().split()[3])
            relay(local, server, b"x" * payload + delimiter, count, payload)
            local.close()
            server.close()
            child.terminate()
        with open(out, encoding="utf-8") as file:
            return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.MULTILINE)[1])


def main():
    binary = sys.argv[1]
    per_line = {}
    for name, size, bridge in CASES:
        few, many = (bytes_ // size for bytes_ in BYTES)
        cost = total(binary, size, bridge, many) - total(binary, size, bridge, few)
        per_line[name, size] = cost / (many - few)
        print(f"up {name:17} {size:6} B {per_line[name, size]:9.1f} instructions a line",
              flush=True)
    is_met = per_line["text", 64] <= TARGET
    print(f"target: at most {TARGET} for 64 B: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
