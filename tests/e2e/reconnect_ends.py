# SPDX-License-Identifier: MIT
"""With reconnect.enabled every session ends in time, and no end hides a line that was lost.

Scenario: Closes that cross, servers that close, stall or die before everything is sent again, local
programs and the daemon itself that end meanwhile.
Method: a scripted server decides what it reads, which ping it answers, and when it disconnects.
Why: a loss that is not told is worse than the loss, and a session that never ends is worse than one
that gives up.
"""
import socket
import threading
import time

from kit.case import E2eCase, bridge, main
from kit.upstream import CLOSE, PING, TEXT, close_frame, frame
from kit.waiting import wait_until

QUICK = {"enabled": True, "initial": "10ms", "max": "100ms", "confirm_interval": "50ms"}
UNCONFIRMED = {**QUICK, "confirm_interval": "1h"}
KEEPING = {**UNCONFIRMED, "replay": "64MiB"}  # more than is sent: a quarter of it asks for a pong
SOON = 25.0  # seconds, on a loaded machine; what drain_timeout bounds takes little more than its 1 s

# More than the kernel and the connection take in when the server does not read.
LINES = [b"%07992d" % number for number in range(1200)]
LINE_SIZE = len(LINES[0])


def read_line(upstream):
    """The next text message, None for a Close; pings are left unanswered."""
    while (part := upstream.read_frame()).opcode == PING:
        pass
    assert part.opcode in (TEXT, CLOSE), f"expected text or Close, got {part}"
    return part.payload if part.opcode == TEXT else None


def read_lines(upstream, count):
    return [read_line(upstream) for _ in range(count)]


def read_to_close(upstream):
    """The text messages before the Close."""
    lines = []
    while (line := read_line(upstream)) is not None:
        lines.append(line)
    return lines


class ReconnectEndsCase(E2eCase):

    def bridge_that_reconnects(self, reconnect, shutdown=None, receive_buffer=0, **sections):
        server = self.server(receive_buffer=receive_buffer)
        top = {"shutdown": shutdown} if shutdown else {}
        return server, self.start(bridge(server.url(), reconnect=reconnect, **sections), **top)

    def serve(self, server, handle):
        """Opens each connection and has it handled, one after the other, until the test ends."""
        is_over = threading.Event()
        server.socket.settimeout(0.1)

        def run():
            while not is_over.is_set():
                try:
                    handle(server.open())
                except (OSError, EOFError):  # nobody has come yet, or the daemon has left
                    pass
        serving = self.in_background(run)
        self.addCleanup(serving.result)
        self.addCleanup(is_over.set)

    def outlive(self, server, daemon):
        """Has LINES sent and not confirmed, and returns the connection that gets them again."""
        local, upstream = self.session(server, daemon)
        sending = self.in_background(local.send, b"\n".join(LINES) + b"\n")
        self.assertTrue(read_lines(upstream, len(LINES)) == LINES)
        sending.result()
        upstream.reset()
        return local, server.open()

    def check_all_counted(self, entry, delivered):
        """No line is neither delivered nor counted."""
        self.assertTrue(delivered == LINES[:len(delivered)], "in order, without a hole")
        missing = (len(LINES) - len(delivered)) * LINE_SIZE
        self.assertGreaterEqual(entry["unsent_bytes_up"], missing)
        if missing:
            self.assertEqual(entry["level"], "warn")


class Losses(ReconnectEndsCase):

    def test_a_close_that_crosses_ours_confirms_nothing(self):
        lines = [b"line %d" % number for number in range(10)]
        server, daemon = self.bridge_that_reconnects(UNCONFIRMED, upstream={"on_open": ["hello"]},
                                                     session={"on_local_eof": "close"})
        local, upstream = self.session(server, daemon)
        local.send(b"\n".join(lines) + b"\n")
        local.shutdown_write()
        # All that has come, our Close too, stays unread until the server has closed on its own.
        size = sum(len(frame(TEXT, line, masked=True)) for line in [b"hello", *lines])
        size += len(frame(CLOSE, b"--", masked=True))
        wait_until(lambda: len(upstream.socket.recv(65536, socket.MSG_PEEK)) >= size, "the Close")
        upstream.send(close_frame(1012))
        upstream.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(upstream.read_end(), "eof")
        daemon.wait_for_entry("upstream lost", "1012", seconds=SOON)
        upstream = server.open()
        self.assertEqual(read_lines(upstream, 11), [b"hello", *lines])
        self.assertEqual(upstream.finish().close_code, 1000)
        self.assertEqual(local.read_until_end(), (b"", "eof"))
        local.close()
        entry = daemon.wait_for_session_end()
        self.assertEqual({key: entry[key] for key in ("reconnects", "replayed_lines", "level",
                                                      "unsent_bytes_up", "unconfirmed_lines")},
                         {"reconnects": 1, "replayed_lines": 10, "level": "info",
                          "unsent_bytes_up": 0, "unconfirmed_lines": 0})

    def test_lines_that_a_clean_end_keeps_from_being_sent_again_are_counted(self):
        server, daemon = self.bridge_that_reconnects(KEEPING, receive_buffer=1 << 18)
        local, upstream = self.outlive(server, daemon)
        delivered = read_lines(upstream, 10)
        upstream.send(close_frame(1000))
        upstream.wait_until_taken()  # while the rest does not fit into the kernel
        delivered += read_to_close(upstream)
        upstream.close()
        self.assertLess(len(delivered), len(LINES), "the server closed before it had them all")
        self.assertEqual(local.read_until_end(), (b"", "eof"), "the server had the last word")
        local.close()
        entry = daemon.wait_for_session_end()
        self.check_all_counted(entry, delivered)
        self.assertEqual(entry["close_code"], 1000)

    def test_lines_that_a_stop_keeps_from_being_sent_again_are_counted(self):
        server, daemon = self.bridge_that_reconnects(
            KEEPING, receive_buffer=1 << 18, shutdown={"drain_timeout": "300ms", "quiet": "50ms"})
        local, upstream = self.outlive(server, daemon)
        delivered = read_lines(upstream, 10)
        daemon.signal()
        for _ in range(6):  # longer than drain_timeout
            upstream.delay(0.1)
            delivered.append(read_line(upstream))
        delivered += read_to_close(upstream)
        upstream.send(close_frame(1001))
        upstream.close()
        self.assertEqual(local.read_until_end(), (b"", "eof"), "a stop is no error")
        local.close()
        status = daemon.wait()
        self.check_all_counted(daemon.session_ends()[0], delivered)
        if len(delivered) < len(LINES):
            self.assertEqual(status, 1)


class Times(ReconnectEndsCase):

    def test_drain_timeout_bounds_servers_that_open_and_answer_nothing(self):
        server, daemon = self.bridge_that_reconnects(
            {**QUICK, "max": "50ms"},  # each connection lives longer
            session={"drain_timeout": "1s"},
            upstream={"ping_interval": "150ms", "ping_timeout": "150ms"})
        self.serve(server, lambda upstream: None)
        local = self.connect(daemon.address())
        local.send(b"anybody there?\n")
        local.shutdown_write()
        entry = daemon.wait_for_session_end(seconds=SOON)
        self.assertEqual((entry["level"], entry["unsent_bytes_up"]), ("warn", 14))

    def test_drain_timeout_bounds_servers_that_close_each_connection(self):
        server, daemon = self.bridge_that_reconnects(QUICK, session={"drain_timeout": "1s"})
        local, upstream = self.session(server, daemon)
        local.send(b"line\n")
        self.confirm(local, upstream)

        def close(upstream):
            upstream.delay(0.3)
            upstream.close_with(1001)
        self.serve(server, close)
        local.shutdown_write()
        upstream.close_with(1001)
        entry = daemon.wait_for_session_end(seconds=SOON)
        self.assertEqual((entry["unsent_bytes_up"], entry["unconfirmed_lines"]), (0, 0))
        self.assertGreaterEqual(entry["reconnects"], 1)

    def lose_with_a_full_replay(self, count, buffer):
        """A program wrote `count` lines of 1,000 bytes, `replay` took some 50, and the server died."""
        server, daemon = self.bridge_that_reconnects(
            {**UNCONFIRMED, "replay": "64KiB"}, framing={"max_line": "8KiB"},
            session={"drain_timeout": "1s", "buffer": buffer})
        local, upstream = self.session(server, daemon)
        local.send(b"%0999d\n" * count % tuple(range(count)))
        wait_until(lambda: len(upstream.socket.recv(1 << 20, socket.MSG_PEEK)) > 45_000,
                   "lines up to a full replay")
        server.socket.close()
        upstream.reset()
        daemon.wait_for_entry("upstream lost")
        return local, daemon

    def test_drain_timeout_bounds_programs_that_end_behind_lines_that_are_not_sent(self):
        local, daemon = self.lose_with_a_full_replay(300, buffer="1MiB")
        local.close()
        entry = daemon.wait_for_session_end(seconds=SOON)
        self.assertEqual(entry["level"], "warn")
        self.assertGreaterEqual(entry["unsent_bytes_up"], 300 * 999)

    def test_drain_timeout_bounds_programs_that_end_behind_lines_that_are_not_read(self):
        # `replay` and `buffer` together take some 110 of 180; the end waits behind the rest.
        # Were it more than the kernel takes, the end would not have left the program's own.
        for leave in ("close", "reset", "half-close"):
            with self.subTest(leave):
                local, daemon = self.lose_with_a_full_replay(180, buffer="64KiB")
                {"close": local.close, "reset": local.reset,
                 "half-close": local.shutdown_write}[leave]()
                entry = daemon.wait_for_session_end(seconds=SOON)
                self.assertEqual(entry["level"], "warn")
                counted = entry["unsent_bytes_up"] + entry["discarded_bytes"]
                # A reset destroys what the kernel had not yet given out.
                self.assertGreaterEqual(counted, 100_000 if leave == "reset" else 180 * 999)
                daemon.stop()

    def test_programs_that_leave_at_once_cost_a_silent_upstream_few_dials(self):
        server = self.server(backlog=256)
        daemon = self.start(bridge(server.url()))
        end = time.monotonic() + 3
        while time.monotonic() < end:
            local = self.connect(daemon.address())
            local.delay(0.05)
            local.close()
        dials = 0
        while server.has_connection(0.1):
            dials += 1
        # Four, then after 0.1, 0.3, 0.7, 1.5 and 3.1 s; a slow machine makes them fewer.
        self.assertGreaterEqual(dials, 3)
        self.assertLessEqual(dials, 10)
        self.assertEqual(len(daemon.problems("wait for turns")), 1)


if __name__ == "__main__":
    main()
