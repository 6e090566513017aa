# SPDX-License-Identifier: MIT
"""Every way in which an upstream cannot be opened: one clear log line, the local connection ended
as specified, and another session of the same daemon that does not notice.

Scenario: refused, silent, unknown and impostor servers, and servers that answer nonsense.
Method: a bridge for each server on one daemon, beside a healthy session that is used after each.
Why: what an operator sees of a daemon is mostly how it fails.
"""
import socket
import ssl

from kit.admin import ask
from kit.case import E2eCase, bridge, main
from kit.upstream import RawServer
from kit.waiting import deadline, wait_until

REFUSAL = (b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\n"
           b"you are not a friend\n")


def response_with_headers(count, size):
    fields = (b"X-%d: %s\r\n" % (number, b"y" * size) for number in range(count))
    return b"HTTP/1.1 101 Switching Protocols\r\n" + b"".join(fields) + b"\r\n"


HANDSHAKE_ERRORS = {
    # what: (bytes instead of the right 101, words of the one log line)
    "403 with a body": (REFUSAL, ["403"]),
    "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", ["302"]),
    "a 200": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ["200"]),
    "headers of 70 KiB": (response_with_headers(70, 1000), ["header"]),
    "1,000 headers": (response_with_headers(1000, 1), ["header"]),
    "no HTTP at all": (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", []),
    "nothing, then the end": (b"", []),
    "half a response": (b"HTTP/1.1 101 Switching Pro", []),
}


class DialFailures(E2eCase):

    def start_beside_healthy(self, *bridges):
        """A daemon with those bridges and one healthy session, already open."""
        healthy = self.server()
        daemon = self.start(bridge(healthy.url(), name="healthy"), *bridges)
        self.healthy = self.session(healthy, daemon, "healthy")
        return daemon

    def expect_failure(self, daemon, name, words, seconds=20.0):
        """Dials that bridge: the local side is reset, exactly one log line says why."""
        self.assertEqual(self.fate_of_program(daemon.address(name), seconds), (b"", "reset"),
                         f"{name}: the local connection ends with a reset")
        daemon.wait_for_session_end(name)
        problems = [entry for entry in daemon.problems() if entry.get("bridge") == name]
        self.assertEqual(len(problems), 1, f"{name}: one log line, not {problems}")
        for word in words:
            self.assertIn(word.lower(), str(problems[0]).lower(), f"{name}: the line says why")
        self.check_healthy()
        return problems[0]

    def fate_of_program(self, address, seconds):
        """What a program reads that sends a line; a reset may be quicker than its own calls."""
        try:
            local = self.connect(address)
            local.send(b"is anybody there?\n")
            return local.read_until_end(seconds)
        except (ConnectionResetError, BrokenPipeError):
            return b"", "reset"

    def check_healthy(self):
        local, upstream = self.healthy
        local.send(b"still\n")
        self.assertEqual(upstream.read_text(), b"still", "another session is untouched, upwards")
        upstream.send_text("here")
        self.assertEqual(local.read_line(), b"here\n", "another session is untouched, downwards")

    def test_the_phrase_of_a_refusal_is_bounded_and_escaped(self):
        server = self.server()
        admin = f"unix:{self.path('admin.sock')}"
        daemon = self.start(bridge(server.url()), admin={"listen": admin})
        for number in range(2):
            local = self.connect(daemon.address())
            upstream = server.accept()
            upstream.read_request()
            upstream.send(f"HTTP/1.1 403 R{number}\u202e{'z' * 3000}\r\nContent-Length: 0\r\n\r\n".encode())
            local.read_until_end()
            entry = daemon.wait_for_session_end(count=number + 1)
            self.assertEqual(entry["cause"], "the server answered 403")
            self.assertEqual(entry["answer_reason"][:15], f"R{number}\\xe2\\x80\\xaez")
            self.assertLess(len(entry["answer_reason"]), 215)
        error, = wait_until(lambda: [error for error in ask(admin, "/status").json()["errors"]
                                     if error["count"] == 2], "both are one entry")
        self.assertEqual(error["cause"], "the server answered 403")
        self.assertEqual(error["peer_text"][:3], "R1\\")
        self.assertLess(len(error["peer_text"]), 215)

    def test_servers_that_cannot_be_reached(self):
        closed = RawServer()
        refused = closed.url()
        closed.close()
        full = self.server(backlog=0)
        fillers = [self.fill(full) for _ in range(4)]
        silent = self.server()
        quick = {"connect_timeout": "700ms"}
        slow_names = {"connect_timeout": "8s"}
        daemon = self.start_beside_healthy(
            bridge(refused, name="refused"), bridge(full.url(), name="black-hole", upstream=quick),
            bridge(silent.url(), name="silent", upstream=quick),
            bridge("ws://no-such-host.invalid:80/", name="unknown", upstream=slow_names))
        self.expect_failure(daemon, "refused", ["refused", refused.split("/")[2]])
        self.expect_failure(daemon, "black-hole", ["700ms"])
        self.expect_failure(daemon, "silent", ["700ms"])
        self.expect_failure(daemon, "unknown", ["no-such-host.invalid"], seconds=40)
        self.assertEqual(len(fillers), 4)

    def fill(self, server):
        """A connection that takes a place of a full accept queue; the kernel ignores the next."""
        filler = socket.socket()
        self.addCleanup(filler.close)
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", server.port))
        return filler

    def test_servers_whose_certificate_is_not_trusted(self):
        ca, stranger = self.ca(), self.ca("Unknown CA")
        impostor = self.server(tls=ca.server_context("other.example"))
        unknown = self.server(tls=stranger.server_context())
        expired = self.server(tls=ca.server_context(end="20240101000000Z"))
        plain = self.server()
        trust = {"tls": {"ca_file": ca.certificate}}
        daemon = self.start_beside_healthy(
            bridge(impostor.url(), name="wrong-name", upstream=trust),
            bridge(unknown.url(), name="unknown-ca", upstream=trust),
            bridge(expired.url(), name="expired", upstream=trust),
            bridge(plain.url().replace("ws:", "wss:"), name="no-tls", upstream=trust))
        for name, server, words in (("wrong-name", impostor, ["localhost"]),
                                    ("unknown-ca", unknown, ["unknown"]),
                                    ("expired", expired, ["expired"])):
            with self.subTest(name):
                served = self.in_background(self.handshake_that_fails, server)
                self.expect_failure(daemon, name, ["certificate", *words])
                served.result()
        served = self.in_background(self.answer_in_plain_text, plain)
        self.expect_failure(daemon, "no-tls", ["tls"])
        served.result()

    @staticmethod
    def handshake_that_fails(server):
        try:
            server.accept().read_request()
        except (ssl.SSLError, OSError, EOFError):
            return
        raise AssertionError("a request was sent over a connection that must not be trusted")

    @staticmethod
    def answer_in_plain_text(server):
        upstream = server.accept()
        upstream.socket.recv(1000)
        upstream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        upstream.read_end()
        upstream.close()

    def test_insecure_skip_verify_and_server_name_change_what_is_trusted(self):
        ca = self.ca()
        server = self.server(tls=ca.server_context("other.example"))
        daemon = self.start_beside_healthy(
            bridge(server.url(), name="skip", upstream={"tls": {"insecure_skip_verify": True}}),
            bridge(server.url(), name="named", upstream={
                "tls": {"ca_file": ca.certificate, "server_name": "other.example"}}))
        for name in ("skip", "named"):
            with self.subTest(name):
                local, upstream = self.session(server, daemon, name)
                local.send(b"over TLS\n")
                self.assertEqual(upstream.read_text(), b"over TLS")

    def test_servers_that_answer_something_else(self):
        server = self.server()
        names = {what: f"case-{number}" for number, what in enumerate(HANDSHAKE_ERRORS)}
        daemon = self.start_beside_healthy(*(bridge(server.url(), name=name)
                                             for name in names.values()))
        for what, (answer, words) in HANDSHAKE_ERRORS.items():
            with self.subTest(what):
                served = self.in_background(self.answer_literally, server, answer)
                entry = self.expect_failure(daemon, names[what], words)
                self.assertNotIn("not a friend", str(entry.get("cause")),
                                 "a body is no part of our own wording")
                served.result()

    @staticmethod
    def answer_literally(server, answer):
        upstream = server.accept()
        upstream.read_request()
        try:
            upstream.send(answer)
            upstream.socket.shutdown(socket.SHUT_WR)
            upstream.socket.settimeout(deadline())
            upstream.read_end()
        except OSError:
            pass  # it hung up on us before we had said everything
        upstream.close()

    def test_wrong_accept_keys(self):
        server = self.server()
        daemon = self.start_beside_healthy(bridge(server.url(), name="missing"),
                                           bridge(server.url(), name="wrong"))
        # The right answer for the key of RFC 6455 1.3, which is not the key that was sent.
        for name, key in (("missing", ""), ("wrong", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")):
            with self.subTest(name):
                def script(key=key):
                    upstream = server.accept()
                    upstream.read_request()
                    upstream.answer(key=key)
                    upstream.read_end()
                served = self.in_background(script)
                self.expect_failure(daemon, name, ["sec-websocket-accept"])
                served.result()

    def test_on_upstream_error_close_ends_a_failed_dial_with_fin(self):
        closed = RawServer()
        url = closed.url()
        closed.close()
        daemon = self.start(bridge(url, session={"on_upstream_error": "close"}))
        local = self.connect(daemon.address())
        self.assertEqual(local.read_until_end(), (b"", "eof"))


if __name__ == "__main__":
    main()
