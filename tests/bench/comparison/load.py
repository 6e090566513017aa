# SPDX-License-Identifier: MIT
"""One measurement: the load, a relay that was started for it alone, and what bench_load printed."""
import dataclasses
import json
import os
import socket
import subprocess
import tempfile
import time

from comparison import machine
from comparison.relays import Setting


@dataclasses.dataclass(frozen=True)
class Work:
    """What goes through a relay."""
    kind: str  # up | down | echo | round_trip | opens | idle
    size: int = 64
    connections: int = 1
    with_tls: bool = False
    resumes: bool = True
    age: int = 0  # seconds that lines have gone through the relay before; 0: a short warm-up

    def title(self):
        tls = "TLS" if self.with_tls else "plain"
        if self.kind == "opens":
            return f"opens {tls}" + (", resumed" if self.with_tls and self.resumes else "")
        if self.kind == "idle":
            return f"idle {tls}, {self.connections} sessions"
        age = f", after {self.age} s" if self.age else ""
        return f"{self.kind} {self.size} B, {self.connections} conn., {tls}{age}"


def make_certificate(directory):
    """Of the peer, which signs it itself; an EC key, as servers have them."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", os.path.join(directory, "key.pem"),
         "-out", os.path.join(directory, "certificate.pem"), "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        check=True, capture_output=True)


class Bench:
    """Runs works. Everything that it starts has ended when a method returns."""

    def __init__(self, binary, seconds, time_limit=90):
        self.binary = binary
        self.seconds = seconds
        self.time_limit = time_limit
        self.directory = tempfile.TemporaryDirectory(prefix="wsbridged-bench-")
        make_certificate(self.directory.name)

    def run(self, work, relay, lines=0, prefix=()):
        """What bench_load printed; {"error": …} when the relay does not do this work."""
        load = self._start_load(work, relay, lines)
        child = None
        try:
            peer_port = self._peer_port(load)
            port = pid = 0
            if relay:
                setting = Setting(peer_port, self.directory.name, work.with_tls, work.resumes, prefix)
                child, port = relay.start(setting)
                pid = child.pid
            said, complaint = load.communicate(f"{port} {pid}\n", self.time_limit + work.age + 10)
            if load.returncode != 0:
                return {"error": complaint.strip() or f"the load ended with {load.returncode}"}
            return self._completed(json.loads(said), work)
        except (RuntimeError, ValueError, subprocess.TimeoutExpired) as failure:
            return {"error": str(failure)}
        finally:
            if child:
                machine.end(child)
            machine.end(load)

    def start_up(self, relay):
        """Seconds from starting the relay until a line has come back through it."""
        load = self._start_load(Work("serve", size=1), relay, 0)
        child = None
        try:
            peer_port = self._peer_port(load)
            start = time.monotonic()
            child, port = relay.start(Setting(peer_port, self.directory.name))
            return {"seconds": first_echo(port) - start}
        except (RuntimeError, OSError) as failure:
            return {"error": str(failure)}
        finally:
            if child:
                machine.end(child)
            machine.end(load)

    @staticmethod
    def _peer_port(load):
        line = load.stdout.readline()
        if not line:
            raise RuntimeError(f"the load: {load.stderr.read().strip()}")
        return json.loads(line)["port"]

    def _start_load(self, work, relay, lines):
        # Without a relay both sides speak WebSocket, which takes the load more than lines do: its
        # ceiling is at least that.
        peer = relay.peer_kind(work.with_tls) if relay else "wss" if work.with_tls else "ws"
        local = relay.local if relay else peer
        command = [self.binary, "--work", work.kind, "--size", str(work.size),
                   "--connections", str(work.connections), "--local", local, "--peer", peer,
                   "--resumption", "yes" if work.resumes else "no",
                   "--certificate", os.path.join(self.directory.name, "certificate.pem"),
                   "--key", os.path.join(self.directory.name, "key.pem"),
                   "--time-limit", str(self.time_limit + work.age),
                   "--threads", str(len(machine.load_processors()))]
        if work.age:
            command += ["--warm-up", str(work.age)]
        if relay and relay.most_under_way:
            command += ["--under-way", str(relay.most_under_way)]
        if relay and relay.cuts_newlines:
            command += ["--newlines", "yes"]
        command += ["--lines", str(lines)] if lines else ["--seconds", str(self.seconds)]
        return machine.start(command, machine.load_processors(), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def _completed(result, work):
        """What is compared: by line, not by run."""
        count = result["lines"]
        if work.kind == "idle":
            for kind in ("rss", "pss"):
                grown = result[f"{kind}_after"] - result[f"{kind}_before"]
                result[f"{kind}_session"] = grown / max(1, work.connections - 1)
            return result
        if count == 0:
            return {"error": "no line arrived"}
        result["rate"] = count / result["seconds"]
        result["cpu"] = result["relay_cpu_ns"] / count
        result["load_cpu"] = result["load_cpu_ns"] / count
        result["busy"] = max(result[f"{who}_cpu_ns"] + result[f"{who}_waited_ns"]
                             for who in ("relay", "load")) / 1e9 / result["seconds"]
        waited = result["relay_waited_ns"] + result["load_waited_ns"]
        result["disturbed"] = waited / 1e9 / result["seconds"]
        return result


def first_echo(port):
    """When the first line has come back through `port`."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as local:
                local.sendall(b"0\n")
                if local.recv(2):
                    return time.monotonic()
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError("no echo")
        time.sleep(0.001)
