# SPDX-License-Identifier: MIT
"""A server that keeps account of numbered lines: who sent which, in which order.

A session's first line is `hello TOKEN COUNT`; it is sent COUNT numbered lines at once (`echo`: one
for each of its own), and what it sends, `TOKEN NUMBER`, is written down. `bye TOKEN` is answered
with a Close. Behind a reconnect the same token goes on."""
import threading

from kit.upstream import CLOSE, PING, PONG, TEXT, RawServer, close_frame, frame
from kit.waiting import deadline

PADDING = "x" * 80


def line(token, number):
    return f"{token} {number} {PADDING}"


def number_of(text, token):
    """Of a line; one of somebody else, or a part of one, fails."""
    name, number, padding = text.split(" ")
    if name != token or padding != PADDING:
        raise AssertionError(f"a line of another session, or not whole: {text[:120]!r}")
    return int(number)


class NumberedServer:
    """Serves each connection in a thread of its own, until closed."""

    def __init__(self, tls=None, headers=lambda: (), **options):
        self.server = RawServer(tls=tls, backlog=1024, **options)
        self.server.socket.settimeout(None)
        self.headers = headers  # of each 101, as HTTP lines
        self.received = {}      # numbers by token, in their order
        self.wrong = []
        self.dials = 0
        self.lock = threading.Lock()
        self.open = set()
        self.thread = threading.Thread(target=self._accept)
        self.thread.start()

    def url(self, host=None):
        return self.server.url(host=host)

    @property
    def port(self):
        return self.server.port

    def numbers(self, token):
        with self.lock:
            return list(self.received.get(token, []))

    def close(self):
        self.server.socket.shutdown(2)  # wakes the accept
        self.server.close()
        self.thread.join(deadline())
        with self.lock:
            for upstream in list(self.open):
                try:
                    upstream.socket.shutdown(2)
                except OSError:
                    pass  # it has ended meanwhile

    def _accept(self):
        while True:
            try:
                upstream = self.server.accept()
            except OSError as failure:
                if self.server.socket.fileno() < 0 or failure.errno == 22:
                    return
                continue  # that one left within its handshake
            with self.lock:
                self.open.add(upstream)
                self.dials += 1
            threading.Thread(target=self._serve, args=[upstream], daemon=True).start()

    def _serve(self, upstream):
        try:
            upstream.socket.settimeout(None)
            upstream.open(*self.headers())
            self._converse(upstream)
        except (OSError, EOFError, ValueError):
            pass  # the client left; what it sent is written down
        except AssertionError as failure:
            self.wrong.append(str(failure))
        finally:
            with self.lock:
                self.open.discard(upstream)
            upstream.close()

    def _converse(self, upstream):
        token, is_echo, is_closing = None, False, False
        while True:
            part = upstream.read_frame()
            if part.opcode == PING:
                upstream.send(frame(PONG, part.payload))
            elif part.opcode == CLOSE:
                if not is_closing:
                    upstream.send(close_frame(part.close_code))
                return
            elif part.opcode == TEXT:
                text = part.payload.decode()
                if text.startswith("hello "):
                    _, token, count = text.split(" ")
                    is_echo = count == "echo"
                    self._begin(token)
                    upstream.send(b"".join(frame(TEXT, line(token, number)) for number in
                                           range(1, 1 if is_echo else int(count) + 1)))
                    continue
                if text.startswith("bye "):
                    is_closing = True
                    upstream.send(close_frame(1000))
                    continue
                # Behind a reconnect the token's hello may have been confirmed before.
                token = token or text.split(" ")[0]
                self._write_down(token, number_of(text, token))
                if is_echo:
                    upstream.send(frame(TEXT, text))

    def _begin(self, token):
        with self.lock:
            self.received.setdefault(token, [])

    def _write_down(self, token, number):
        with self.lock:
            self.received.setdefault(token, []).append(number)
