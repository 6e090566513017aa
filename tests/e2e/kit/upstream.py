# SPDX-License-Identifier: MIT
"""A scripted WebSocket server of raw bytes: the test accepts, reads and sends what it likes, legal
or not. It knows just enough of RFC 6455 to read masked frames."""
import base64
import hashlib
import socket
import ssl
import struct
import time
from dataclasses import dataclass

from kit.waiting import deadline, wait_until

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode("ascii") + GUID).digest()).decode("ascii")


def frame(opcode, payload=b"", fin=True, reserved=0, masked=False):
    """A frame as a server sends it, or (reserved, masked) must not (RFC 6455 5.2)."""
    if isinstance(payload, str):
        payload = payload.encode("utf-8")
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    flag = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([flag | len(payload)])
    elif len(payload) < 65536:
        head += bytes([flag | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", len(payload))
    return head + (b"\0\0\0\0" if masked else b"") + payload  # a mask of zero changes nothing


def close_frame(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


@dataclass
class Frame:
    """A frame as received, unmasked."""
    opcode: int
    payload: bytes
    fin: bool
    reserved: int
    masked: bool

    @property
    def close_code(self):
        return struct.unpack("!H", self.payload[:2])[0] if len(self.payload) >= 2 else None


class Request:
    """The opening handshake's request head."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ", 2)
        self.headers = [tuple(part.strip() for part in line.split(":", 1))
                        for line in lines[1:] if line]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None


class Upstream:
    """One accepted connection."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(deadline())
        self.pending = bytearray()
        self.request = None

    def receive(self, size):
        """Exactly `size` bytes."""
        while len(self.pending) < size:
            data = self.socket.recv(1 << 18)
            if not data:
                raise EOFError(f"end after {len(self.pending)} of {size} bytes")
            self.pending += data
        data = bytes(self.pending[:size])
        del self.pending[:size]
        return data

    def read_request(self):
        while (end := self.pending.find(b"\r\n\r\n")) < 0:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("end instead of a request")
            self.pending += data
        self.request = Request(self.receive(end + 4)[:-4])
        return self.request

    def answer(self, *headers, key=None):
        """The 101 with additional header lines; `key` replaces the right Sec-WebSocket-Accept."""
        right = accept_key(self.request.get("Sec-WebSocket-Key"))
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        if key != "":
            lines.append(f"Sec-WebSocket-Accept: {key or right}")
        self.send("\r\n".join([*lines, *headers, "", ""]).encode("latin-1"))

    def open(self, *headers):
        """Request and answer; returns itself, open."""
        self.read_request()
        self.answer(*headers)
        return self

    def send(self, data):
        self.socket.sendall(data)

    def send_text(self, text):
        self.send(frame(TEXT, text))

    def read_frame(self):
        first, second = self.receive(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self.receive(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.receive(8))[0]
        masked = bool(second & 0x80)
        mask = self.receive(4) if masked else b"\0\0\0\0"
        payload = self.receive(size)
        if size:
            key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
            payload = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
        return Frame(first & 0x0F, payload, bool(first & 0x80), first >> 4 & 7, masked)

    def read_message(self):
        """(opcode, payload) of the next data message; pings are answered, a Close fails."""
        opcode, payload = None, b""
        while True:
            part = self.read_frame()
            if part.opcode == PING:
                self.send(frame(PONG, part.payload))
            elif part.opcode in (TEXT, BINARY, CONTINUATION):
                opcode = part.opcode if opcode is None else opcode
                payload += part.payload
                if part.fin:
                    return opcode, payload
            elif part.opcode == CLOSE:
                raise AssertionError(f"Close instead of a message: {part}")

    def read_text(self):
        opcode, payload = self.read_message()
        assert opcode == TEXT, f"expected a text message, got opcode {opcode}: {payload[:100]!r}"
        return payload

    def read_close(self):
        """The client's Close frame; pings before it are passed over, data fails."""
        while True:
            part = self.read_frame()
            if part.opcode == CLOSE:
                return part
            assert part.opcode in (PING, PONG), f"expected Close, got {part}"

    def read_end(self):
        """Reads to the end of the stream, whatever comes: "eof" or "reset"."""
        try:
            while self.socket.recv(1 << 18):
                pass
            return "eof"
        except (ConnectionResetError, ssl.SSLError):
            return "reset"

    @staticmethod
    def delay(seconds):
        """The server's own slowness: part of the scenario, not a wait for something to happen."""
        time.sleep(seconds)

    def wait_until_taken(self):
        """Until the client's program has read all that was sent to it from its socket."""
        ends = [f":{name[1]:04X}" for name in (self.socket.getpeername(), self.socket.getsockname())]

        def is_taken():
            with open("/proc/net/tcp", encoding="ascii") as file:
                rows = [line.split() for line in file]
            queues = [row[4] for row in rows[1:] if [row[1][-5:], row[2][-5:]] == ends]
            return not queues or queues[0].endswith(":00000000")
        wait_until(is_taken, "the client reads what was sent")

    def finish(self):
        """The server's side of a normal end: answers the client's Close and disconnects."""
        part = self.read_close()
        self.send(close_frame(part.close_code))
        self.close()
        return part

    def close_with(self, code, reason=b""):
        """Starts the closing handshake, returns the client's answer and disconnects."""
        self.send(close_frame(code, reason))
        answer = self.read_close()
        self.close()
        return answer

    def reset(self):
        """Disconnects with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.socket.close()


class RawServer:
    """A listening socket on loopback; connections are accepted when the test says so."""

    def __init__(self, tls=None, backlog=64, receive_buffer=0, on_accept=lambda upstream: None,
                 address="127.0.0.1"):
        self.tls = tls
        self.on_accept = on_accept
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.bind((address, 0))
        self.socket.listen(backlog)
        self.socket.settimeout(deadline())

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def url(self, target="/", host=None):
        scheme, name = ("wss", "localhost") if self.tls else ("ws", "127.0.0.1")
        return f"{scheme}://{host or name}:{self.port}{target}"

    def accept(self):
        """The next connection, after its TLS handshake."""
        connection, _ = self.socket.accept()
        connection.settimeout(deadline())
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True,
                                              suppress_ragged_eofs=False)
        upstream = Upstream(connection)
        self.on_accept(upstream)
        return upstream

    def open(self, *headers):
        """The next connection, after its opening handshake."""
        return self.accept().open(*headers)

    def has_connection(self, seconds):
        """Whether somebody connects within that time (and then disconnects it)."""
        self.socket.settimeout(seconds)
        try:
            self.socket.accept()[0].close()
            return True
        except (TimeoutError, socket.timeout):
            return False
        finally:
            self.socket.settimeout(deadline())

    def close(self):
        self.socket.close()
