# SPDX-License-Identifier: MIT
"""The numbered lines that programs and servers exchange, each with a checksum of its own.

Up:   CONVERSATION NUMBER WISHES CRC FILLER
Down: R CONVERSATION NUMBER                     the answer to a line
      B CONVERSATION NUMBER INDEX CRC FILLER    one of those that a wish has asked for
Wishes are letters with a number: b100:2000 (100 lines down of 2000 bytes), x1011 (close with this
code), s300 (read nothing for 300 ms), k (reset the connection), p (answer the next ping late, and
lose all that came behind it), v3 (break RFC 6455 in this way) and e (the conversation is over:
close with 1000); '-' is none.
"""
import random
import re
import zlib

MAX_FILLER = 60_000
WISH = re.compile(r"([a-z])(\d*)(?::(\d+))?")
_random = random.Random(20261123)
ASCII = "".join(_random.choices("abcdefghijklmnopqrstuvwxyz", k=2 * MAX_FILLER)).encode()


def filler(number, size):
    """(checksum, text): the same for the same number and size, and valid UTF-8."""
    start = number * 7919 % MAX_FILLER
    text = ASCII[start:start + size]
    if size >= 100 and number % 3 == 0:
        text += "ä€😀".encode()
    return zlib.crc32(text), text


def up(conversation, number, wishes, size):
    checksum, text = filler(number, size)
    return b"%d %d %s %08x %s" % (conversation, number, wishes or b"-", checksum, text)


def bulk(conversation, number, index, size):
    checksum, text = filler(number + index, size)
    return b"B %d %d %d %08x %s" % (conversation, number, index, checksum, text)


def answer(conversation, number):
    return b"R %d %d" % (conversation, number)


def parse_up(line):
    """(conversation, number, wishes); ValueError when it is not as it was sent."""
    conversation, number, wishes, checksum, text = line.split(b" ", 4)
    if int(checksum, 16) != zlib.crc32(text):
        raise ValueError("checksum")
    return int(conversation), int(number), wishes.decode("ascii")


def parse_down(line):
    """(kind, conversation, number, index); ValueError when it is not as it was sent."""
    kind, conversation, number, *rest = line.split(b" ", 5)
    if kind == b"R" and not rest:
        return "R", int(conversation), int(number), 0
    index, checksum, text = rest
    if kind != b"B" or int(checksum, 16) != zlib.crc32(text):
        raise ValueError("checksum")
    return "B", int(conversation), int(number), int(index)


def parse_wishes(text):
    """[(letter, first number, second number)]"""
    return [(letter, int(first or 0), int(second or 0))
            for letter, first, second in WISH.findall(text)]
