# SPDX-License-Identifier: MIT
"""What must be true of one session, by its kind. Three witnesses: the program (`told`), the
servers' journals (`record`) and the daemon's entry of its end (`entry`).

Always: lines arrive in order without a gap, once the repeats are removed; no server has more of
them than the daemon says, and the daemon not more than the program has written; answers come in
order without a gap; a program that read to the end has as many messages as the daemon says.
With reconnect: a session that its program ended in an orderly way has lost nothing in either
direction. One that was reset or killed lacks no more than the lines the entry calls unconfirmed.
Without reconnect: nothing comes twice. What is missing is missing at the end, and the entry
says so: the connection broke (close_code 1006), or bytes were not sent.
Bytes: what a program wrote until an end of file is, to the byte, in lines, discarded or unsent.
"""
from scripts import MODES, RECONNECTING

FRAMING_BYTES = {"line": 1, "length-prefixed": 4, "raw": 0}
# Ends that somebody asked for.
ASKED = ("ended by ctl kill", "shutting down")
# The server was away for longer than a session may go on behind its program's end.
GAVE_UP = "gave up drain_timeout after the local end"


def judge(told, entry, record, was_killed, is_stopping):
    """Sentences about what is not as it must be."""
    yield from record.faults
    if told["wrong"]:
        yield told["wrong"]
    if told["end"] not in ("eof", "reset", "rst", "close"):
        yield f"its end was {told['end']}"
    if told["part"] and told["end"] in ("eof", "reset") and not entry["unsent_bytes_down"]:
        yield "a part of a message at the end, which no entry tells of"
    if told["answered"] > record.last:
        yield "answers to lines that no server has"
    mode = MODES.get(told["bridge"], "line")
    if mode != "raw":
        yield from _check_counts(told, entry, record)
    was_ended = (was_killed or entry["cause"].startswith(ASKED)
                 or entry["cause"].endswith(GAVE_UP))
    if entry["cause"].startswith("shutting down") and not is_stopping:
        yield "it was ended by a stop that nobody asked for"
    if told["hostile"] and not was_ended:
        yield from _check_hostile(told, entry, record)
    elif told["bridge"] in RECONNECTING:
        yield from _check_reconnecting(told, entry, record, was_ended)
    else:
        yield from _check_once(told, entry, record, was_ended, mode)
    if told["end"] == "eof" and not told["hostile"]:
        yield from _check_bytes(told, entry, mode)
    is_whole = record.connections == record.clean_ends and entry["unsent_bytes_down"] == 0
    if is_whole and told["kind"] != "hostile_server" and not was_killed:
        known = entry["lines_down"] + entry["dropped_lines_down"]
        if record.connections and record.sent != known:
            yield f"servers sent {record.sent} messages, the daemon has {known}"


def _check_counts(told, entry, record):
    if record.last > entry["lines_up"]:
        yield "a server has more lines than the daemon"
    if entry["lines_up"] > told["sent"] + told["torn"]:
        yield "the daemon has more lines than the program wrote"
    has_all = told["end"] in ("eof", "reset") and entry["unsent_bytes_down"] == 0
    if has_all and told["received"] != entry["lines_down"]:
        yield "the program has not the messages that the daemon gave to it"
    if told["received"] > entry["lines_down"]:
        yield "the program has more messages than the daemon gave to it"


def _check_hostile(told, entry, record):
    if entry["close_code"] == 1006 or entry["close_code"] == 0:
        return  # its server went first
    if record.last != told["sent"] or entry["dropped_lines_up"] != 1:
        yield "the lines before the bad one arrive, and that one is counted"
    if entry["level"] != "warn" or not entry["dropped_reason"]:
        yield "the daemon says why it ended"


def _check_reconnecting(told, entry, record, was_ended):
    missing = entry["lines_up"] - record.last
    if missing > entry["unconfirmed_lines"]:
        yield f"{missing} lines are lost without being called unconfirmed"
    if missing and not entry["unsent_bytes_up"]:
        yield f"{missing} lines are lost without being called unsent"
    if was_ended or told["end"] == "rst":
        return
    if entry["message"] == "session failed" or told["end"] not in ("eof", "close"):
        yield "a session that reconnects does not fail"
    if not (told["finished"] and told["sent"] == entry["lines_up"] == record.last):
        yield "all lines arrive"
    if told["answered"] != told["sent"]:
        yield "all answers arrive"


def _check_once(told, entry, record, was_ended, mode):
    if record.repeats:
        yield f"{record.repeats} lines came twice"
    if record.connections > 1:
        yield "more than one connection"
    missing = (entry["lines_up"] if mode != "raw" else told["sent"]) - record.last
    is_told = entry["close_code"] in (0, 1006) or entry["unsent_bytes_up"] > 0
    if mode == "raw" and (told["end"] == "rst" or entry["discarded_bytes"] > 0):
        return
    if missing and not is_told:
        yield f"{missing} lines are lost without a word"
    is_orderly = entry["level"] == "info" and told["end"] in ("eof", "close") and not was_ended
    if is_orderly and told["finished"] and told["answered"] != told["sent"]:
        yield "not all answers came"


def _check_bytes(told, entry, mode):
    counted = (entry["bytes_up"] + entry["lines_up"] * FRAMING_BYTES[mode]
               + entry["discarded_bytes"])
    rest = told["bytes"] - counted
    if not 0 <= rest <= entry["unsent_bytes_up"]:
        yield f"of {told['bytes']} bytes written {rest} are not accounted for"
