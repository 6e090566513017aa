# SPDX-License-Identifier: MIT
"""A local program's session with a NumberedServer, and the account of its lines: each is delivered
in its place, or the program was told that the session failed."""
import time

from kit.local import Local
from kit.numbered_server import line, number_of

ERROR_LINE = "ERR {reason}"


class Talk:
    """What one session sent, what came back and how it ended."""

    def __init__(self, token, up, down, portions=1, pause=0.0):
        """`down` is a number, or "echo"; the lines are sent in so many portions, with pauses."""
        self.token, self.up, self.greeting = token, up, f"hello {token} {down}\n"
        self.down = up if down == "echo" else down
        self.portions, self.pause = portions, pause
        self.received, self.partial = [], b""
        self.end = None          # "eof", "reset" or "refused"
        self.error_line = None

    def run(self, address):
        """The whole session; a program that waits in vain gets the test's deadline."""
        try:
            local = Local(address)
        except OSError as failure:
            self.end = "refused" if not isinstance(failure, TimeoutError) else "hung"
            return self
        data = bytearray()
        was_refused = False
        try:
            try:
                self._send(local)
            except (ConnectionResetError, BrokenPipeError):
                was_refused = True  # reading behind that is a plain end
            self._read(local, data, lambda: data.count(b"\n") >= self.down or b"ERR " in data)
            try:
                local.send(f"bye {self.token}\n".encode())
                local.shutdown_write()
            except OSError:
                was_refused = True
            self._read(local, data, lambda: False)
        except TimeoutError:
            self.end = "hung"
        finally:
            local.close()
        if was_refused and self.end == "eof":
            self.end = "reset"
        self._judge(bytes(data))
        return self

    def _send(self, local):
        local.send(self.greeting.encode())
        for portion in range(self.portions):
            first, behind = (self.up * at // self.portions + 1 for at in (portion, portion + 1))
            lines = [line(self.token, number) + "\n" for number in range(first, behind)]
            local.send("".join(lines).encode())
            if self.pause:
                time.sleep(self.pause)  # the program's own pace

    def _read(self, local, data, is_enough):
        while self.end is None and not is_enough():
            try:
                part = local.socket.recv(1 << 18)
            except ConnectionResetError:
                self.end = "reset"
                return
            if not part:
                self.end = "eof"
            data += part

    def _judge(self, data):
        lines = data.split(b"\n")
        self.partial = lines.pop()
        for one in lines:
            if one.startswith(b"ERR "):
                self.error_line = one.decode()
            else:
                self.received.append(number_of(one.decode(), self.token))

    def was_told(self):
        """Whether the program could see that something was wrong."""
        return self.end in ("reset", "refused") or self.error_line is not None

    def check(self, numbers, may_repeat=False):
        """What is wrong, in words, given what the server received; "" when nothing is."""
        arrived = without_repeats(numbers) if may_repeat else numbers
        if arrived != list(range(1, len(arrived) + 1)):
            return f"up: not each line once and in order: {arrived[:20]}… of {self.up}"
        if self.received != list(range(1, len(self.received) + 1)):
            return f"down: not each line once and in order: {self.received[:20]}… of {self.down}"
        if self.end == "hung":
            return f"hangs; {len(arrived)} up, {len(self.received)} down"
        if not self.was_told() and (self.partial or not self.is_complete(numbers)):
            return (f"lost silently: {len(arrived)} of {self.up} up, {len(self.received)} of "
                    f"{self.down} down, {self.end}")
        return ""

    def is_complete(self, numbers):
        return (len(set(numbers)) == self.up and len(self.received) == self.down)


def without_repeats(numbers):
    """As a server sees lines that are sent again: those it knows already are left out."""
    last, kept = 0, []
    for number in numbers:
        if number > last:
            kept.append(number)
            last = number
    return kept
