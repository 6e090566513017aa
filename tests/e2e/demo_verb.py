# SPDX-License-Identifier: MIT
"""`wsbridged demo`: an echo server and a bridge on it, with a text that says how to talk to it.

Scenario: a newcomer starts it without any argument and does what it says.
Method: the addresses of its ready lines are used; what is sent must come back.
Why: it is the first thing that anybody runs.
"""
from kit.case import E2eCase, main
from kit.local import Local


class DemoVerb(E2eCase):

    def test_lines_come_back_on_every_address_and_it_stops_cleanly(self):
        daemon = self.launch("demo")
        daemon.wait_ready(1)
        addresses = daemon.addresses("demo")
        self.assertTrue(addresses, f"ready lines: {daemon.stdout()}")
        for address in addresses:
            with self.subTest(address):
                local = self.connect(address)
                local.send("hello\nw\u00f6rld\n".encode())
                self.assertEqual(local.read_lines(2), [b"hello\n", "w\u00f6rld\n".encode()])
                local.shutdown_write()
                local.close()
        self.assertIn("nc", daemon.stdout() + daemon.stderr(), "it prints how to talk to it")
        self.assertEqual(daemon.stop(), 0)
        with self.assertRaises(OSError, msg="nothing is left behind"):
            Local(addresses[0])


if __name__ == "__main__":
    main()
