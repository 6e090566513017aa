# SPDX-License-Identifier: MIT
"""Name servers that do not answer, answer late or answer nonsense.

Scenario: bridges whose servers have names; the only name server never answers for some of them, is
          slow, fails, cuts its answers short, or sends bytes that are no answer.
Method:   two network namespaces, resolv.conf mounted over the machine's for the daemon alone; a
          name server of the test's own; threads and times are read from outside.
Why:      getaddrinfo() cannot be interrupted: a silent name server must not hold up who needs none.
"""
import os
import shutil
import signal
import time

from kit.admin import Metrics, ask
from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.name_server import (NO_SUCH_NAME, REFUSED, SERVER_FAILURE, NameServer, answers_late, fails,
                             is_garbage, is_silent, is_truncated, lies_about_lengths,
                             points_to_itself)
from kit.network import Network, on_host
from kit.numbered_server import NumberedServer
from kit.numbered_talk import ERROR_LINE, Talk
from kit.waiting import wait_until

# glibc's own patience: 3 s for a question, asked once.
RESOLV_CONF = f"nameserver {Network.FAR}\noptions timeout:3 attempts:1\n"
MOUNT = 'mount --bind "$0" /etc/resolv.conf && mount --bind "$1" /etc/nsswitch.conf && shift && ' \
        'exec "$@"'
BAD_ANSWERS = {
    "servfail.test": fails(SERVER_FAILURE), "refused.test": fails(REFUSED),
    "nxdomain.test": fails(NO_SUCH_NAME), "truncated.test": is_truncated,
    "garbage.test": is_garbage, "lengths.test": lies_about_lengths, "loop.test": points_to_itself}
SILENT = [f"silent{number}.test" for number in range(6)]
CONNECT_TIMEOUT = 1  # s
RESOLVER_THREADS = 4


def thread_count(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/task"))


class Names(E2eCase):

    def setUp(self):
        super().setUp()
        self.network = Network(self)
        self.server = on_host(self.network.far, lambda: NumberedServer(address=Network.FAR))
        self.addCleanup(self.server.close)
        self.names = on_host(self.network.far, lambda: NameServer(Network.FAR, {
            "good.test": Network.FAR, "late.test": answers_late(Network.FAR, 0.5),
            **BAD_ANSWERS, **{name: is_silent for name in SILENT}}))
        self.addCleanup(self.names.close)
        files = [self.path("resolv.conf"), self.path("nsswitch.conf")]
        for path, text in zip(files, (RESOLV_CONF, "hosts: files dns\n")):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        self.prefix = [*self.network.at(self.network.near), shutil.which("sh"), "-c", MOUNT, *files]

    def start_for(self, *names):
        """A daemon with a bridge to each name, and one to the server's address, `literal`."""
        def one(name, host):
            return bridge(f"ws://{host}:{self.server.port}/", name, f"unix:{self.path(name)}",
                          upstream={"connect_timeout": f"{CONNECT_TIMEOUT}s"},
                          session={"error_line": ERROR_LINE})
        return self.start(
            one("literal", Network.FAR),
            *[one(name.replace(".", "-"), name) for name in names],
            admin={"listen": f"unix:{self.path('admin')}"}, binary=RELEASE_BINARY,
            options={"prefix": self.prefix})

    def talk(self, daemon, name):
        began = time.monotonic()
        talk = Talk(f"{name}-{began}", 20, 20).run(daemon.address(name.replace(".", "-")))
        self.assertEqual(talk.check(self.server.numbers(talk.token)), "", name)
        return talk, time.monotonic() - began

    def check_served(self, daemon, name, within):
        talk, seconds = self.talk(daemon, name)
        self.assertFalse(talk.was_told(), f"{name}: {talk.error_line}")
        self.assertTrue(talk.is_complete(self.server.numbers(talk.token)))
        self.assertLess(seconds, within, name)

    def dials(self, daemon, name, result):
        metrics = Metrics(ask(daemon.address("admin"), "/metrics").text())
        return metrics.value("wsbridged_dials_total", bridge=name.replace(".", "-"), result=result)

    def test_bad_answers_fail_the_dial_and_nothing_else(self):
        daemon = self.start_for("good.test", "late.test", *BAD_ANSWERS)
        self.check_served(daemon, "good.test", 1)
        self.check_served(daemon, "late.test", 2)
        for name in BAD_ANSWERS:
            with self.subTest(name):
                talk, seconds = self.talk(daemon, name)
                self.assertTrue(talk.was_told())
                self.assertLess(seconds, CONNECT_TIMEOUT + 1)
                entry = daemon.wait_for_entry("session failed", name)
                self.assertIn("resolv", entry["cause"])
                self.assertEqual(
                    self.dials(daemon, name, "dns") + self.dials(daemon, name, "timeout"), 1)
                print(f"{name}: {talk.error_line}; {entry['cause']} after {seconds:.2f} s")
        self.check_served(daemon, "good.test", 1)
        self.check_served(daemon, "literal", 1)

    def test_a_silent_name_server_holds_up_nobody_else(self):
        daemon = self.start_for("good.test", *SILENT)
        self.check_served(daemon, "good.test", 1)
        before = thread_count(daemon)
        waiting = [self.in_background(self.talk, daemon, SILENT[0]) for _ in range(4)]
        wait_until(lambda: SILENT[0] in self.names.asked, "the name server is asked")
        self.check_served(daemon, "good.test", 1)
        self.check_served(daemon, "literal", 1)
        for one in waiting:
            talk, seconds = one.result()
            self.assertTrue(talk.was_told())
            self.assertTrue(CONNECT_TIMEOUT - 0.1 <= seconds < CONNECT_TIMEOUT + 1, seconds)
        self.assertIn("resolving", daemon.problems("session failed", SILENT[0])[0]["cause"])
        self.check_more_silent_names_than_threads(daemon, before)

    def check_more_silent_names_than_threads(self, daemon, before):
        waiting = [self.in_background(self.talk, daemon, name) for name in SILENT]
        wait_until(lambda: len(set(self.names.asked) & set(SILENT)) >= RESOLVER_THREADS,
                   "all threads wait for the name server")
        self.check_served(daemon, "literal", 1)
        for one in waiting:
            talk, seconds = one.result()
            self.assertTrue(talk.was_told())
            self.assertLess(seconds, CONNECT_TIMEOUT + 1)
        self.assertLessEqual(thread_count(daemon), before + RESOLVER_THREADS)
        # Those whose dials have ended are not asked for any more; of the others glibc lets go.
        wait_until(lambda: not self.talk(daemon, "good.test")[0].was_told(),
                   "names are looked up again", 15)

    def test_a_stop_does_not_wait_for_look_ups(self):
        daemon = self.start_for(*SILENT)
        asking = [self.in_background(Talk(name, 20, 20).run, daemon.address(name.replace(".", "-")))
                  for name in SILENT]
        wait_until(lambda: len(set(self.names.asked)) >= RESOLVER_THREADS, "all threads wait")
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        self.assertIn(daemon.wait(10), (0, 1))
        self.assertLess(time.monotonic() - began, 2.9, "it does not wait for the look-ups")
        for one in asking:  # whether it was their time-out or the stop
            self.assertNotEqual(one.result().end, "hung")


if __name__ == "__main__":
    main()
