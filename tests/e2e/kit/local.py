# SPDX-License-Identifier: MIT
"""The local side: programs that speak lines over TCP or a Unix socket."""
import socket
import struct
import time

from kit.waiting import deadline


def split_address(address):
    """A socket family and address out of the text of a `ready:` line."""
    if address.startswith("unix:@"):
        return socket.AF_UNIX, "\0" + address[len("unix:@"):]
    if address.startswith("unix:"):
        return socket.AF_UNIX, address[len("unix:"):]
    host, port = address.rsplit(":", 1)
    if host.startswith("["):
        return socket.AF_INET6, (host[1:-1], int(port))
    return socket.AF_INET, (host, int(port))


def has_connected(one, where):
    """Whether the connection is made; False: the queue of those not accepted yet is full."""
    try:
        one.connect(where)
    except BlockingIOError:  # of a Unix socket, as unix(7) says
        return False
    except ConnectionResetError:  # connected, and sent away before connect() had returned
        pass
    return True


class Local:
    """A local connection with line reading; every wait has a deadline."""

    def __init__(self, address, receive_buffer=0):
        self.pending = bytearray()
        if isinstance(address, socket.socket):  # connected already, by whom does not matter
            self.socket = address
            self.socket.settimeout(deadline())
            return
        family, where = split_address(address)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(deadline())
        try:
            self.socket.connect(where)
        except OSError:
            self.socket.close()
            raise

    def send(self, data):
        self.socket.sendall(data)

    def shutdown_write(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Disconnects with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def read(self, size=65536):
        """What is there next, b"" at the end; pending bytes first."""
        if self.pending:
            taken, self.pending = bytes(self.pending), bytearray()
            return taken
        return self.socket.recv(size)

    def read_line(self, delimiter=b"\n"):
        """The next line with its delimiter, or what came before the end."""
        searched = 0
        while (at := self.pending.find(delimiter, searched)) < 0:
            searched = max(0, len(self.pending) - len(delimiter) + 1)
            data = self.socket.recv(65536)
            if not data:
                at = len(self.pending) - len(delimiter)
                break
            self.pending += data
        end = at + len(delimiter)
        line = bytes(self.pending[:end])
        del self.pending[:end]
        return line

    def read_lines(self, count):
        return [self.read_line() for _ in range(count)]

    def read_all(self, seconds=20.0):
        """Everything up to the end of the stream; a reset raises ConnectionResetError."""
        self.socket.settimeout(deadline(seconds))
        parts = [bytes(self.pending)]
        self.pending = bytearray()
        while data := self.socket.recv(1 << 18):
            parts.append(data)
        return b"".join(parts)

    def read_until_end(self, seconds=20.0):
        """(everything received, "eof" or "reset")."""
        self.socket.settimeout(deadline(seconds))
        data = bytearray(self.pending)
        self.pending = bytearray()
        while True:
            try:
                part = self.socket.recv(1 << 18)
            except ConnectionResetError:
                return bytes(data), "reset"
            if not part:
                return bytes(data), "eof"
            data += part

    def is_silent(self, seconds=0.2):
        """Whether nothing (neither bytes nor the end) arrives for that long."""
        self.socket.settimeout(seconds)
        try:
            self.pending += self.socket.recv(1)
            return False
        except (TimeoutError, socket.timeout):
            return True
        finally:
            self.socket.settimeout(deadline())

    @staticmethod
    def delay(seconds):
        """The program's own slowness: part of the scenario, not a wait for something to happen."""
        time.sleep(seconds)

    def close(self):
        self.socket.close()
