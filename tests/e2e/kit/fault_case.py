# SPDX-License-Identifier: MIT
"""A daemon under faults: what it is asked to do meanwhile, and what must be true behind it."""
import itertools
import json
import os
import signal
import time

from kit.admin import ask
from kit.case import E2eCase, bridge
from kit.daemon import QUICK_SHUTDOWN, RELEASE_BINARY, write_config
from kit.faults import Faults
from kit.numbered_server import NumberedServer
from kit.numbered_talk import ERROR_LINE, Talk
from kit.process import cpu_seconds, descriptor_count
from kit.service import NotifyListener
from kit.waiting import wait_until

SEED_JAR = "# Netscape HTTP Cookie File\nlocalhost\tFALSE\t/\tFALSE\t0\tkept\tyes\n"
UP, DOWN = 300, 300  # lines of each session
OUTCOMES = ("configuration reloaded", "reload failed")


def as_entry(line):
    """Of the log; the program's last words are no JSON."""
    if line.startswith(b"wsbridged: "):
        return {"level": "error", "message": line.decode()}
    return json.loads(line)


class LogTail:
    """Entries of the log behind those that were read already."""

    def __init__(self, daemon):
        self.daemon, self.at = daemon, 0

    def read(self):
        with open(self.daemon.stderr_path, "rb") as file:
            file.seek(self.at)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self.at += len(whole)
        return [as_entry(line) for line in whole.splitlines() if line]


class FaultCase(E2eCase):
    """Three bridges: `plain` (TCP, ws), `secure` (Unix, its own user only, wss, cookies stored) and
    `again` (TCP, reconnecting)."""

    def setUp(self):
        super().setUp()
        self.tokens = (f"t{number}" for number in itertools.count())
        self.cookies = itertools.count()
        authority = self.ca()
        self.plain_server = self.numbered_server()
        self.secure_server = self.numbered_server(
            tls=authority.server_context("localhost"),
            headers=lambda: [f"Set-Cookie: seen={next(self.cookies)}; Max-Age=3600"])
        self.jar = self.path("jar/cookies.txt")
        self.may_lose_entries = False

    def numbered_server(self, **options):
        server = NumberedServer(**options)
        self.addCleanup(server.close)
        return server

    def start_faulty(self, name="faults", prepare=lambda faults: None, **top):
        """A daemon and its table of faults; `prepare` may make its start fail."""
        faults = Faults(self.directory, name)
        self.addCleanup(faults.close)
        prepare(faults)
        daemon = self.launch("run", "-c", self.write_bridges(**top), binary=RELEASE_BINARY,
                             env={**faults.environment, **self.notify_environment()})
        return daemon, faults

    def notify_environment(self):
        if not hasattr(self, "notify"):
            self.notify = NotifyListener(self.path("notify"))
            self.addCleanup(self.notify.close)
        return self.notify.environment()

    def write_bridges(self, **top):
        os.makedirs(self.path("jar"), exist_ok=True)
        if not os.path.exists(self.jar):
            with open(self.jar, "w", encoding="ascii") as file:
                file.write(SEED_JAR)
        session = {"error_line": ERROR_LINE, "drain_timeout": "3s"}
        trust = {"ca_file": self.ca().certificate}
        config = {
            "log": {"level": "info", "format": "json"}, "shutdown": QUICK_SHUTDOWN, "threads": 2,
            "admin": {"listen": f"unix:{self.path('admin')}", "metrics": "127.0.0.1:0"},
            "bridges": [
                bridge(self.plain_server.url(), "plain", session=session,
                       upstream={"connect_timeout": "2s"}),
                bridge(self.secure_server.url(), "secure", f"unix:{self.path('secure')}",
                       session=session, access={"allow_uids": [str(os.getuid())]},
                       upstream={"tls": trust, "cookie_jar": self.jar, "store_cookies": True,
                                 "connect_timeout": "2s"}),
                bridge(self.plain_server.url(), "again", session=session,
                       upstream={"connect_timeout": "2s"},
                       reconnect={"enabled": True, "initial": "20ms", "max": "50ms",
                                  "max_elapsed": "2s"})],
            **top}
        return write_config(self.directory, config)

    # What the daemon is asked to do

    def talk(self, daemon, name, up=UP, down=DOWN):
        return Talk(next(self.tokens), up, down).run(daemon.address(name))

    def talk_on_all(self, daemon):
        # What a server sent into a connection that broke is not sent again by `reconnect`.
        return {name: self.talk(daemon, name, down=0 if name == "again" else DOWN)
                for name in ("plain", "secure", "again")}

    def ask_admin(self, daemon):
        """Whether each of the usual questions was answered."""
        answers = []
        for path, where in (("/metrics", 1), ("/status", 0), ("/readyz", 0)):
            try:
                answers.append(ask(daemon.address("admin", where), path).status == 200)
            except (OSError, IndexError):
                answers.append(False)  # no answer at all
        return answers

    def everything(self, daemon, tail):
        """One round: sessions, the admin's answers, a reload. (talks, entries, answered)"""
        daemon.signal(signal.SIGHUP)
        talks = self.talk_on_all(daemon)
        answered = self.ask_admin(daemon)
        self.notify.receive()  # else there is no room for more
        entries = tail.read()

        self.wait_for_reload(daemon, tail, entries)
        return talks, entries, answered

    def wait_for_reload(self, daemon, tail, entries):
        """Adds what is logged until then. An entry that the log could not take is not waited for:
        its loss is told by the next one."""
        began = time.monotonic()

        def is_reloaded():
            entries.extend(tail.read())
            if self.may_lose_entries and time.monotonic() - began > 0.5:
                daemon.signal(signal.SIGHUP)
            return any(entry["message"].startswith(OUTCOMES) for entry in entries)
        wait_until(is_reloaded, "the outcome of the reload", 15)

    # What must be true

    def faults_of(self, talks, entries):
        """What went wrong in a round that was allowed to fail loudly; [] when nothing did."""
        wrong = list(self.plain_server.wrong + self.secure_server.wrong)
        incomplete = 0
        told = [entry for entry in entries if is_about_a_fault(entry)]
        for name, talk in talks.items():
            server = self.secure_server if name == "secure" else self.plain_server
            numbers = server.numbers(talk.token)
            problem = talk.check(numbers, may_repeat=name == "again")
            # A Unix socket has no reset: where the error line cannot be written, and for who is
            # refused, the log alone tells.
            is_told = name == "secure" and any(entry.get("bridge") == name for entry in told)
            if problem and not (problem.startswith("lost silently") and is_told):
                wrong.append(f"{name}: {problem}")
            incomplete += not talk.is_complete(numbers)
        if incomplete and not told:
            wrong.append(f"{incomplete} sessions are not complete, and the log says nothing")
        return wrong

    def faults_of_clean_round(self, daemon, tail):
        """What is not as it should be when nothing fails any more."""
        talks, entries, answered = self.everything(daemon, tail)
        wrong = self.faults_of(talks, entries)
        for name, talk in talks.items():
            server = self.secure_server if name == "secure" else self.plain_server
            if talk.was_told() or not talk.is_complete(server.numbers(talk.token)):
                wrong.append(f"{name}: no clean session: {talk.end}, {talk.error_line}, "
                             f"{len(talk.received)} of {talk.down} down")
        if not all(answered):
            wrong.append(f"the admin listener does not answer: {answered}")
        if not any(entry["message"].startswith(OUTCOMES[0]) for entry in entries):
            wrong.append("the reload failed")
        return wrong

    def wait_for_descriptors(self, daemon, count):
        """At most so many are open again."""
        wait_until(lambda: descriptor_count(daemon.pid) <= count,
                   f"{count} descriptors", 15)


def is_about_a_fault(entry):
    """A warning that is none of the configuration, or the end of a session whose program left."""
    is_warning = entry["level"] in ("warn", "error") and ".yaml:" not in entry["message"]
    return is_warning or "connection lost" in entry.get("cause", "")


def processor_share(daemon, seconds, during):
    """What part of a processor it takes while during() runs."""
    before = cpu_seconds(daemon.pid)
    during()
    return (cpu_seconds(daemon.pid) - before) / seconds
