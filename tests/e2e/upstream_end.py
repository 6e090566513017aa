# SPDX-License-Identifier: MIT
"""However the server ends a session, everything it sent before arrives, and the local program can
tell a cut from an end.

Scenario: the server closes with every kind of code, or just disconnects, right after its last
message, while the program reads slowly or still sends.
Method: a scripted server closes at once; the test counts what the local side got and how it ended.
Why: a close() at the wrong moment makes the kernel destroy bytes that were already delivered.
"""
from kit.case import E2eCase, bridge, main
from kit.upstream import TEXT, close_frame, frame

MESSAGES = [f"message {number:05d} " + "x" * (number % 700) for number in range(4000)]
ALL_FRAMES = b"".join(frame(TEXT, message) for message in MESSAGES)
ALL_LINES = "".join(message + "\n" for message in MESSAGES).encode()


def send_all_and_close(upstream):
    """The last message, the Close frame and nothing else; returns the client's answer."""
    upstream.send(ALL_FRAMES)
    return upstream.close_with(1000, b"done")


class UpstreamEnd(E2eCase):

    def end_quickly(self, address, server, read):
        """(what read() returned, the answer to Close) of a server that sends all and closes."""
        local = self.connect(address, receive_buffer=65536)
        upstream = server.open()
        answer = self.in_background(send_all_and_close, upstream)
        data = read(local)
        self.assertEqual(answer.result().close_code, 1000, "the server sees its code answered")
        return data

    def two_listeners(self):
        server = self.server()
        listen = ["127.0.0.1:0", f"unix:{self.path('end.sock')}"]
        return server, self.start(bridge(server.url(), listen=listen, session={"buffer": "64KiB"}))

    def test_nothing_is_lost_when_the_server_closes_right_after_its_last_message(self):
        server, daemon = self.two_listeners()
        for address in daemon.addresses():
            with self.subTest(address):
                data = self.end_quickly(address, server, lambda local: local.read_all())
                self.assertEqual(len(data), len(ALL_LINES), "every byte before the Close arrives")
                self.assertEqual(data, ALL_LINES)

    def test_nothing_is_lost_when_the_program_reads_slowly(self):
        server, daemon = self.two_listeners()

        def read_slowly(local):
            data = b""
            while part := local.read(16384):
                data += part
                local.delay(0.002)
            return data
        for address in daemon.addresses():
            with self.subTest(address):
                self.assertEqual(self.end_quickly(address, server, read_slowly), ALL_LINES)

    def test_nothing_is_lost_when_the_program_still_sends(self):
        server, daemon = self.two_listeners()

        def send_for_ever(local):
            try:
                while True:
                    local.send(b"still talking\n" * 100)
            except OSError:
                return

        def read_while_sending(local):
            sending = self.in_background(send_for_ever, local)
            data = local.read_all()
            local.socket.shutdown(2)
            sending.result()
            return data
        for address in daemon.addresses():
            with self.subTest(address):
                local = self.connect(address)
                upstream = server.open()

                def script(upstream=upstream):
                    upstream.send(ALL_FRAMES + close_frame(1000))
                    return upstream.read_end()
                self.in_background(script)
                self.assertEqual(read_while_sending(local), ALL_LINES,
                                 "what the program still sends must not cut what it is to receive")


class CloseCodes(E2eCase):
    ENDS = [1000, None]
    ERRORS = [1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4000, 4999]

    def end_with(self, code, listen="127.0.0.1:0", **session):
        """How the local side ends after a message and a Close with that code."""
        server = self.server()
        daemon = self.start(bridge(server.url(), listen=listen, session=session))
        local, upstream = self.session(server, daemon)
        upstream.send(frame(TEXT, "the last words") + close_frame(code))
        answer = upstream.read_close()
        upstream.close()
        self.assertEqual(answer.close_code, code, "a peer's Close is answered with its code")
        data, end = local.read_until_end()
        self.assertEqual(data, b"the last words\n", "what came before the Close arrives first")
        local.close()
        return end, daemon.wait_for_session_end()

    def test_1000_and_no_code_end_with_fin(self):
        for code in self.ENDS:
            with self.subTest(code=code):
                end, entry = self.end_with(code)
                self.assertEqual(end, "eof", "1000 or no code is an end, never a reset")
                self.assertEqual((entry["by"], entry["level"]), ("upstream", "info"))

    def test_every_other_code_is_a_reset_and_is_logged(self):
        for code in self.ERRORS:
            with self.subTest(code=code):
                end, entry = self.end_with(code)
                self.assertEqual(end, "reset", "an error reaches a TCP program as ECONNRESET")
                self.assertEqual(entry["close_code"], code, "the code is in the log")
                self.assertNotEqual(entry["level"], "info", "an error is not informational")

    def test_on_upstream_error_close_ends_with_fin(self):
        end, _ = self.end_with(1011, on_upstream_error="close")
        self.assertEqual(end, "eof")

    def test_a_unix_program_gets_eof_also_for_errors(self):
        end, _ = self.end_with(1011, listen=f"unix:{self.path('codes.sock')}")
        self.assertEqual(end, "eof", "a Unix socket knows no reset: it is a close")


class Disconnect(E2eCase):

    def test_a_disconnect_without_close_frame_is_a_reset_after_all_data(self):
        for how in ("close", "reset"):
            with self.subTest(how):
                server, daemon = self.bridge_to_server()
                local, upstream = self.session(server, daemon)
                upstream.send_text("before the cut")
                self.assertEqual(local.read_line(), b"before the cut\n")
                getattr(upstream, how)()
                self.assertEqual(local.read_until_end(), (b"", "reset"))
                self.assertEqual(daemon.wait_for_session_end()["by"], "upstream")

    def test_a_reset_comes_only_after_the_program_took_everything(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon, receive_buffer=8192)

        def script():
            upstream.send(ALL_FRAMES + close_frame(1011))
            upstream.read_end()
        self.in_background(script)
        data, end = local.read_until_end()
        self.assertEqual((len(data), end), (len(ALL_LINES), "reset"))
        self.assertEqual(data, ALL_LINES)

    def test_text_of_the_close_reason_is_escaped_and_bounded(self):
        server, daemon = self.bridge_to_server()
        local, upstream = self.session(server, daemon)
        upstream.close_with(4000, "a\nb\u00e9".encode() + b"c" * 100)
        local.read_until_end()
        entry = daemon.wait_for_session_end()
        self.assertNotIn("\n", entry["close_reason"], "control characters are escaped")
        self.assertLessEqual(len(entry["close_reason"].encode()), 210)


if __name__ == "__main__":
    main()
