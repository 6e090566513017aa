# SPDX-License-Identifier: MIT
"""What servers set: for the session, or merged into the file that other programs write too.

Scenario: Set-Cookie on the 101, on redirects and on refusals; a jar behind a symbolic link; limits;
          two daemons and many sessions that store at once; a directory that cannot be written.
Method: servers that set numbered cookies; the file is read back and counted.
Why: a cookie that is lost is a login that fails tomorrow, a file that is damaged is all of them.
"""
import fcntl
import os
import stat
import time

from kit.case import E2eCase, bridge, main
from kit.daemon import write_config

FUTURE = "Expires=Fri, 01 Jan 2100 00:00:00 GMT"
TITLE = "# Netscape HTTP Cookie File\n"


def jar_line(name, value, domain="127.0.0.1"):
    return "\t".join([domain, "FALSE", "/", "FALSE", "4102444800", name, value]) + "\n"


class LiveCookies(E2eCase):

    def write_jar(self, text, name="cookies.txt"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read_jar(self, path):
        """{name: value}; every line is a cookie of seven fields or a comment."""
        cookies = {}
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith("# Netscape"), text[:100])
        for line in text.splitlines():
            if line and (not line.startswith("#") or line.startswith("#HttpOnly_")):
                fields = line.split("\t")
                self.assertEqual(len(fields), 7, line)
                cookies[fields[5]] = fields[6]
        return cookies

    @staticmethod
    def state_of(path):
        status = os.stat(path)
        return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns

    def numbering_server(self, count):
        """A server that sets the cookie nN on its Nth answer and answers all at once, so that the
        sessions store at the same time; a thread serves."""
        server = self.server(backlog=256)
        def serve():
            upstreams = [server.accept() for _ in range(count)]
            for upstream in upstreams:
                upstream.read_request()
            for number, upstream in enumerate(upstreams):
                upstream.answer(f"Set-Cookie: n{number}=v{number}; {FUTURE}")
            for upstream in upstreams:
                upstream.send_text("done")
        return server, self.in_background(serve)

    def answer_redirect(self, server, target, *headers):
        upstream = server.accept()
        request = upstream.read_request()
        lines = ["HTTP/1.1 302 Found", f"Location: {target}", "Content-Length: 0", *headers, "", ""]
        upstream.send("\r\n".join(lines).encode("ascii"))
        upstream.read_end()
        return request.all("Cookie")

    def answer_refusal(self, server, *headers):
        upstream = server.accept()
        upstream.read_request()
        lines = ["HTTP/1.1 404 Not Found", "Content-Length: 0", *headers, "", ""]
        upstream.send("\r\n".join(lines).encode("ascii"))
        upstream.read_end()

    def test_without_store_cookies_they_live_in_their_session(self):
        server = self.server()
        jar = self.write_jar(TITLE + jar_line("old", "1"))
        before = self.state_of(jar)
        daemon = self.start(bridge(server.url(), upstream={"cookie_jar": jar,
                                                           "follow_redirects": 2}))
        for attempt in range(2):
            with self.subTest(attempt):
                served = self.in_background(self.answer_redirect, server, "/next",
                                            "Set-Cookie: step=2", "Set-Cookie: old=new")
                local = self.connect(daemon.address())
                self.assertEqual(served.result(), ["old=1"],
                                 "another session's cookies are not sent")
                upstream = server.open("Set-Cookie: third=3")
                self.assertEqual(sorted(upstream.request.get("Cookie").split("; ")),
                                 ["old=new", "step=2"], "the session's lie over the file's")
                local.close()
                upstream.close()
        self.assertEqual(self.state_of(jar), before, "the file was not touched")

    def test_with_store_cookies_every_response_counts(self):
        server = self.server()
        real = self.write_jar(TITLE + "# mine\n" + jar_line("old", "1") + "not a cookie\n",
                              "real.txt")
        os.chmod(real, 0o644)
        jar = self.path("link.txt")
        os.symlink("real.txt", jar)
        daemon = self.start(bridge(server.url(), upstream={
            "cookie_jar": jar, "store_cookies": True, "follow_redirects": 1}))
        served = self.in_background(self.answer_redirect, server, "/next",
                                    f"Set-Cookie: redirected=1; {FUTURE}")
        local = self.connect(daemon.address())
        served.result()
        upstream = server.open(f"Set-Cookie: opened=1; {FUTURE}", "Set-Cookie: brief=1; Max-Age=0")
        local.send(b"x\n")
        self.assertEqual(upstream.read_text(), b"x")
        local.close()
        upstream.close()
        served = self.in_background(self.answer_refusal, server,
                                    f"Set-Cookie: refused=1; {FUTURE}",
                                    "Set-Cookie: stranger=1; Domain=example.com")
        self.connect(daemon.address())
        served.result()
        daemon.wait_for_session_end(count=2)
        daemon.stop()  # which waits for the writing
        self.assertEqual(self.cookies_of(real),
                         {"old": "1", "redirected": "1", "opened": "1", "refused": "1"})
        self.assertTrue(os.path.islink(jar), "the link stays a link")
        self.assertEqual(stat.S_IMODE(os.stat(real).st_mode), 0o600)
        with open(real, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("# mine\n", text, "comments of others stay")
        self.assertIn("not a cookie\n", text, "and their lines")
        self.assertTrue(daemon.problems("not kept", "domain"), "a refused cookie is told")
        self.assertNotIn("stranger=", daemon.stderr())

    def cookies_of(self, path):
        with open(path, encoding="utf-8") as file:
            lines = [line.split("\t") for line in file.read().splitlines()]
        return {fields[5]: fields[6] for fields in lines if len(fields) == 7}

    def test_two_daemons_and_many_sessions_lose_nothing(self):
        count = 45  # of each host: servers may set 50 for a domain
        jar = self.write_jar(TITLE + jar_line("mine", "1", "other.example"))
        daemons, serving, locals_ = [], [], []
        for host in ("127.0.0.1", "localhost"):
            server, future = self.numbering_server(count)
            serving.append(future)
            daemons.append(self.start(bridge(server.url(host=host), upstream={
                "cookie_jar": jar, "store_cookies": True}), threads=2))
        for _ in range(count):
            locals_ += [self.connect(daemon.address()) for daemon in daemons]
        for future in serving:
            future.result()
        for local in locals_:
            self.assertEqual(local.read_line(), b"done\n")
        for daemon in daemons:
            self.assertEqual(daemon.problems("not stored"), [])
            daemon.stop()  # which waits for the writing
        with open(jar, encoding="utf-8") as file:
            lines = [line.split("\t") for line in file.read().splitlines() if "\t" in line]
        self.assertEqual({len(fields) for fields in lines}, {7})
        for host in ("127.0.0.1", "localhost"):
            stored = {fields[5]: fields[6] for fields in lines if fields[0] == host}
            self.assertEqual(stored, {f"n{number}": f"v{number}" for number in range(count)})
        self.assertEqual([fields[5] for fields in lines if fields[0] == "other.example"], ["mine"])
        self.assertEqual(stat.S_IMODE(os.stat(jar).st_mode), 0o600)

    def test_the_limits(self):
        server = self.server()
        lines = [jar_line(f"x{number}", "1", f"h{number}.example") for number in range(2990)]
        jar = self.write_jar(TITLE + "".join(lines))
        daemon = self.start(bridge(server.url(), upstream={"cookie_jar": jar,
                                                           "store_cookies": True}))
        local = self.connect(daemon.address())
        fields = [f"Set-Cookie: c{number:03}=1; {FUTURE}" for number in range(60)]
        fields += ["Set-Cookie: big=" + "b" * 4093 + "; " + FUTURE,
                   "Set-Cookie: bigger=" + "b" * 4091 + "; " + FUTURE]
        upstream = server.open(*fields)
        local.send(b"x\n")
        upstream.read_text()
        daemon.stop()
        cookies = self.read_jar(jar)
        ours = sorted(name for name in cookies if not name.startswith("x"))
        self.assertEqual(len(ours), 50, "of one domain")
        self.assertIn("big", ours, "name and value of 4096 bytes")
        self.assertNotIn("bigger", ours, "of 4097")
        self.assertLessEqual(len(cookies), 3000, "in all")
        self.assertTrue(daemon.problems("not kept", "4 KiB"))

    def test_a_directory_that_cannot_be_written(self):
        # Readable and regular, and nobody, root included, can put a file beside it.
        config = {"bridges": [bridge("ws://127.0.0.1:9/", upstream={
            "cookie_jar": "/proc/version", "store_cookies": True})]}
        path = write_config(self.directory, config)
        for verb in ("check", "run"):
            with self.subTest(verb):
                status, out, err = self.run_to_end(verb, "-c", path)
                self.assertEqual((status, out), (2, ""), err)
                self.assertRegex(err, r":\d+:\d+: cookie_jar: store_cookies needs a directory")

    def test_a_file_that_cannot_be_written_later_is_told(self):
        server = self.server()
        os.mkdir(self.path("jar"))
        jar = self.write_jar(TITLE, "jar/cookies.txt")
        daemon = self.start(bridge(server.url(), upstream={"cookie_jar": jar,
                                                           "store_cookies": True}), threads=1)
        os.mkdir(self.path("jar/.cookies.txt.lock"))  # no file can have this name now
        local = self.connect(daemon.address())
        upstream = server.open(f"Set-Cookie: a=1; {FUTURE}")
        local.send(b"x\n")
        upstream.read_text()
        daemon.wait_for_entry("cookies not stored", "cookies.txt")
        os.rmdir(self.path("jar/.cookies.txt.lock"))
        second = self.connect(daemon.address())
        self.assertEqual(server.open(f"Set-Cookie: b=1; {FUTURE}").request.all("Cookie"), ["a=1"],
                         "it was kept in memory")
        daemon.wait_for_entry("cookies stored again")
        self.assertIn("b", self.read_jar(jar))
        second.close()

    def test_a_stop_waits_for_the_locks_of_all_files_as_long_as_for_one(self):
        server = self.server()
        jars = [self.write_jar(TITLE, f"{number}.txt") for number in range(4)]
        for jar in jars:
            directory, name = os.path.split(jar)
            file = open(f"{directory}/.{name}.lock", "w", encoding="ascii")
            self.addCleanup(file.close)
            fcntl.flock(file, fcntl.LOCK_EX)
        daemon = self.start(*[
            bridge(server.url(), name=f"b{number}",
                   upstream={"cookie_jar": jar, "store_cookies": True})
            for number, jar in enumerate(jars)])
        for number in range(4):
            local = self.connect(daemon.address(f"b{number}"))
            server.open(f"Set-Cookie: a=1; {FUTURE}").send_text("hello")
            self.assertEqual(local.read_line(), b"hello\n")
            local.close()
        began = time.monotonic()
        daemon.signal()
        self.assertEqual(daemon.wait(), 0)
        # 5 s, and as long for one that had begun before; each for itself would be 20 s.
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(len(daemon.problems("cookies not stored")), 4, "and each is told")


if __name__ == "__main__":
    main()
