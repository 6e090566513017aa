# SPDX-License-Identifier: MIT
"""A name server that answers as it is told, name by name: well, late, wrongly, never (RFC 1035)."""
import socket
import struct
import threading
import time

QUERY_A = 1
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME, REFUSED = 0, 2, 3, 5
RESPONSE, TRUNCATED, AUTHORITATIVE = 0x8000, 0x0200, 0x0400


class NameServer:
    """Answers for the names in `names`: each has an address, or a function from (query, answer) to
    the bytes that are sent, None for nothing. Others do not exist."""

    def __init__(self, address, names):
        self.names, self.asked = names, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.is_closed = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.is_closed:
            query, client = self.socket.recvfrom(4096)
            if self.is_closed:
                break
            name, kind = read_question(query)
            self.asked.append(name)
            behaviour = self.names.get(name, fails(NO_SUCH_NAME))
            if isinstance(behaviour, str):
                behaviour = answers(behaviour)
            threading.Thread(target=self._answer, args=[behaviour, query, kind, client],
                             daemon=True).start()

    def _answer(self, behaviour, query, kind, client):
        data = behaviour(query, kind)
        if data is not None and not self.is_closed:
            self.socket.sendto(data, client)

    def close(self):
        self.is_closed = True
        self._wake()
        self.thread.join(5)
        self.socket.close()

    def _wake(self):
        self.socket.sendto(b"", self.socket.getsockname())


def read_question(query):
    """(name, kind) of the one question."""
    labels, at = [], 12
    while query[at:at + 1] not in (b"", b"\0"):
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack("!H", query[at + 1:at + 3])[0]


def end_of_question(query):
    at = 12
    while query[at]:
        at += 1 + query[at]
    return at + 5


def head(query, flags, answer_count):
    counts = struct.pack("!HHHHH", RESPONSE | AUTHORITATIVE | flags, 1, answer_count, 0, 0)
    return query[:2] + counts + query[12:end_of_question(query)]


# Behaviours: a function from (query, kind) to bytes or None.

def answers(address):
    def behave(query, kind):
        if kind != QUERY_A:
            return head(query, NO_ERROR, 0)  # it has no other address
        record = struct.pack("!HHHIH", 0xC00C, QUERY_A, 1, 60, 4) + socket.inet_aton(address)
        return head(query, NO_ERROR, 1) + record
    return behave


def fails(code):
    return lambda query, kind: head(query, code, 0)


def is_silent(query, kind):
    return None


def answers_late(address, seconds):
    def behave(query, kind):
        time.sleep(seconds)  # the server's slowness
        return answers(address)(query, kind)
    return behave


def is_truncated(query, kind):
    """The rest is to be asked for over TCP, where nobody answers."""
    return head(query, TRUNCATED, 0)


def is_garbage(query, kind):
    return query[:2] + b"\xff" * 40


def lies_about_lengths(query, kind):
    """An answer whose record goes on behind the packet's end."""
    return head(query, NO_ERROR, 1) + struct.pack("!HHHIH", 0xC00C, QUERY_A, 1, 60, 4000) + b"x"


def points_to_itself(query, kind):
    """A name that is compressed without end."""
    itself = 0xC000 | end_of_question(query)
    return (head(query, NO_ERROR, 1) + struct.pack("!HHHIH", itself, QUERY_A, 1, 60, 4) +
            b"\x7f\0\0\1")
