# SPDX-License-Identifier: MIT
"""Servers that are not who they say they are, and networks that cut TLS short.

Scenario: certificates for other names, of other times, authorities and purposes, with names that
only nearly match; directly, behind a proxy's CONNECT and behind a redirect; streams cut or spoilt
within a record, a frame and a message.
Method: one server whose certificate changes between dials, so that each impostor comes right after
the real one; no request may reach it. The words of the log are those that an operator needs.
Why: half of the clients of WebSockets once did not look at the name at all, and FIN can be forged.
"""
import os
import socket
import ssl

from kit.attacks import BUILDS, TIMES, Cost, ServerAttackCase
from kit.case import bridge, main
from kit.certificates import TestCa, openssl, private_key
from kit.proxies import Proxies
from kit.upstream import TEXT, close_frame, frame

CHAT = "chat.example.test"
HOSTS = {"main": CHAT, "address": "127.0.0.1", "below": "a.b.example.test", "apex": "example.test"}
SAN = "subjectAltName="
WRONG = "certificate is for"
# "chat.example.test\0.evil.test" as a DNS name (RFC 5280 4.2.1.6: context tag 2 in a sequence).
WITH_NUL = b"chat.example.test\0.evil.test"
NUL_NAME = "2.5.29.17=DER:" + bytes([0x30, len(WITH_NUL) + 2, 0x82,
                                     len(WITH_NUL)]).hex() + WITH_NUL.hex()
# (what, bridge, extensions, further settings, words of the log; None when it is the right one)
CERTIFICATES = [
    ("the name", "main", SAN + "DNS:" + CHAT, {}, None),
    ("the name in capitals", "main", SAN + "DNS:CHAT.EXAMPLE.TEST", {}, None),
    ("a wildcard", "main", SAN + "DNS:*.example.test", {}, None),
    ("the address", "address", SAN + "IP:127.0.0.1", {}, None),
    ("another name", "main", SAN + "DNS:other.example.test", {},
     WRONG + " other.example.test, not for " + CHAT),
    ("the name and more behind it", "main", SAN + "DNS:chat.example.test.evil.test", {}, WRONG),
    ("the name and more before it", "main", SAN + "DNS:xchat.example.test", {}, WRONG),
    ("the domain above", "main", SAN + "DNS:example.test", {}, WRONG),
    ("a name with a NUL", "main", NUL_NAME, {}, WRONG),
    ("a wildcard two labels up", "below", SAN + "DNS:*.example.test", {}, WRONG),
    ("two wildcards", "below", SAN + "DNS:*.*.example.test", {}, WRONG),
    ("a wildcard for its own domain", "apex", SAN + "DNS:*.example.test", {}, WRONG),
    ("a wildcard for all of a top level", "apex", SAN + "DNS:*.test", {}, WRONG),
    ("a wildcard for everything", "main", SAN + "DNS:*", {}, WRONG),
    ("a part of a label as a wildcard", "main", SAN + "DNS:c*.example.test", {}, WRONG),
    ("the end of a label as a wildcard", "main", SAN + "DNS:*t.example.test", {}, WRONG),
    ("a wildcard in the middle", "main", SAN + "DNS:chat.*.test", {}, WRONG),
    ("a common name alone", "main", "basicConstraints=CA:FALSE", {"common_name": CHAT},
     "certificate"),
    ("a common name beside another name", "main", SAN + "DNS:other.example.test",
     {"common_name": CHAT}, WRONG),
    ("a URI", "main", SAN + "URI:https://chat.example.test/", {}, "certificate"),
    ("an email address", "main", SAN + "email:root@chat.example.test", {}, "certificate"),
    ("another address", "address", SAN + "IP:127.0.0.2", {}, WRONG),
    ("the address as a name", "address", SAN + "DNS:127.0.0.1", {}, WRONG),
    ("the address as a common name", "address", "basicConstraints=CA:FALSE",
     {"common_name": "127.0.0.1"},
     "certificate"),
    ("a wildcard for addresses", "address", SAN + "DNS:*.0.0.1", {}, WRONG),
    ("expired", "main", SAN + "DNS:" + CHAT, {"end": "20240101000000Z"}, "expired on 2024-01-01"),
    ("not valid yet", "main", SAN + "DNS:" + CHAT, {"start": "20990101000000Z"},
     "not valid before 2099-01-01"),
    ("for clients only", "main", SAN + f"DNS:{CHAT}\nextendedKeyUsage=clientAuth", {}, "purpose"),
]
# A handshake's and a verification's cost; under the sanitizers OpenSSL itself is not slowed down.
TLS = Cost(cpu=0.5)


class HostileTls(Proxies, ServerAttackCase):

    def setUp(self):
        super().setUp()
        self.issued = 0
        self.right = self.context(SAN + "IP:127.0.0.1,DNS:localhost," + ",".join(
            f"DNS:{host}" for name, host in HOSTS.items() if name != "address"))
        self.upstream_server = self.server(tls=self.right)
        self.impostors = self.make_impostors()

    def context(self, extensions, authority=None, **settings):
        self.issued += 1
        settings.setdefault("common_name", "somebody")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*
                                (authority or self.ca()).issue_odd(f"odd-{self.issued}", extensions,
                                                                   **settings))
        return context

    def make_impostors(self):
        """(what, context, words): those whose name is right."""
        stranger = self.ca("Stranger")
        os.mkdir(self.path("namesake"))
        namesake = TestCa(self.path("namesake"))
        name = SAN + f"DNS:{CHAT},DNS:localhost"
        self_signed = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate, key = self.path("self.pem"), self.path("self.key")
        openssl("req", "-x509", *private_key(key), "-out", certificate, "-days", "2", "-subj",
                f"/CN={CHAT}", "-addext", name)
        self_signed.load_cert_chain(certificate, key)
        # A server of the authority's that signs for others itself.
        issuer, issuer_key = self.ca().issue("signer.example.test")
        forged = self.context_signed_by(issuer, issuer_key, name)
        return [("self-signed", self_signed, "certificate of"),
                ("of an unknown authority", self.context(name, stranger),
                 "unknown authority (Stranger)"),
                ("of an authority of the same name", self.context(name, namesake),
                 "certificate of"),
                ("signed by a server", forged, "certificate of"),
                ("expired", self.context(name, end="20240101000000Z"), "expired on 2024-01-01"),
                ("for another", self.context(SAN + "DNS:other.example.test"), WRONG)]

    def context_signed_by(self, issuer, issuer_key, extensions):
        request, certificate, key, chain, settings = (
            self.path("forged" + suffix) for suffix in (".csr", ".pem", ".key", ".chain", ".ext"))
        openssl("req", *private_key(key), "-out", request, "-subj", "/CN=somebody")
        with open(settings, "w", encoding="ascii") as file:
            file.write(extensions + "\n")
        openssl("x509", "-req", "-in", request, "-CA", issuer, "-CAkey", issuer_key, "-set_serial",
                "7", "-out", certificate, "-days", "2", "-extfile", settings)
        with open(chain, "w", encoding="ascii") as both:
            for part in (certificate, issuer):
                with open(part, encoding="ascii") as file:
                    both.write(file.read())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    def start_attacked(self, binary):
        self.second = self.server(tls=self.right)
        port, trust = self.upstream_server.port, {"tls": {"ca_file": self.ca().certificate}}
        resolve = {"resolve": {f"*:{port}": "127.0.0.1", f"*:{self.second.port}": "127.0.0.1"}}
        bridges = [bridge(f"wss://{host}:{port}/", name=name, upstream={
            **trust, **({} if name == "address" else resolve)}) for name, host in HOSTS.items()]
        bridges.append(bridge(f"wss://localhost:{port}/", name="proxied", upstream={
            **trust, "proxy": f"http://me:s3cret@127.0.0.1:{self.http_proxy(port)}"}))
        bridges.append(bridge(f"wss://{CHAT}:{port}/", name="redirected", upstream={
            **trust, **resolve, "follow_redirects": 1,
            "redirect_to": [f"wss://{CHAT}:{self.second.port}"]}))
        self.defend_from_server(binary, *bridges)

    @staticmethod
    def refuse_requests(server):
        """What an impostor does: it hopes for a request."""
        try:
            server.accept().read_request()
        except (ssl.SSLError, OSError, EOFError):
            return
        raise AssertionError("a request was sent over a connection that must not be trusted")

    def expect_refused(self, name, server, context):
        server.tls = context
        served = self.in_background(self.refuse_requests, server)
        self.attacked = name
        self.expect_sent_away(name)
        served.result()
        server.tls = self.right

    def check_certificates(self):
        for what, name, extensions, settings, words in CERTIFICATES:
            context = self.context(extensions, **settings)
            with self.attack(f"a certificate: {what}", *([words] if words else []), cost=TLS,
                             times=TIMES):
                for _ in range(TIMES):
                    if words:
                        self.expect_refused(name, self.upstream_server, context)
                        self.assertTrue(self.log.wait_for(words)["advice"])
                    else:
                        self.upstream_server.tls, self.attacked = context, name
                        self.serve_clean()
                        self.upstream_server.tls = self.right
                    self.serve_clean()

    def check_ways(self):
        """Directly, behind a proxy and behind a redirect."""
        for what, context, words in self.impostors:
            for way in ("main", "proxied", "redirected"):
                with self.attack(f"{what}, {way}", words, cost=TLS):
                    if way == "redirected":
                        self.expect_refused_behind_redirect(context)
                    else:
                        self.expect_refused(way, self.upstream_server, context)

    def expect_refused_behind_redirect(self, context):
        def redirect():
            upstream = self.upstream_server.accept()
            upstream.read_request()
            upstream.send(f"HTTP/1.1 302 Found\r\nLocation: wss://{CHAT}:{self.second.port}/\r\n"
                          "Content-Length: 0\r\n\r\n".encode())
            upstream.read_end()
            upstream.close()
        served = self.in_background(redirect)
        self.expect_refused("redirected", self.second, context)
        served.result()

    @staticmethod
    def write_past_tls(upstream, data):
        os.write(upstream.socket.fileno(), data)

    def check_truncation(self):
        self.attacked = "main"
        half = frame(TEXT, "half", fin=False)
        cut = "without close_notify"
        endings = [
            ("FIN within a fragmented message", half, b"", cut),
            ("FIN within a frame", b"\x81\x05hel", b"", cut),
            ("FIN between messages", b"", b"", cut),
            ("FIN within a record", half, b"\x17\x03\x03\x40\x00some of 16 KiB", cut),
            ("FIN within a record's header", half, b"\x17\x03", cut),
            ("plain text within a message", half, b"HTTP/1.1 400 Bad Request\r\n\r\n",
             "connection lost: TLS"),
            ("a record that nobody could have made", half, b"\x17\x03\x03\x00\x20" + b"x" * 32,
             "connection lost: TLS"),
            ("an alert without a key", half, b"\x15\x03\x03\x00\x02\x01\x00",
             "connection lost: TLS"),
        ]
        for what, data, raw, words in endings:
            with self.attack(what, words, cost=TLS, times=TIMES):
                for _ in range(TIMES):
                    local, upstream = self.open_pair()
                    upstream.send(data or frame(TEXT, ""))
                    if not data:
                        self.assertEqual(local.read_line(), b"\n")
                    if raw:
                        self.write_past_tls(upstream, raw)
                    self.end_without_notify(upstream)
                    self.assertEqual(local.read_until_end(), (b"", "reset"),
                                     "no part of a message is a line")
                    local.close()
        with self.attack("close_notify within a message", "middle of a message", cost=TLS):
            local, upstream = self.open_pair()
            upstream.send(half)
            upstream.socket.settimeout(0)
            try:
                upstream.socket.unwrap()
            except (ssl.SSLError, OSError):
                pass  # it has sent its own, that is all
            self.end_without_notify(upstream)
            self.assertEqual(local.read_until_end(), (b"", "reset"))
        with self.attack("FIN behind the closing handshake, which says all", cost=TLS):
            local, upstream = self.open_pair()
            upstream.send(close_frame(1000))
            self.assertEqual(upstream.read_close().close_code, 1000)
            self.end_without_notify(upstream)
            self.assertEqual(local.read_until_end(), (b"", "eof"))

    @staticmethod
    def end_without_notify(upstream):
        """A FIN; the rest is read, as a socket that is closed with input sends a reset instead."""
        plain = socket.socket(fileno=os.dup(upstream.socket.fileno()))
        plain.shutdown(socket.SHUT_WR)
        plain.settimeout(20)
        try:
            while plain.recv(65536):
                pass
        except OSError:
            pass
        plain.close()
        upstream.close()

    def test_no_impostor_gets_a_request_and_no_cut_becomes_a_line(self):
        for binary in BUILDS:
            self.start_attacked(binary)
            self.check_certificates()
            self.check_ways()
            self.check_truncation()
            self.check_flat()


if __name__ == "__main__":
    main()
