# SPDX-License-Identifier: MIT
"""Unix listeners: who may connect, and what happens to a path that already exists.

Scenario: stale, living and foreign things at the path; modes; abstract names.
Method: the file system is looked at from outside, before, during and after a run.
Why: a daemon that removes a file it does not own, or opens a socket to everyone, does harm.
"""
import os
import signal
import socket
import stat
import unittest

from kit.case import E2eCase, bridge, main
from kit.waiting import wait_until


class UnixListeners(E2eCase):

    def setUp(self):
        super().setUp()
        self.upstream_server = self.server()
        self.socket_path = self.path("lines.sock")

    def bridge_on(self, **listen):
        listen = {"address": f"unix:{self.socket_path}", **listen}
        return bridge(self.upstream_server.url(), listen=listen)

    def expect_session(self, daemon):
        local, upstream = self.session(self.upstream_server, daemon)
        local.send(b"hello\n")
        self.assertEqual(upstream.read_text(), b"hello")

    def mode(self):
        return stat.S_IMODE(os.stat(self.socket_path).st_mode)

    def test_the_mode_is_0600_unless_told(self):
        for listen, expected in (({}, 0o600), ({"mode": "0660"}, 0o660), ({"mode": "0666"}, 0o666)):
            with self.subTest(listen):
                daemon = self.start(self.bridge_on(**listen))
                self.assertEqual(oct(self.mode()), oct(expected))
                self.expect_session(daemon)
                daemon.stop()
                self.assertFalse(os.path.exists(self.socket_path), "removed at the stop")

    def test_the_ready_line_names_the_path(self):
        daemon = self.start(self.bridge_on())
        self.assertEqual(daemon.address(), f"unix:{self.socket_path}")

    def test_a_stale_socket_is_replaced(self):
        killed = self.start(self.bridge_on())
        killed.signal(signal.SIGKILL)
        killed.child.wait()
        killed.child.returncode = 0  # it was us
        self.assertTrue(os.path.exists(self.socket_path), "a killed daemon leaves its socket")
        self.expect_session(self.start(self.bridge_on()))

    def test_a_socket_that_somebody_answers_on_is_not_replaced(self):
        first = self.start(self.bridge_on())
        inode = os.stat(self.socket_path).st_ino
        status, out, err = self.start_and_fail()
        self.assertEqual((status, out), (1, ""))
        self.assertIn(self.socket_path, err)
        self.assertEqual(os.stat(self.socket_path).st_ino, inode, "it is still the first one's")
        first.wait_for_session_end()  # of the second one, which had asked whether somebody answers
        self.upstream_server.accept()
        self.expect_session(first)

    def start_and_fail(self):
        return self.run_to_end("run", "--listen", f"unix:{self.socket_path}", "--upstream",
                               self.upstream_server.url())

    def test_a_file_that_is_not_a_socket_is_never_removed(self):
        with open(self.socket_path, "w", encoding="ascii") as file:
            file.write("precious")
        status, out, err = self.start_and_fail()
        self.assertEqual((status, out), (1, ""))
        self.assertIn(self.socket_path, err)
        with open(self.socket_path, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_a_path_that_another_program_took_over_is_left_alone_at_the_stop(self):
        daemon = self.start(self.bridge_on())
        os.unlink(self.socket_path)
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        other.bind(self.socket_path)
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(os.path.exists(self.socket_path), "it was not ours any more")

    def test_paths_that_cannot_be_bound_are_explained(self):
        for path, expected in ((self.path("no/such/directory/x.sock"), 1), ("/" + "x" * 120, 2)):
            with self.subTest(path):
                self.socket_path = path
                status, out, err = self.start_and_fail()
                self.assertEqual((status, out), (expected, ""), err)
                self.assertIn(path[:30], err)

    def test_an_abstract_name(self):
        name = f"wsbridged-e2e-{os.getpid()}"
        daemon = self.start(bridge(self.upstream_server.url(), listen=f"unix:@{name}"))
        self.assertEqual(daemon.address(), f"unix:@{name}")
        self.expect_session(daemon)

    @unittest.skipUnless(os.getuid() == 0, "only root can become another user")
    def test_an_abstract_name_admits_no_other_user(self):
        name = f"wsbridged-e2e-{os.getpid()}-foreign"
        daemon = self.start(bridge(self.upstream_server.url(), listen=f"unix:@{name}"))
        child = os.fork()
        if child == 0:
            os._exit(self.connect_as_nobody(daemon.address()))
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0,
                         "another user's connection is ended")
        self.assertFalse(self.upstream_server.has_connection(0.3), "and never dialled for")
        self.expect_session(daemon)

    @staticmethod
    def connect_as_nobody(address):
        """0 when a connection of user 65534 is ended without a byte."""
        try:
            os.setuid(65534)
            stranger = socket.socket(socket.AF_UNIX)
            stranger.settimeout(10)
            stranger.connect("\0" + address[len("unix:@"):])
            return 0 if stranger.recv(1) == b"" else 3
        except ConnectionError:
            return 0
        except BaseException:
            return 4


class ManyAtOnce(E2eCase):

    def test_two_daemons_that_start_at_the_same_time_do_not_both_win(self):
        server = self.server()
        arguments = ["run", "--listen", f"unix:{self.path('race.sock')}", "--upstream",
                     server.url()]
        both = [self.launch(*arguments), self.launch(*arguments)]
        wait_until(lambda: sum(bool(one.stdout()) or not one.is_running() for one in both) == 2,
                   "both are ready or ended")
        self.assertEqual(sum(one.is_running() for one in both), 1,
                         "exactly one holds the path, the other says so")


if __name__ == "__main__":
    main()
