# SPDX-License-Identifier: MIT
"""`wsbridged cat` is a session on stdin and stdout: good for scripts, cron and a first line.

Scenario: pipes, regular files and a terminal on both sides; a reader that leaves; signals; servers
          that end well, badly, late or never.
Method: the command is run; its output, its exit status and what the server saw are compared.
Why: a script acts on the status, and what it was told is all there must be nothing missing.
"""
import os
import pty
import select
import signal
import subprocess
import threading

from kit.case import E2eCase, bridge, main
from kit.daemon import DEV_BINARY, environment, write_config
from kit.process import free_ports
from kit.upstream import close_frame, frame, TEXT
from kit.waiting import deadline, wait_until
from kit.websockets_server import WebsocketsServer

LINES = "".join(f"line {number} {'x' * 390}\n" for number in range(5000))  # 2 MB


async def echo(connection):
    async for message in connection:
        await connection.send(message)


class CatVerb(E2eCase):

    def spawn(self, *arguments, **streams):
        """`wsbridged cat …` with pipes unless told otherwise."""
        for name in ("stdin", "stdout", "stderr"):
            streams.setdefault(name, subprocess.PIPE)
        child = subprocess.Popen([DEV_BINARY, "cat", *arguments], env=environment(), **streams)

        def end():
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                try:
                    if stream:
                        stream.close()
                except BrokenPipeError:
                    pass  # what a test wrote and nobody took
        self.addCleanup(end)
        return child

    def run_cat(self, *arguments, data=b"", **streams):
        """(status, stdout, stderr) of a run to the end; `data` is its stdin."""
        if "stdin" not in streams:
            streams["input"] = data
        streams.setdefault("stdout", subprocess.PIPE)
        run = subprocess.run([DEV_BINARY, "cat", *arguments], stderr=subprocess.PIPE, check=False,
                             env=environment(), timeout=deadline(60), **streams)
        return run.returncode, run.stdout, run.stderr.decode()

    def config(self, url, **sections):
        sections = {"session": {"drain_timeout": "1s"}, **sections}
        return write_config(self.directory, {"bridges": [bridge(url, name="chat", **sections)]})

    def echo_config(self):
        server = WebsocketsServer(echo, compression=None)
        self.addCleanup(server.close)
        return self.config(server.url())

    def play(self, script):
        """A raw server whose one connection does this in the background."""
        server = self.server()
        return server, self.in_background(lambda: script(server.open()))

    def test_everything_goes_through_pipes_and_files_and_comes_back(self):
        path = self.echo_config()
        status, out, err = self.run_cat("-c", path, "chat", data=LINES.encode())
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out == LINES.encode(), "every line came back, in order")
        with open(self.path("in"), "w", encoding="ascii") as file:
            file.write(LINES)
        with open(self.path("in"), "rb") as source, open(self.path("out"), "wb") as target:
            status, _, err = self.run_cat("-c", path, "chat", stdin=source, stdout=target)
        self.assertEqual((status, err), (0, ""))
        with open(self.path("out"), encoding="ascii") as file:
            self.assertTrue(file.read() == LINES, "from one file into another, too")

    def test_the_end_of_stdin_is_followed_by_replies_as_on_local_eof_says(self):
        def late(upstream):
            self.assertEqual(upstream.read_text(), b"ask")
            upstream.delay(0.3)
            upstream.send_text("late reply")
            return upstream.finish().close_code
        server, played = self.play(late)
        self.assertEqual(self.run_cat("-c", self.config(server.url()), "chat", data=b"ask\n"),
                         (0, b"late reply\n", ""))
        self.assertEqual(played.result(), 1000)

        def never(upstream):
            self.assertEqual(upstream.read_text(), b"ask")
            return upstream.finish().close_code
        server, played = self.play(never)
        path = self.config(server.url(), session={"on_local_eof": "close"})
        self.assertEqual(self.run_cat("-c", path, "chat", data=b"ask\n"), (0, b"", ""))
        self.assertEqual(played.result(), 1000)

    def test_a_server_that_ends_well_or_badly_decides_the_status(self):
        for code, expected in ((1000, 0), (1011, 1)):
            def end(upstream, code=code):
                upstream.send(frame(TEXT, "last words") + close_frame(code))
                upstream.read_end()
            server, _ = self.play(end)
            child = self.spawn(server.url())  # its stdin stays open
            self.assertEqual(child.stdout.read(), b"last words\n")
            self.assertEqual(child.wait(deadline()), expected)
            err = child.stderr.read().decode()
            self.assertEqual("close_code=1011" in err, code == 1011, err)

    def test_failures_are_told_on_stderr_with_advice_and_without_secrets(self):
        [closed] = free_ports(1)
        status, out, err = self.run_cat(f"ws://me:marker-pw@127.0.0.1:{closed}/?q=marker-query",
                                        "--header", "X-Secret: marker-header",
                                        data=b"marker-line\n")
        self.assertEqual((status, out), (1, b""))
        self.assertIn("Connection refused", err)
        self.assertIn("check that the server runs", err)
        self.assertNotIn("marker-", err)
        self.assertNotIn("\x1b", err)

    def test_bad_usage_is_2(self):
        path = self.config("ws://127.0.0.1:9/")
        for arguments, words in (((), "name a bridge"),
                                 (("-c", path, "absent"), "no bridge of that name; it has chat"),
                                 (("-c", self.path("absent.yaml"), "chat"), "absent.yaml"),
                                 (("http://127.0.0.1/",), "URL"), (("a", "b"), "See")):
            with self.subTest(arguments):
                status, out, err = self.run_cat(*arguments)
                self.assertEqual((status, out), (2, b""))
                self.assertIn(words, err)

    def test_a_signal_ends_it_cleanly(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            def answer(upstream):
                upstream.send(frame(TEXT, upstream.read_text()))
                return upstream.finish().close_code
            server, played = self.play(answer)
            child = self.spawn(server.url())
            child.stdin.write(b"hello\n")
            child.stdin.flush()
            self.assertEqual(child.stdout.readline(), b"hello\n")
            child.send_signal(number)
            self.assertEqual(child.wait(deadline()), 0)
            self.assertEqual(played.result(), 1001)
            self.assertEqual((child.stdout.read(), child.stderr.read()), (b"", b""))

    def test_a_second_signal_ends_it_at_once_and_what_was_not_sent_is_told(self):
        accepted = threading.Event()

        def never_read(upstream):
            accepted.set()
            upstream.delay(0)
            return upstream
        server, _ = self.play(never_read)
        child = self.spawn(server.url(), stdin=subprocess.PIPE)
        writer = self.in_background(lambda: self.write_until_gone(child))
        self.assertTrue(accepted.wait(deadline()))
        wait_until(lambda: not self.can_write(child.stdin), "nothing more is taken")
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGINT)
        # Two that come together may be seen as one.
        wait_until(lambda: child.poll() is not None or child.send_signal(signal.SIGINT), "ended")
        self.assertEqual(child.wait(deadline()), 1)
        self.assertIn("unsent_bytes_up=", child.stderr.read().decode())
        writer.result()

    @staticmethod
    def can_write(stream):
        return bool(select.select([], [stream], [], 0.2)[1])

    @staticmethod
    def write_until_gone(child):
        try:
            while True:
                child.stdin.write(b"x" * 1000 + b"\n")
        except (BrokenPipeError, ValueError):
            pass

    def test_a_reader_that_leaves_ends_it_quietly(self):
        def stream(upstream):
            for _ in range(1000):  # more than a pipe holds
                upstream.send_text("more " + "x" * 1000)
            return upstream.finish().close_code
        server, played = self.play(stream)
        child = self.spawn(server.url())
        self.assertTrue(child.stdout.readline().startswith(b"more "))
        child.stdout.close()
        self.assertEqual(child.wait(deadline()), 0)
        self.assertEqual(child.stderr.read(), b"")
        self.assertEqual(played.result(), 1000)
        # And one that leaves while nothing is sent.
        def finish(upstream):
            upstream.send_text("it is open")
            return upstream.finish().close_code
        server, played = self.play(finish)
        child = self.spawn(server.url())
        self.assertEqual(child.stdout.readline(), b"it is open\n")
        child.stdout.close()
        self.assertEqual(child.wait(deadline()), 0)
        self.assertEqual(played.result(), 1000)

    def test_streams_that_cannot_be_read_or_written_are_errors(self):
        path = self.echo_config()
        with open("/dev/full", "wb") as full:
            status, _, err = self.run_cat("-c", path, "chat", data=b"hello\n", stdout=full)
        self.assertEqual(status, 1)
        self.assertIn("stdout cannot be written", err)
        folder = os.open(self.directory, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        status, _, err = self.run_cat("-c", path, "chat", stdin=folder)
        self.assertEqual(status, 1)
        self.assertIn("stdin cannot be read", err)

    def test_streams_that_a_shell_has_closed(self):
        path = self.echo_config()
        shell = f"exec '{DEV_BINARY}' cat -c '{path}' chat"
        for redirection, expected in (("<&-", 0), (">&-", 1), ("2>&-", 0)):
            with self.subTest(redirection):
                run = subprocess.run(["/bin/sh", "-c", f"{shell} {redirection}"], check=False,
                                     stdin=subprocess.DEVNULL, capture_output=True,
                                     env=environment(), timeout=deadline(60))
                self.assertEqual(run.returncode, expected, run.stderr)
                self.assertEqual(run.stdout, b"")

    def test_a_terminal_on_both_sides(self):
        path = self.echo_config()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        child = self.spawn("-c", path, "chat", stdin=theirs, stdout=theirs)
        os.close(theirs)
        os.write(ours, b"hello\n")
        seen = b""
        while seen.count(b"hello\r\n") < 2:  # the terminal's echo, and the server's
            seen += os.read(ours, 1000)
        os.write(ours, b"\x04")
        self.assertEqual(child.wait(deadline()), 0)
        self.assertEqual(child.stderr.read(), b"")


if __name__ == "__main__":
    main()
