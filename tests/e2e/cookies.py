# SPDX-License-Identifier: MIT
"""The server sees exactly the cookies that RFC 6265 lets it see.

Scenario: a Netscape jar with entries for other hosts and paths, Secure, expired and malformed ones.
Method: a scripted server over ws and wss reads the Cookie header of the handshake.
Why: a cookie too many is a leak, one too few is a login that fails.
"""
import os

from kit.case import E2eCase, bridge, main

FUTURE, PAST = "4102444800", "946684800"  # 2100 and 2000
# name: (domain, include subdomains, path, secure, expiry)
JAR = {
    "plain": ("localhost", "FALSE", "/", "FALSE", "0"),
    "room": ("localhost", "FALSE", "/chat/room", "FALSE", FUTURE),
    "chat": ("localhost", "FALSE", "/chat", "FALSE", FUTURE),
    "chatter": ("localhost", "FALSE", "/chatter", "FALSE", FUTURE),
    "upper": ("localhost", "FALSE", "/Chat", "FALSE", FUTURE),
    "secure": ("localhost", "FALSE", "/", "TRUE", FUTURE),
    "expired": ("localhost", "FALSE", "/", "FALSE", PAST),
    "other": ("example.com", "FALSE", "/", "FALSE", FUTURE),
    "otherdot": (".example.com", "TRUE", "/", "FALSE", FUTURE),
    "sub": ("sub.localhost", "FALSE", "/", "FALSE", FUTURE),
    "tail": ("ocalhost", "TRUE", "/", "FALSE", FUTURE),
    "loopback": ("127.0.0.1", "FALSE", "/", "FALSE", FUTURE),
}


def jar_line(name, value):
    domain, subdomains, path, secure, expiry = JAR[name]
    return "\t".join([domain, subdomains, path, secure, expiry, name, value])


class Cookies(E2eCase):

    def write_jar(self, text, how="in place"):
        path = self.path("cookies.txt")
        target = path if how == "in place" else path + ".new"
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        if target != path:
            os.rename(target, path)
        return path

    def full_jar(self):
        lines = ["# Netscape HTTP Cookie File", ""]
        lines += [jar_line(name, f"value-{name}") for name in JAR]
        lines += ["#HttpOnly_" + jar_line("plain", "x").replace("plain\tx", "httponly\tvalue-http")]
        lines += ["this line is malformed", "localhost\tFALSE\t/\tFALSE"]
        return self.write_jar("\n".join(lines) + "\n")

    def cookies_seen(self, server, daemon):
        """The Cookie header fields of a new session's handshake."""
        local = self.connect(daemon.address())
        upstream = server.open()
        local.close()
        upstream.close()
        return upstream.request.all("Cookie")

    def test_ws_sees_the_host_and_path_matches_without_secure_ones(self):
        server = self.server()
        url = server.url("/chat/room/7?q=1", host="localhost")
        daemon = self.start(bridge(url, upstream={"cookie_jar": self.full_jar()}))
        self.assertEqual(
            self.cookies_seen(server, daemon),
            ["room=value-room; chat=value-chat; plain=value-plain; httponly=value-http"],
            "one Cookie header: longer paths first, then the order of the file")
        daemon.stop()
        self.assertNotIn("value-", daemon.stderr(), "values of cookies never appear in the log")
        self.assertTrue(daemon.problems("cookies.txt"), "malformed lines are reported")

    def test_wss_sees_the_secure_ones_too(self):
        ca = self.ca()
        server = self.server(tls=ca.server_context())
        daemon = self.start(bridge(server.url("/other"), upstream={
            "cookie_jar": self.full_jar(), "tls": {"ca_file": ca.certificate}}))
        self.assertEqual(self.cookies_seen(server, daemon),
                         ["plain=value-plain; secure=value-secure; httponly=value-http"])

    def test_an_ip_address_matches_only_itself(self):
        server = self.server()
        daemon = self.start(bridge(server.url(), upstream={"cookie_jar": self.full_jar()}))
        self.assertEqual(self.cookies_seen(server, daemon), ["loopback=value-loopback"])

    def test_the_jar_is_read_again_when_it_changes(self):
        server = self.server()
        jar = self.write_jar(jar_line("plain", "first") + "\n")
        daemon = self.start(bridge(server.url(host="localhost"), upstream={"cookie_jar": jar}))
        self.assertEqual(self.cookies_seen(server, daemon), ["plain=first"])
        for value, how in (("second-one", "in place"), ("third", "rename")):
            with self.subTest(how):
                self.write_jar(jar_line("plain", value) + "\n", how)
                self.assertEqual(self.cookies_seen(server, daemon), [f"plain={value}"],
                                 "a new session sees the changed jar")
        self.write_jar("")
        self.assertEqual(self.cookies_seen(server, daemon), [], "no cookie, no header")


if __name__ == "__main__":
    main()
