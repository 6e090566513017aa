# SPDX-License-Identifier: MIT
"""The base of the tests that change the file and tell the daemon."""
import signal

from kit.case import E2eCase
from kit.daemon import QUICK_SHUTDOWN, write_config
from kit.waiting import wait_until

RELOADED, FAILED = "configuration reloaded", "reload failed"


class ReloadCase(E2eCase):

    def write(self, *bridges, **top):
        config = {"log": {"level": "info", "format": "json"}, "shutdown": QUICK_SHUTDOWN,
                  "bridges": list(bridges), **top}
        write_config(self.directory, config)

    def reload(self, daemon, *bridges, outcome=RELOADED, **top):
        """Writes the file and tells the daemon; the entry of its outcome."""
        if bridges:
            self.write(*bridges, **top)
        known = len(daemon.entries(outcome))
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: len(daemon.entries(outcome)) > known, outcome)
        return daemon.entries(outcome)[-1]

    def changes(self, daemon):
        return {entry["key"]: (entry.get("before", ""), entry.get("after", ""))
                for entry in daemon.entries("configuration changed")}

    def check_relays(self, local, upstream, text=b"still here"):
        local.send(text + b"\n")
        self.assertEqual(upstream.read_text(), text)
        upstream.send_text(text.decode())
        self.assertEqual(local.read_line(), text + b"\n")
