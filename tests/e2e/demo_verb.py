# SPDX-License-Identifier: MIT
"""`wsbridged demo`: an echo server and a bridge on it, with a text that says how to talk to it.

Scenario: a newcomer starts it without any argument, on a terminal and in a script.
Method: on a pseudo-terminal it must stay and answer on every address; into a file it must show its
conversation and end.
Why: it is the first thing that anybody runs.
"""
import os
import pty
import threading

from kit.case import E2eCase, main
from kit.daemon import DEV_BINARY, READY, environment
from kit.local import Local
from kit.process import Program
from kit.waiting import wait_until


class Terminal:
    """A pseudo-terminal and what was written to it."""

    def __init__(self):
        self.ours, self.its = pty.openpty()
        self.text = ""
        self.thread = threading.Thread(target=self._collect, daemon=True)
        self.thread.start()

    def _collect(self):
        try:
            while data := os.read(self.ours, 65536):
                self.text += data.decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:
            return  # the last holder of the other end is gone


class DemoVerb(E2eCase):

    def test_in_a_script_it_shows_a_conversation_and_ends_with_0(self):
        status, out, err = self.run_to_end("demo")
        self.assertEqual((status, err), (0, ""))
        addresses = [address for name, address in READY.findall(out) if name == "demo"]
        self.assertTrue(any(address.startswith("127.0.0.1:") for address in addresses), out)
        self.assertTrue(any(address.startswith("unix:") for address in addresses), out)
        self.assertGreaterEqual(out.count("hello"), 2 * len(addresses), "sent and echoed on each")

    def test_on_a_terminal_it_stays_and_tells_how_to_talk_to_it(self):
        terminal = Terminal()
        daemon = Program([DEV_BINARY, "demo"], self.directory, "demo", terminal=terminal.its,
                         env=environment())
        self.programs.append(daemon)
        self.addCleanup(daemon.end)
        os.close(terminal.its)
        wait_until(lambda: "nc " in terminal.text, "the text that tells how to talk to it")
        addresses = [address for name, address in READY.findall(terminal.text) if name == "demo"]
        for address in addresses:
            with self.subTest(address):
                local = self.connect(address)
                local.send("hello\nw\u00f6rld\n".encode())
                self.assertEqual(local.read_lines(2), [b"hello\n", "w\u00f6rld\n".encode()])
                local.close()
        daemon.child.terminate()
        self.assertEqual(daemon.wait(), 0)
        with self.assertRaises(OSError, msg="nothing is left behind"):
            Local(addresses[-1])


if __name__ == "__main__":
    main()
