# SPDX-License-Identifier: MIT
"""What the conformance servers do, in Python: tests/peers/duties.h has the language. A plan is a
list of (kind, payload): text, binary, first, middle, last, ping, and close with its code."""
SUBPROTOCOL = "chat.v1"
FAREWELL = "bye"


def letters(size):
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    return (alphabet * (size // 26 + 1))[:size]


def ping_payload(number):
    return f"ping-{number}".encode("ascii")


def plan_fragments(count, size):
    text = letters(count * size)
    for number in range(count):
        kind = "first" if number == 0 else "last" if number + 1 == count else "middle"
        yield kind, text[number * size:(number + 1) * size]
        if number + 1 < count:
            yield "ping", ping_payload(number)


def plan_step(step, pongs):
    name, _, value = step.partition("=")
    if name == "text":
        yield "text", letters(int(value))
    elif name == "flood":
        yield from [("text", letters(100))] * int(value)
    elif name == "fragments":
        yield from plan_fragments(*map(int, value.split(",")))
    elif name == "pings":
        yield from (("ping", ping_payload(number)) for number in range(int(value)))
    elif name == "pongs":
        yield "text", ",".join(pong.decode("ascii") for pong in pongs)
        pongs.clear()
    else:
        assert name == "close", step
        yield "close", int(value)


def plan_answer(message, pongs):
    """What a server sends for a message, which is a str or bytes."""
    if isinstance(message, bytes):
        return [("binary", message)]
    if not message.startswith("do "):
        return [("text", message)]
    return [frame for step in message[3:].split() for frame in plan_step(step, pongs)]
