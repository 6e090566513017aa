# SPDX-License-Identifier: MIT
"""The three records of each session brought together: what its program saw, what the servers have
written down, and what the daemon says in the log. judgement.py says what must be true of them."""
import collections
import json

from following import Tail
from judgement import judge
from scripts import RECONNECTING


def without_turned_away(told, most):
    """Who waits at a Unix listener when a reload closes it is reset, and nobody can count him."""
    kept = []
    for one in told:
        if most > 0 and one["end"] == "reset" and one["answered"] == 0:
            most -= 1
        else:
            kept.append(one)
    return kept


class Received:
    """What the servers have of a session."""

    def __init__(self):
        self.conversation = 0
        self.last = self.repeats = self.connections = 0
        self.clean_ends = self.sent = 0
        self.faults = []

    def opened(self):
        self.connections += 1

    def lines(self, conversation, first, count):
        """So many numbers from the first on: new ones, or again ones that were there."""
        if self.conversation not in (0, conversation):
            self.faults.append(f"lines of {conversation} in the session of {self.conversation}")
        self.conversation = conversation
        if first > self.last + 1:
            self.faults.append(f"line {first} behind {self.last}")
        last = first + count - 1
        self.repeats += max(0, min(last, self.last) - first + 1)
        self.last = max(self.last, last)

    def ended(self, sent):
        self.clean_ends += 1
        self.sent += sent


class Ledger:

    def __init__(self, traffic_path, log_path, journal_paths):
        self.traffic, self.log = Tail(traffic_path), Tail(log_path)
        self.journals = [Tail(path) for path in journal_paths]
        self.programs = {}      # conversation: what it told
        self.received = {}      # session: what the servers have
        self.ends = {}          # session: the daemon's entry
        self.killed = set()     # sessions that ctl kill was asked for
        self.failures = []      # sentences
        self.folded = collections.Counter()  # ends of a bridge that one entry tells together
        self.problems = []      # entries that should not be there
        self.is_idle = False
        self.sums = collections.Counter()
        self.per_bridge = collections.defaultdict(collections.Counter)
        self.entry_kinds = collections.Counter()
        self.opened = set()     # sessions whose upstream was open once
        self.cookies_seen = set()
        self.variants_seen = set()

    def fail(self, sentence):
        self.failures.append(sentence)

    # Reading

    def read(self):
        for line in self.log.lines():
            self._read_entry(line)
        for journal in self.journals:
            for line in journal.lines():
                self._read_journal(line)
        for line in self.traffic.lines():
            self._read_program(json.loads(line))

    def _read_entry(self, line):
        try:
            entry = json.loads(line)
        except ValueError:
            self.problems.append({"message": line})
            return
        message = entry["message"]
        self.entry_kinds[message] += 1
        if "folded" in entry:
            self._read_folded(entry)
        elif message == "session opened":
            self.opened.add(entry["session"])
        elif "duration_ms" in entry:
            self._add_to_sums(entry)
            self._leave_greetings_out(entry)
            self.ends[entry["session"]] = entry
        elif entry["level"] == "error" and not message.startswith(("reload failed", "/")):
            self.problems.append(entry)  # the second kind: what is wrong in a file, with its place

    def _read_folded(self, entry):
        if entry["message"].startswith("session "):
            self.folded[entry["bridge"]] += entry["folded"]
            self._add_to_sums(entry, entry["folded"])

    def _add_to_sums(self, entry, ends=1):
        sums = self.per_bridge[entry["bridge"]]
        sums["ends"] += ends
        for key, value in entry.items():
            if isinstance(value, int) and key not in ("session", "close_code", "duration_ms",
                                                      "folded"):
                sums[key] += value

    def _leave_greetings_out(self, entry):
        """The line of on_open counts with each open; it is no program's."""
        if entry["bridge"] in RECONNECTING:
            opens = (entry["session"] in self.opened) + entry["reconnects"]
            entry["lines_up"] -= opens
            entry["bytes_up"] -= opens * len(f"hello {entry['session']}")

    def _read_journal(self, line):
        kind, session, *rest = line.split(" ", 4)
        record = self.received.setdefault(int(session), Received())
        if kind == "o":
            record.opened()
            self.variants_seen.add(rest[0])
            self.cookies_seen.add(rest[1])
        elif kind == "l":
            record.lines(*map(int, rest))
        elif kind == "x":
            record.ended(int(rest[0]))
        else:
            record.faults.append(" ".join(rest))

    def _read_program(self, told):
        if told["event"] == "ended":
            self.programs[told["conversation"]] = told
            self.sums["connects"] += 1
            self.per_bridge[told["bridge"]]["connects"] += 1
        elif told["event"] == "refused":
            self.sums["refused"] += 1
        elif told["event"] == "idle":
            self.is_idle = True
        else:
            self.fail(f"traffic: {told}")

    def journaled(self):
        """How many bytes the journals have, but that of the quiet session's server."""
        return sum(one.offset for one in self.journals if "steady" not in one.path)

    # Judging, when everything rests: then all three records are complete

    def judge(self, is_stopping=False):
        """All sessions since the last time; they are forgotten then."""
        sessions = {record.conversation: session for session, record in self.received.items()
                    if record.conversation}
        heard = set(sessions.values())
        by_peer = {(entry["bridge"], entry["peer"]): session
                   for session, entry in self.ends.items() if session not in heard}
        silent = collections.defaultdict(list)
        for conversation, told in self.programs.items():
            session = sessions.get(conversation)
            if session is None and told["peer"]:
                session = by_peer.get((told["bridge"], told["peer"]))
            if session is None:
                silent[told["bridge"]].append(told)
            else:
                self._judge_one(told, session, is_stopping)
        self._judge_silent(silent)
        self.programs.clear()

    def _judge_one(self, told, session, is_stopping):
        entry = self.ends.pop(session, None)
        record = self.received.pop(session, None) or Received()
        if entry is None:
            self._judge_folded(told, session, record)
            return
        self.sums["sessions"] += 1
        self.sums["lines_up"] += record.last
        self.sums["lines_down"] += told["received"]
        self.sums["repeats"] += record.repeats
        if told["bridge"] != "raw":  # where lines are no messages
            self.sums["told_lost"] += max(0, entry["lines_up"] - record.last)
        for sentence in judge(told, entry, record, session in self.killed, is_stopping):
            self.fail(f"session {session} ({told['bridge']}, {told['kind']}): {sentence}\n"
                      f"  program {told}\n  servers {vars(record)}\n  daemon {entry}")

    def _judge_folded(self, told, session, record):
        """One whose end the log tells together with others of its kind: only the sums count it."""
        if self.folded[told["bridge"]] == 0:
            self.fail(f"session {session}: no entry of its end, but {told}")
        elif record.faults or told["wrong"]:
            self.fail(f"session {session}: {record.faults} {told}")
        else:
            self.folded[told["bridge"]] -= 1
            self.sums["sessions"] += 1
            self.sums["folded"] += 1

    def _judge_silent(self, silent):
        """Programs none of whose lines came anywhere, over Unix sockets: the daemon tells as many
        ends, and what they had written is in those."""
        left = collections.defaultdict(list)
        for session, entry in list(self.ends.items()):
            record = self.received.get(session)
            if entry["bridge"] != "quiet" and (record is None or record.last == 0):
                left[entry["bridge"]].append(self.ends.pop(session))
                self.received.pop(session, None)
        for bridge in set(silent) | set(left):
            told, entries = silent[bridge], left[bridge]
            if bridge == "moving":
                told = without_turned_away(told, len(told) - len(entries))
            self.sums["sessions"] += len(told)
            folded = min(self.folded[bridge], max(0, len(told) - len(entries)))
            self.folded[bridge] -= folded
            self.sums["folded"] += folded
            if len(told) != len(entries) + folded:
                self.fail(f"{bridge}: {len(told)} programs without a line that arrived, "
                          f"{len(entries)} such ends: {told[:3]} {entries[:3]}")
            written = sum(one["bytes"] for one in told)
            known = sum(one["bytes_up"] + one["discarded_bytes"] + one["unsent_bytes_up"]
                        for one in entries)
            whole = all(one["end"] != "rst" and not one["hostile"] for one in told)
            if whole and written > 0 and known == 0:
                self.fail(f"{bridge}: {written} bytes of programs are in no entry")
        for session, entry in self.ends.items():
            if entry["bridge"] != "quiet":
                self.fail(f"session {session}: no program knows it: {entry}")
