#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The container image as it is run: as PID 1 of a namespace, as its own user, with nothing but its own
files and what a container runtime provides.

Scenario: a sidecar that is configured by its environment, asked for its health, and stopped.
Method:   the image's files are mounted and the program is started as PID 1 in a process namespace of its
          own, on a network that has only loopback, with a name server that this test plays.
Why:      on an empty base everything that a system has by itself may be missing: names, certificates,
          a shell for the health check, default actions of signals.
Usage:    run.py IMAGE            as root; needs buildah, iproute2, openssl
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

SOURCES = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCES / "tests/e2e"))

from kit.case import E2eCase  # noqa: E402
from kit.process import Program, accepts  # noqa: E402
from kit.waiting import deadline, wait_until  # noqa: E402

MAX_BYTES = 15_000_000
STOP_SECONDS = 10  # what `docker stop` waits until it kills
USER = "65532:65532"
INSIDE = "WSBRIDGED_IMAGE_TEST_INSIDE"
DNS_NAME, HOSTS_NAME = "upstream.example", "hosts.example"
MOUNT_PROC = 'mount -t proc proc "$1/proc" && shift && exec "$@"'


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def in_image(root, variables, *arguments):
    """The command line of the program in the image, with these variables and no others."""
    chroot = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
    return ["env", "-i", *variables, chroot, f"--userspec={USER}", "--groups=", root, "/wsbridged",
            *arguments]


def port_of(address):
    return int(address.rpartition(":")[2])


class NameServer:
    """Knows one name, DNS_NAME, as 127.0.0.1; there is nothing else (RFC 1035)."""

    def __init__(self):
        self.asked = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            self.socket.sendto(self._answer(query), peer)

    def _answer(self, query):
        labels, position = [], 12
        while query[position]:
            size = query[position]
            labels.append(query[position + 1:position + 1 + size].decode())
            position += size + 1
        kind = struct.unpack("!H", query[position + 1:position + 3])[0]
        name = ".".join(labels)
        self.asked.add(name)
        is_known = name == DNS_NAME
        record = b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 60, 4, b"\x7f\0\0\1")
        answers = [record] if is_known and kind == 1 else []
        flags = 0x8180 if is_known else 0x8183  # an answer; without the name: NXDOMAIN
        head = query[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0)
        return head + query[12:position + 5] + b"".join(answers)


class Container:
    """The image's program, running as PID 1."""

    def __init__(self, case, variables, *arguments):
        self.root = case.root
        prefix = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "sh", "-c", MOUNT_PROC,
                  "sh", self.root]
        self.program = Program([*prefix, *in_image(self.root, case.image_variables + variables,
                                                   *arguments)], case.directory, "container")
        case.addCleanup(self.end)
        case.programs.append(self.program)

    def end(self):
        """PID 1 itself: --kill-child is forgotten when the child becomes another user."""
        for child in self.children():
            os.kill(child, signal.SIGKILL)
        self.program.end()

    def address(self):
        def ready():
            if not self.program.is_running():
                raise AssertionError(self.program.stderr())
            return [line for line in self.program.stdout().splitlines() if line.startswith("ready:")]
        return wait_until(ready, "a ready line", 30)[0].split(" on ")[1]

    def children(self):
        if not self.program.is_running():
            return []
        outer = self.program.child.pid
        return [int(pid) for pid in
                pathlib.Path(f"/proc/{outer}/task/{outer}/children").read_text().split()]

    def inner(self):
        """What PID 1 is outside."""
        return self.children()[0]

    def signal(self, number):
        """To PID 1, as a container runtime sends it: what has no handler there is ignored."""
        os.kill(self.inner(), number)


class Image(E2eCase):

    @classmethod
    def setUpClass(cls):
        cls.config = json.loads(output("buildah", "inspect", "--type", "image", IMAGE))["Docker"]["config"]
        cls.container = output("buildah", "from", "--pull-never", IMAGE)
        cls.addClassCleanup(output, "buildah", "rm", cls.container)
        cls.root = output("buildah", "mount", cls.container)
        cls.size = sum(path.lstat().st_size for path in pathlib.Path(cls.root).rglob("*")
                       if path.is_file() and not path.is_symlink())
        cls.image_variables = [one for one in cls.config["Env"] if not one.startswith("PATH=")]
        cls.provide_files(pathlib.Path(cls.root))
        cls.names = NameServer()

    @staticmethod
    def provide_files(root):
        """What a container runtime adds."""
        (root / "proc").mkdir(exist_ok=True)
        (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        with open(root / "etc/hosts", "a", encoding="ascii") as hosts:
            hosts.write(f"127.0.0.1 {HOSTS_NAME}\n")

    def run_in_image(self, *arguments, variables=(), seconds=30):
        """A further process in the container, as HEALTHCHECK runs one: (status, what it said)."""
        command = in_image(self.root, [*self.image_variables, *variables], *arguments)
        run = subprocess.run(command, capture_output=True, text=True, check=False,
                             timeout=deadline(seconds))
        return run.returncode, run.stdout + run.stderr

    def health(self):
        check = self.config["Healthcheck"]
        self.assertEqual(check["Test"], ["CMD", "/wsbridged", "healthcheck"])
        return self.run_in_image(*check["Test"][2:], seconds=check["Timeout"] / 1e9)

    def start(self, **variables):
        container = Container(self, [f"{key}={value}" for key, value in variables.items()])
        return container, container.address()

    def exchange(self, address, server):
        local = self.connect(address)
        upstream = server.open()
        local.send(b"up\n")
        self.assertEqual(upstream.read_text(), b"up")
        upstream.send_text("down")
        self.assertEqual(local.read_line(), b"down\n")
        return local, upstream

    def test_it_is_small_and_runs_without_root(self):
        print(f"image: {self.size / 1e6:.1f} MB in files, at most {MAX_BYTES / 1e6:.0f} MB")
        self.assertLessEqual(self.size, MAX_BYTES)
        self.assertEqual(self.config["User"], USER)
        self.assertEqual(self.config["Entrypoint"], ["/wsbridged"])
        top = {path.name for path in pathlib.Path(self.root).iterdir()}
        self.assertEqual(top - {"proc"}, {"wsbridged", "etc", "run", "tmp", "usr"})

    def test_lines_health_and_a_drain(self):
        server = self.server()
        container, address = self.start(
            WSBRIDGED_LISTEN="127.0.0.1:0", WSBRIDGED_UPSTREAM=server.url(host=DNS_NAME))
        local, upstream = self.exchange(address, server)
        self.assertIn(DNS_NAME, self.names.asked)
        self.assertEqual(self.health()[0], 0)

        container.signal(signal.SIGTERM)  # a message every half second keeps the drain going
        wait_until(lambda: "draining" in container.program.stderr(), "it drains")
        self.assertFalse(accepts(port_of(address)), "the listener is gone")
        status, said = self.health()
        self.assertEqual(status, 1, said)
        self.assertIn("drain", said)
        self.assertEqual(self.run_in_image("healthcheck", "--live")[0], 0, "but it is alive")
        for number in range(3):
            upstream.delay(0.5)
            upstream.send_text(f"drained {number}")
            self.assertEqual(local.read_line(), b"drained %d\n" % number)
        self.assertEqual(upstream.finish().close_code, 1001)
        local.close()
        self.assertEqual(container.program.wait(), 0)
        self.assertEqual(self.health()[0], 1, "nobody is there")

    def test_a_whole_configuration_in_a_variable(self):
        server = self.server()
        bridge = {"name": "main", "listen": "127.0.0.1:0",
                  "upstream": {"url": server.url(host=HOSTS_NAME)}}
        container, address = self.start(WSBRIDGED_CONFIG_YAML=json.dumps(
            {"admin": {"metrics": "127.0.0.1:0"}, "bridges": [bridge]}))
        local, upstream = self.exchange(address, server)
        self.assertEqual(self.health()[0], 0, "the admin socket is there all the same")
        container.signal(signal.SIGHUP)
        wait_until(lambda: "reload" in container.program.stderr(), "it reloads")
        upstream.send_text("still here")
        self.assertEqual(local.read_line(), b"still here\n")
        container.signal(signal.SIGINT)
        container.signal(signal.SIGINT)  # the second one ends at once
        self.assertIn(container.program.wait(), (0, 1))

    def test_the_drain_fits_into_docker_stop(self):
        yaml = "bridges: [{name: main, listen: 127.0.0.1:0, upstream: {url: 'ws://127.0.0.1/'}}]"
        status, said = self.run_in_image("check", "--print",
                                         variables=[f"WSBRIDGED_CONFIG_YAML={yaml}"])
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"(?m)^shutdown:\n  drain_timeout: 8s$")

    def test_docker_stop_ends_it_in_time_although_nobody_else_does(self):
        server = self.server()
        container, address = self.start(WSBRIDGED_LISTEN="127.0.0.1:0",
                                        WSBRIDGED_UPSTREAM=server.url())
        _, upstream = self.exchange(address, server)
        begin = time.monotonic()
        container.signal(signal.SIGTERM)
        # Never silent, and without an answer to the Close.
        while container.program.is_running():
            try:
                upstream.send_text("more")
            except OSError:
                break
            upstream.delay(0.2)
        self.assertIn(container.program.wait(), (0, 1))
        took = time.monotonic() - begin
        print(f"image: stopped in {took:.1f} s, at most {STOP_SECONDS}")
        self.assertGreater(took, 7)
        self.assertLess(took, STOP_SECONDS)

    def test_a_frozen_program_is_not_healthy(self):
        container, _ = self.start(WSBRIDGED_LISTEN="127.0.0.1:0", WSBRIDGED_UPSTREAM="ws://127.0.0.1/")
        self.assertEqual(self.health()[0], 0)
        os.kill(container.inner(), signal.SIGSTOP)
        try:
            self.assertEqual(self.health()[0], 1)
        except subprocess.TimeoutExpired:
            pass  # as a runtime sees it: killed after the timeout of HEALTHCHECK
        os.kill(container.inner(), signal.SIGCONT)
        wait_until(lambda: self.health()[0] == 0, "it goes on")

    def test_certificates_are_looked_for_where_the_image_has_them(self):
        folder = pathlib.Path(self.root, "usr/lib/ssl/certs")
        self.assertGreater(len(list(folder.iterdir())), 100)
        certificates = self.ca()
        server = self.server(tls=certificates.server_context(DNS_NAME))
        url = server.url(host=DNS_NAME)
        digest = output("openssl", "x509", "-hash", "-noout", "-in", certificates.certificate)
        trusted = folder / f"{digest}.0"
        shutil.copy(certificates.certificate, trusted)
        self.addCleanup(trusted.unlink)
        trusted.chmod(0o644)
        _, address = self.start(WSBRIDGED_LISTEN="127.0.0.1:0", WSBRIDGED_UPSTREAM=url,
                                WSBRIDGED_ADMIN="")
        self.exchange(address, server)


def enter():
    """Starts this program again in a network of its own, which has nothing but loopback."""
    os.environ[INSIDE] = "yes"
    os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv])


if __name__ == "__main__":
    IMAGE = sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__)
    if not os.environ.pop(INSIDE, ""):
        enter()
    output("ip", "link", "set", "lo", "up")
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
