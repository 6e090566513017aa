# SPDX-License-Identifier: MIT
"""What the daemon gives up: changing files but jars and sockets, executing any, showing its memory.

Scenario: sockets and jars in several directories, at the start and after reloads, as a user without
rights; the memory of the process, as its own user sees it.
Method: the kernel's Landlock is on by default, so whatever is written passes through it.
Why: who breaks into a thread that reads a peer's bytes shall not find a shell, nor write a file.
"""
import os

from kit.admin import Metrics, ask
from kit.case import bridge, main
from kit.daemon import RELEASE_BINARY
from kit.reloading import ReloadCase
from kit.waiting import wait_until

FUTURE = "Expires=Fri, 01 Jan 2100 00:00:00 GMT"
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")


class Confinement(ReloadCase):

    def folder(self, name):
        os.mkdir(self.path(name))
        return self.path(name)

    def storing_bridge(self, server, folder, name="main"):
        with open(f"{folder}/jar", "a", encoding="utf-8"):
            pass
        return bridge(server.url(), name, listen=f"unix:{folder}/lines.sock",
                      upstream={"cookie_jar": f"{folder}/jar", "store_cookies": True})

    def store(self, server, daemon, folder, name):
        """A session through the socket in `folder`, whose server sets a cookie."""
        local = self.connect(f"unix:{folder}/lines.sock")
        upstream = server.accept()
        upstream.read_request()
        upstream.answer(f"Set-Cookie: {name}=1; {FUTURE}")
        def is_stored():
            with open(f"{folder}/jar", encoding="utf-8") as jar:
                return name in jar.read()
        wait_until(is_stored, f"{name} in {folder}/jar")
        self.check_relays(local, upstream)

    def test_landlock_is_on_and_every_directory_named_is_written(self):
        server = self.server()
        first, second = self.folder("first"), self.folder("second")
        log = {"level": "debug", "format": "json"}
        daemon = self.start(self.storing_bridge(server, first), log=log)
        self.assertEqual(len(daemon.entries("Landlock is on")), 1)
        self.store(server, daemon, first, "one")
        self.reload(daemon, self.storing_bridge(server, first),
                    self.storing_bridge(server, second, "other"), log=log)
        self.store(server, daemon, second, "two")
        self.store(server, daemon, first, "three")
        self.assertEqual(daemon.stop(), 0)
        for folder in (first, second):
            self.assertFalse(os.path.exists(f"{folder}/lines.sock"))

    def test_it_can_be_turned_off(self):
        server = self.server()
        for env, arguments in (({"WSBRIDGED_NO_LANDLOCK": "true"}, ()), ({}, ("--no-landlock",))):
            daemon = self.launch("--listen", "127.0.0.1:0", "--upstream", server.url(), *arguments,
                                 env=env)
            daemon.wait_ready(1)
            self.assertIn("--no-landlock", daemon.entries("Landlock is off")[0]["cause"])
            self.assertEqual(daemon.stop(), 0)

    def test_its_memory_is_shown_to_nobody_and_no_core_dump_is_made(self):
        """The kernel gives the files in /proc of a process that is not dumpable to root."""
        os.chmod(self.directory, 0o755)
        server, folder = self.server(), self.folder("first")
        os.chown(folder, NOBODY, NOBODY)
        config = self.storing_bridge(server, folder)
        os.chown(f"{folder}/jar", NOBODY, NOBODY)
        daemon = self.start(config, binary=RELEASE_BINARY, options={"prefix": AS_NOBODY},
                            admin={"listen": f"unix:{folder}/admin.sock"})
        process = f"/proc/{daemon.child.pid}"
        with open(f"{process}/status", encoding="utf-8") as status:
            self.assertIn(f"Uid:\t{NOBODY}\t", status.read())
        self.assertEqual(os.stat(f"{process}/mem").st_uid, 0)
        # Unharmed: it still sees itself, and what it is to write.
        metrics = Metrics(ask(f"unix:{folder}/admin.sock", "/metrics").text())
        self.assertGreater(metrics.value("process_open_fds"), 3)
        self.assertGreater(metrics.value("process_resident_memory_bytes"), 1 << 20)
        self.store(server, daemon, folder, "one")


if __name__ == "__main__":
    main()
