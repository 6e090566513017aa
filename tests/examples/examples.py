# SPDX-License-Identifier: MIT
"""The programs of libws/examples do what their first lines and the guide say.

Scenario: each is run as a user runs it, against python3-websockets or Boost.Beast.
Method:   what they print, and how they end.
Why:      an example that does not work teaches the wrong thing.
"""
import http.server
import os
import pathlib
import re
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from kit.case import E2eCase, main  # noqa: E402
from kit.process import free_ports  # noqa: E402
from kit.waiting import deadline  # noqa: E402
from kit.websockets_server import WebsocketsServer, request_headers  # noqa: E402

EXAMPLES = os.environ.get("LIBWS_EXAMPLES", "build/dev/examples")


async def echo(connection):
    """Sends everything back; "fail" closes with 4000, "headers" tells what the request said."""
    async for message in connection:
        if message == "fail":
            await connection.close(4000, "asked to")
            return
        if message == "headers":
            headers = request_headers(connection)
            message = " ".join(f"{name}={headers.get(name)}" for name in
                               ("Cookie", "Origin", "X-Token", "Authorization",
                                "Sec-WebSocket-Extensions"))
        await connection.send(message)


class Example(E2eCase):

    def serve(self, handler=echo, tls=None, **options):
        server = WebsocketsServer(handler, tls, **options)
        self.addCleanup(server.close)
        return server

    def run_example(self, name, *arguments, stdin="", status=0):
        """(stdout, stderr) of an example that must end by itself, with this status."""
        done = subprocess.run([f"{EXAMPLES}/{name}", *arguments], input=stdin, text=True,
                              capture_output=True, timeout=deadline(60))
        self.assertEqual(done.returncode, status, f"{name} {arguments}: {done.stderr}")
        return done.stdout, done.stderr

    def write(self, name, text):
        pathlib.Path(self.path(name)).write_text(text, encoding="utf-8")
        return self.path(name)


class Programs(Example):

    def test_echo_client(self):
        server = self.serve()
        self.assertEqual(self.run_example("echo_client", server.url(), "hello", "how are you")[0],
                         "hello\nhow are you\n")
        _, said = self.run_example("echo_client", f"ws://127.0.0.1:{free_ports(1)[0]}/", "x", status=1)
        self.assertIn("Connection refused", said)

    def test_benchmark_client(self):
        said, _ = self.run_example("benchmark_client", self.beast_peer(echo=1).url(), "2000", "64", "8")
        self.assertRegex(said, r"messages/s, .* MB/s\nround trip: median \d+ us, 99 % \d+ us, "
                               r"longest \d+ us\n")

    def test_feed_recorder_comes_back_and_keeps_what_was_cut(self):
        connections = []

        async def feed(connection):
            connections.append(await connection.recv())
            if len(connections) == 1:
                await connection.send("one")
                await connection.send(["t", "w", "o"])  # fragments
                # Half a message, in the raw: text without FIN.
                connection.transport.write(b"\x01\x03cut")
                await connection.ping()
                await (await connection.ping())
                connection.transport.abort()
            else:
                await connection.send("x" * 3_000_000)

        url = self.serve(feed).url()
        file = self.path("feed.txt")
        _, said = self.run_example("feed_recorder", url, file, "subscribe")
        self.assertEqual(pathlib.Path(file).read_text(encoding="utf-8"),
                         "one\ntwo\ncut\n" + "x" * 3_000_000 + "\n")
        self.assertEqual(connections, ["subscribe", "subscribe"])
        self.assertIn("closed with 1000", said)

    def test_feed_recorder_leaves_when_it_will_not_get_better(self):
        _, said = self.run_example("feed_recorder", "http://127.0.0.1/", self.path("none"), status=1)
        self.assertEqual(said, "invalid URL: use ws:// instead of http://\n")


class Wscat(Example):

    def test_lines_and_commands(self):
        server = self.serve(subprotocols=["chat"])
        said, notes = self.run_example("wscat", "-s", "chat", "--linger", "0.3",
                                       server.url(), stdin="one\n//two\n\n/ping now\n/what\nlast")
        self.assertEqual(said, "one\n/two\n\nlast\n")
        for note in ("connected to ws://127.0.0.1:", "subprotocol chat", "pong now", "commands: ",
                     "closed with 1000"):
            self.assertIn(note, notes)

    def test_ends(self):
        url = self.serve().url()
        _, notes = self.run_example("wscat", url, stdin="/close 3000 bye\n", status=1)
        self.assertIn("closed with 3000", notes)
        _, notes = self.run_example("wscat", url, stdin="fail\n/pause\n/resume\n", status=1)
        self.assertIn("closed with 4000 asked to", notes)
        self.assertEqual(self.run_example("wscat", "-q", "--one-shot", url, stdin="one\n"),
                         ("one\n", ""))
        _, notes = self.run_example("wscat", url.replace("ws:", "http:"), status=1)
        self.assertIn("invalid_url (options)", notes)
        self.run_example("wscat", "--no-such-flag", url, status=2)
        self.assertIn("--ping-interval", self.run_example("wscat", "--help")[0])

    def test_what_the_request_says(self):
        jar = self.write("jar", "127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tabc\n")
        said, _ = self.run_example("wscat", "--linger", "0.3", "-b", jar, "-o", "https://a.example", "-H", "X-Token: t",
                                   "-z", self.serve(compression=None).url(), stdin="headers\n")
        self.assertIn("Cookie=session=abc Origin=https://a.example X-Token=t Authorization=None "
                      "Sec-WebSocket-Extensions=permessage-deflate", said)
        self.run_example("wscat", "-b", self.path("none"), "ws://127.0.0.1:1/", status=2)
        self.run_example("wscat", "-H", "no colon", "ws://127.0.0.1:1/", status=2)

    def test_tls_and_compression(self):
        server = self.serve(tls=self.ca().server_context())
        arguments = ["-z", "--tls-min-version", "1.3", server.url()]
        said, notes = self.run_example("wscat", "--tls-ca-file", self.ca().certificate, *arguments,
                                       stdin="y" * 5000 + "\n")
        self.assertEqual(said, "y" * 5000 + "\n")
        self.assertIn("compressed", notes)
        _, notes = self.run_example("wscat", *arguments, status=1)
        self.assertIn("certificate_rejected (tls)", notes)
        self.run_example("wscat", "--tls-insecure-skip-verify", *arguments, stdin="x\n")

    def test_limits(self):
        url = self.serve().url()
        _, notes = self.run_example("wscat", "--max-message", "10", url, stdin="z" * 11 + "\n", status=1)
        self.assertIn("message_too_big (open)", notes)
        _, notes = self.run_example("wscat", "--send-limit", "10", url, stdin="z" * 11 + "\n")
        self.assertIn("not sent", notes)
        said, _ = self.run_example("wscat", "--send-high-water", "1", url, stdin="a\nb\nc\n")
        self.assertEqual(said, "a\nb\nc\n", "stdin waits for on_drain between lines")

    def test_the_way_to_the_server(self):
        server = self.serve()
        port = server.port
        said, _ = self.run_example("wscat", "--linger", "0.3", "-u", "me:secret", "--resolve",
                                   f"chat.example:{port}=127.0.0.1", f"ws://chat.example:{port}/",
                                   stdin="headers\n")
        self.assertIn("Authorization=Basic bWU6c2VjcmV0", said)
        self.run_example("wscat", "--resolve", "nothing", server.url(), status=2)
        self.run_example("wscat", "-u", "nobody", server.url(), status=2)
        _, notes = self.run_example("wscat", "-x", f"http://127.0.0.1:{free_ports(1)[0]}",
                                    server.url(), status=1)
        self.assertIn("wscat: ", notes)

    def test_a_pin_must_fit(self):
        server = self.serve(tls=self.ca().server_context())
        arguments = ["--linger", "0.1", "--tls-ca-file", self.ca().certificate, server.url()]
        _, notes = self.run_example("wscat", *arguments)
        pin = re.search(r"pin (\S+)", notes)[1]
        self.run_example("wscat", "--tls-pin-sha256", pin, *arguments)
        self.run_example("wscat", "--tls-pin-sha256", "A" * 43 + "=", *arguments, status=1)
        _, notes = self.run_example("wscat", "-q", "--tls-insecure-skip-verify", *arguments)
        self.assertIn("WARNING", notes, "insecure is loud, however quiet the rest")

    def test_every_option_has_a_flag(self):
        help_text, _ = self.run_example("wscat", "--help")
        text = (ROOT / "libws/include/ws/options.h").read_text(encoding="utf-8")
        # What a command line cannot say, or says by another name.
        elsewhere = {"callbacks", "handler", "tls", "tls_context", "compression", "session_cookies"}
        missing = []
        for struct, prefix in (("Options", ""), ("TlsOptions", "tls-"), ("Compression", "compression-")):
            body = re.search(rf"^struct {struct} {{(.*?)^}};", text, re.DOTALL | re.MULTILINE)[1]
            code = re.sub(r"//.*", "", body)
            for field in re.findall(r"(\w+)\s*(?:\{[^;]*\}|=[^;]*)?;", code):
                flag = prefix + field.replace("_", "-")
                if field not in elsewhere | {"operator"} and not re.search(rf"--(no-)?{flag}\b", help_text):
                    missing.append(flag)
        self.assertEqual(missing, [])


class FromAsyncore(Example):
    ROWS = {
        "constructor": "chat: hello\nclosed 1000\n",
        "replace": "first one\nnext two\n",
        "send": "text\n2 bytes\na message in pieces\n",
        "close": "closed 1001 by us\n",
        "loop": "closed\nclosed\nclosed\n",
        "raise": "invalid_url\n",
        "callback": "my own\n",
        "onclose": "code 4000\n",
    }

    def test_every_row(self):
        url = self.serve(subprotocols=["chat"]).url()
        for row, expected in self.ROWS.items():
            with self.subTest(row=row):
                self.assertEqual(self.run_example("asyncore_rows", row, url)[0], expected)

    def test_every_row_is_in_the_table(self):
        page = (ROOT / "docs/libws/from-asyncore.md").read_text(encoding="utf-8")
        shown = set(re.findall(r"<!-- libws/examples/asyncore/rows\.cc#(\w+) -->", page))
        self.assertEqual(shown, set(self.ROWS))


class Guide(Example):

    def chapter(self, name, url, *arguments):
        return self.run_example("guide_chapters", name, url, *arguments)[0]

    def test_hello_and_own_base(self):
        url = self.serve().url()
        self.assertEqual(self.run_example("guide_hello", url)[0], "hello\n")
        self.assertEqual(self.run_example("guide_own_base", url)[0], "open\n")
        _, said = self.run_example("guide_own_base", f"ws://127.0.0.1:{free_ports(1)[0]}/", status=1)
        self.assertIn("Connection refused", said)

    def test_testing_needs_no_server(self):
        said, _ = self.run_example("guide_testing")
        self.assertEqual(said.count("ok: "), 5)

    def test_reconnecting(self):
        greetings = ["one", "two"]

        async def feed(connection):
            await connection.recv()
            await connection.send(greetings.pop(0))
            if greetings:
                await (await connection.ping())
                connection.transport.abort()

        self.assertEqual(self.chapter("reconnecting", self.serve(feed).url()),
                         "one\nconnection_lost, trying again\ntwo\n")

    def test_backpressure_and_pausing(self):
        self.assertEqual(self.chapter("backpressure", self.beast_peer(echo=1).url()),
                         "100000 lines came back\n")
        self.assertEqual(self.chapter("pausing", self.serve().url()), "3 pauses\n")

    def test_streaming(self):
        self.assertEqual(self.chapter("streaming", self.serve().url()), "1000000 bytes\n")

    def test_tls(self):
        url = self.serve(tls=self.ca().server_context()).url()
        self.assertEqual(self.chapter("tls", url, self.ca().certificate),
                         "secure\nsecure\ncertificate_rejected\n")

    def test_cookies(self):
        jar = self.write("jar", "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1\n"
                                "127.0.0.1\tFALSE\t/\tTRUE\t0\tb\t2\n")
        self.assertEqual(self.chapter("cookies", self.serve().url(), jar), "a sent\nb secure\n")

    def test_errors(self):
        class Refuser(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_error(403)

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Refuser)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.handle_request, daemon=True).start()
        refused = f"ws://127.0.0.1:{free_ports(1)[0]}/"
        self.assertEqual(self.chapter("errors", f"ws://127.0.0.1:{server.server_port}/", refused),
                         "the server said 403\nlater\n")


if __name__ == "__main__":
    main()
