# SPDX-License-Identifier: MIT
"""A local program that is done sending still gets every reply.

Scenario: the program shuts down its sending side (or hangs up entirely), the server answers later.
Method: a scripted server decides when it answers, and looks at the Close frame that it gets.
Why: `printf ... | nc -N` is how shell scripts talk, and most bridges lose the replies in flight.
"""
from kit.case import E2eCase, bridge, main
from kit.local import Local


class HalfClose(E2eCase):

    def listeners(self, **sections):
        """A server and a daemon that listens on TCP and on a Unix socket."""
        server = self.server()
        daemon = self.start(bridge(
            server.url(), listen=["127.0.0.1:0", f"unix:{self.path('half.sock')}"], **sections))
        return server, daemon

    def subscribed(self, server, daemon):
        """A session whose program sent one line and then ended its sending side."""
        local, upstream = self.session(server, daemon)
        local.send(b"subscribe\n")
        local.shutdown_write()
        self.assertEqual(upstream.read_text(), b"subscribe")
        return local, upstream

    def test_every_reply_arrives_also_one_five_seconds_after_local_eof(self):
        server, daemon = self.listeners()
        sessions = []
        for address in daemon.addresses():
            local = self.connect(address)
            upstream = server.open()
            local.send(b"one\ntwo\nlast, without a newline")
            local.shutdown_write()
            self.assertEqual([upstream.read_text() for _ in range(3)],
                             [b"one", b"two", b"last, without a newline"],
                             "every line goes out after local EOF, the partial one too")
            upstream.send_text("at once")
            sessions.append((local, upstream))
        sessions[0][1].delay(5)
        for local, upstream in sessions:
            upstream.send_text("five seconds later")
            self.assertEqual(upstream.close_with(1000).close_code, 1000,
                             "the server's Close is answered with its code")
            self.assertEqual(local.read_all(), b"at once\nfive seconds later\n",
                             "no reply is lost after the local half-close")

    def test_drain_timeout_slides_and_ends_with_close_1000(self):
        server, daemon = self.listeners(session={"drain_timeout": "1500ms"})
        local, upstream = self.subscribed(server, daemon)
        replies = [f"reply {number}" for number in range(4)]
        for reply in replies:  # 2.4 s in all: longer than drain_timeout, each pause is shorter
            upstream.delay(0.6)
            upstream.send_text(reply)
        self.assertEqual(upstream.finish().close_code, 1000, "silence ends the session with 1000")
        self.assertEqual(local.read_all().decode().splitlines(), replies,
                         "each reply restarts drain_timeout")

    def test_a_part_of_a_message_is_not_silence(self):
        server, daemon = self.listeners(session={"drain_timeout": "1500ms"})
        local, upstream = self.subscribed(server, daemon)
        upstream.send(b"\x81\x04")  # text, 4 bytes, that come one by one
        for byte in b"slow":
            upstream.delay(0.6)
            upstream.send(bytes([byte]))
        upstream.finish()
        self.assertEqual(local.read_all(), b"slow\n", "a message in the making is waited for")

    def test_on_local_eof_close_sends_the_lines_and_closes_without_waiting(self):
        server, daemon = self.listeners(session={"on_local_eof": "close"})
        for address in daemon.addresses():
            with self.subTest(address):
                local = self.connect(address)
                upstream = server.open()
                local.send(b"first\nsecond\n")
                local.shutdown_write()
                self.assertEqual([upstream.read_text(), upstream.read_text()],
                                 [b"first", b"second"], "complete lines are sent first")
                self.assertEqual(upstream.finish().close_code, 1000, "then it closes with 1000")
                self.assertEqual(local.read_all(), b"", "and the local side ends with EOF")

    def test_replies_sent_before_the_server_answers_close_still_arrive(self):
        server, daemon = self.listeners(session={"on_local_eof": "close"})
        local, upstream = self.subscribed(server, daemon)
        upstream.read_close()
        upstream.send_text("sent after our Close, before the server's (RFC 6455 5.5.1)")
        upstream.send(b"\x88\x02\x03\xe8")
        upstream.close()
        self.assertEqual(local.read_all(),
                         b"sent after our Close, before the server's (RFC 6455 5.5.1)\n")


class HangUp(E2eCase):

    def start_unix(self):
        server = self.server()
        return server, self.start(bridge(server.url(), listen=f"unix:{self.path('hang.sock')}"))

    def test_a_unix_program_that_hung_up_is_sent_entirely_and_closed_with_1000(self):
        server, daemon = self.start_unix()
        lines = [b"line %06d of a program that does not wait" % number for number in range(20000)]
        local, upstream = self.session(server, daemon)

        def write_and_leave():
            local.send(b"".join(line + b"\n" for line in lines))
            local.close()
        writing = self.in_background(write_and_leave)
        for line in lines:
            self.assertEqual(upstream.read_text(), line, "what it wrote is read and sent")
        writing.result()
        self.assertEqual(upstream.finish().close_code, 1000, "then 1000, replies or not")

    def test_a_unix_program_that_left_before_the_upstream_was_open_is_still_sent(self):
        server, daemon = self.start_unix()
        local = self.connect(daemon.address())
        local.send(b"written\nand gone\n")
        local.close()
        upstream = server.open()
        self.assertEqual([upstream.read_text(), upstream.read_text()], [b"written", b"and gone"])
        self.assertEqual(upstream.finish().close_code, 1000)

    def test_a_program_that_left_before_sending_anything_cancels_the_dial(self):
        server, daemon = self.start_unix()
        local = Local(daemon.address())
        upstream = server.accept()
        upstream.read_request()
        local.close()
        self.assertEqual(upstream.socket.recv(1), b"", "the dial is cancelled, not completed")
        daemon.wait_for_session_end()


if __name__ == "__main__":
    main()
