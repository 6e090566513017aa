# SPDX-License-Identifier: MIT
"""A server's half of RFC 6455 over bytes that come in any pieces, with permessage-deflate. It
shares no code with the product."""
import struct
import zlib

from kit.upstream import BINARY, CLOSE, CONTINUATION, TEXT, accept_key, frame

SYNC = b"\0\0\xff\xff"  # what a sender of RFC 7692 leaves off


class Head:
    """The request of a handshake."""

    def __init__(self, data):
        lines = data.decode("latin-1").split("\r\n")
        self.target = lines[0].split(" ")[1]
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.fields[name.strip().lower()] = value.strip()

    def cookies(self):
        """{name: value}"""
        pairs = [one.strip().partition("=") for one in self.fields.get("cookie", "").split(";")]
        return {name: value for name, _, value in pairs if name}

    def answer(self, compression, *more):
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Accept: " + accept_key(self.fields["sec-websocket-key"]), *more]
        if compression:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Frames:
    """Turns bytes into (opcode, payload); a message is put together, control frames pass."""

    def __init__(self, compression):
        self.buffer = bytearray()
        self.opcode, self.parts, self.is_deflated = None, [], False
        self.inflater = zlib.decompressobj(-15) if compression else None
        self.deflater = zlib.compressobj(wbits=-15) if compression else None

    def receive(self, data):
        """Everything that is complete by now."""
        self.buffer += data
        at = 0
        while (part := self._frame(at)) is not None:
            first, payload, at = part
            if first & 0x08:
                yield first & 0x0F, payload
            else:
                yield from self._put_together(first, payload)
        del self.buffer[:at]

    def _frame(self, at):
        """(first byte, payload, where the next one begins), None while it is not complete."""
        buffer, have = self.buffer, len(self.buffer) - at
        if have < 6:
            return None
        size, head = buffer[at + 1] & 0x7F, 2
        if not buffer[at + 1] & 0x80:
            raise ValueError("a frame of a client without a mask")
        if size == 126:
            if have < 8:
                return None
            size, head = struct.unpack_from("!H", buffer, at + 2)[0], 4
        elif size == 127:
            if have < 14:
                return None
            size, head = struct.unpack_from("!Q", buffer, at + 2)[0], 10
        if have < head + 4 + size:
            return None
        begin = at + head + 4
        mask = bytes(buffer[at + head:begin])
        payload = bytes(buffer[begin:begin + size])
        if size:
            key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
            payload = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
        return buffer[at], payload, begin + size

    def _put_together(self, first, payload):
        opcode = first & 0x0F
        if opcode not in (TEXT, BINARY, CONTINUATION) or (opcode == CONTINUATION) == (
                self.opcode is None):
            raise ValueError(f"a frame of opcode {opcode} out of its place")
        if opcode != CONTINUATION:
            self.opcode, self.is_deflated = opcode, bool(first & 0x40)
        self.parts.append(payload)
        if first & 0x80:
            data, self.parts = b"".join(self.parts), []
            if self.is_deflated:
                data = self.inflater.decompress(data + SYNC)
            opcode, self.opcode = self.opcode, None
            yield opcode, data

    def message(self, opcode, payload):
        """A message as this side sends it; small ones stay as they are."""
        if self.deflater is None or len(payload) < 100:
            return frame(opcode, payload)
        data = self.deflater.compress(payload) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        return frame(opcode, data[:-len(SYNC)], reserved=4)


def close_code(payload):
    return struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
