# SPDX-License-Identifier: MIT
"""wsbridged as a service of a real systemd, by its shipped units. Runs inside the container of
run.py, as root."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import unittest

SOURCES = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCES / "tests/e2e"))

from kit.case import Future, bridge  # noqa: E402
from kit.frozen import FrozenThread  # noqa: E402
from kit.local import Local  # noqa: E402
from kit.talkers import EchoServer, Talker, talk  # noqa: E402
from kit.upstream import RawServer  # noqa: E402
from kit.waiting import wait_until  # noqa: E402

CONFIG = pathlib.Path("/etc/wsbridged/wsbridged.yaml")
DROP_IN = pathlib.Path("/run/systemd/system/wsbridged.service.d/test.conf")
LINES = "/run/wsbridged-lines.sock"
UNIT = "wsbridged.service"
SHUTDOWN = {"drain_timeout": "20s", "quiet": "100ms"}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def systemctl(*arguments):
    """Its exit status; what it says goes into the test's output."""
    done = run("systemctl", *arguments)
    if done.returncode != 0:
        print(f"systemctl {' '.join(arguments)}: {done.returncode} {done.stderr.strip()}")
    return done.returncode


def show(name, unit=UNIT):
    return run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()


def systemd_version():
    return int(run("systemctl", "--version").stdout.split()[1])


def journal(*options):
    """Entries of the unit since the test began."""
    text = run("journalctl", "-o", "json", "--no-pager", "-u", UNIT, *options).stdout
    return [json.loads(line) for line in text.splitlines()]


class Service(unittest.TestCase):

    def setUp(self):
        CONFIG.parent.mkdir(exist_ok=True)
        self.since = run("date", "+%s.%N").stdout.strip()
        self.addCleanup(self.clean)

    def clean(self):
        systemctl("stop", "wsbridged.socket", UNIT)
        shutil.rmtree(DROP_IN.parent, ignore_errors=True)
        systemctl("daemon-reload")
        systemctl("reset-failed")

    def entries(self, *options):
        return journal("--since", f"@{self.since}", *options)

    def messages(self, *options):
        return [str(entry.get("MESSAGE")) for entry in self.entries(*options)]

    def manager_messages(self):
        return run("journalctl", "-o", "cat", "--no-pager", "_PID=1").stdout.splitlines()

    def wait_for_message(self, text, count=1, seconds=30):
        wait_until(lambda: sum(text in one for one in self.messages()) >= count,
                   f"'{text}' in the journal", seconds)

    def configure(self, *bridges, **top):
        CONFIG.write_text(json.dumps({"shutdown": SHUTDOWN, "bridges": list(bridges), **top}))

    def drop_in(self, *lines):
        DROP_IN.parent.mkdir(parents=True, exist_ok=True)
        DROP_IN.write_text("[Service]\n" + "\n".join(lines) + "\n")
        self.assertEqual(systemctl("daemon-reload"), 0)

    def start(self, *bridges, **top):
        self.configure(*bridges, **top)
        self.assertEqual(systemctl("start", UNIT), 0)

    def pid(self):
        return int(show("MainPID"))

    def raw_server(self):
        server = RawServer(on_accept=lambda upstream: self.addCleanup(upstream.close))
        self.addCleanup(server.close)
        return server

    def connect(self, address):
        local = Local(address)
        self.addCleanup(local.close)
        return local

    def talking(self, path, count=50):
        """Programs that talk until the returned function, which checks them, is called."""
        talkers = [Talker(number, path) for number in range(count)]
        is_over = threading.Event()
        pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
        future = Future(pool.submit(talk, talkers, is_over))
        self.addCleanup(is_over.set)
        wait_until(lambda: all(one.answered for one in talkers) or future.future.done(),
                   "everybody talks")

        def finish():
            is_over.set()
            future.result(60)
            print(self.echo.check(self, talkers), "lines")
        return talkers, finish

    def echo_server(self):
        self.echo = EchoServer()
        self.addCleanup(self.echo.close)
        return self.echo.server.url()

    def test_the_unit_is_active_only_when_ready(self):
        server = self.raw_server()
        self.start(bridge(server.url()))
        ready = [entry for entry in self.entries() if "ready: main on" in str(entry["MESSAGE"])]
        self.assertEqual(len(ready), 1)
        self.assertGreaterEqual(int(show("ActiveEnterTimestampMonotonic")),
                                int(ready[0]["__MONOTONIC_TIMESTAMP"]) - 1000000)
        self.assertEqual(show("Type"), "notify")
        self.assertIn("1 bridges, 0 sessions", show("StatusText"))
        self.assertEqual(systemctl("stop", UNIT), 0)
        port = server.port  # somebody listens there
        self.configure(bridge(server.url(), listen=f"127.0.0.1:{port}"))
        self.drop_in("Restart=no")
        self.assertNotEqual(systemctl("start", UNIT), 0)
        self.assertEqual(show("Result"), "exit-code")

    def test_a_bad_configuration_is_not_tried_again(self):
        CONFIG.write_text("bridges: [{nmae: x}]\n")
        self.assertNotEqual(systemctl("start", UNIT), 0)
        self.assertEqual(show("NRestarts"), "0")
        self.assertEqual(show("ExecMainStatus"), "2")
        self.assertTrue(any("did you mean 'name'" in one for one in self.messages("-p", "err")))

    def test_reload_under_load_cuts_nothing(self):
        url = self.echo_server()
        path = "/run/wsbridged/lines.sock"
        self.start(bridge(url, listen=f"unix:{path}"))
        talkers, finish = self.talking(path)
        for number in range(1, 6):
            self.configure(bridge(url, listen=f"unix:{path}",
                                  upstream={"headers": {"X-Number": str(number)}}))
            self.assertEqual(systemctl("reload", UNIT), 0)
            self.wait_for_message("configuration reloaded", number)
        finish()
        self.assertEqual({one.connections for one in talkers}, {1}, "no session was cut")

    def test_with_notify_reload_the_verb_ends_when_the_program_has_finished(self):
        url = self.echo_server()
        path = "/run/wsbridged/lines.sock"
        self.start(bridge(url, listen=f"unix:{path}"))
        self.drop_in(*(SOURCES / "systemd/notify-reload.conf").read_text().splitlines())
        if systemd_version() < 253:  # why it is no part of the unit
            self.assertNotEqual(show("Type"), "notify-reload")
            self.assertTrue(any("notify-reload" in one for one in self.manager_messages()))
            return
        self.assertEqual(show("Type"), "notify-reload")
        self.assertEqual(systemctl("restart", UNIT), 0)
        talkers, finish = self.talking(path)
        for number in range(1, 11):
            self.configure(bridge(url, listen=f"unix:{path}",
                                  upstream={"headers": {"X-Number": str(number)}}))
            self.assertEqual(systemctl("reload", UNIT), 0)
            run("journalctl", "--sync")
            told = [one for one in self.messages() if "configuration reloaded" in one]
            self.assertEqual(len(told), number, "it was waited for")
            self.assertEqual(show("ActiveState"), "active")
        finish()
        self.assertEqual({one.connections for one in talkers}, {1}, "no session was cut")
        CONFIG.write_text("bridges: [{nmae: x}]\n")
        systemctl("reload", UNIT)
        self.assertIn("last reload failed", show("StatusText"))
        self.assertEqual(show("ActiveState"), "active")

    def test_a_bad_file_is_a_failed_reload_and_told_as_an_error(self):
        server = self.raw_server()
        self.start(bridge(server.url(), listen="127.0.0.1:7001"))
        local = self.connect("127.0.0.1:7001")
        upstream = server.open()
        CONFIG.write_text("bridges:\n- name: main\n  lisen: 127.0.0.1:7001\n")
        self.assertNotEqual(systemctl("reload", UNIT), 0)
        self.assertEqual(show("ActiveState"), "active")
        told = [one for one in self.messages("-p", "err") if "wsbridged.yaml:3:3" in one]
        self.assertTrue(told and "did you mean 'listen'" in told[0], self.messages())
        # Without the check it is the program that finds it: also with its priority.
        os.kill(self.pid(), signal.SIGHUP)
        self.wait_for_message("reload failed")
        errors = self.entries("-p", "err")
        self.assertEqual({entry["PRIORITY"] for entry in errors}, {"3"})
        self.assertTrue(any("reload failed" in str(entry["MESSAGE"]) for entry in errors))
        self.assertFalse(any("session opened" in str(entry["MESSAGE"]) for entry in errors))
        wait_until(lambda: "last reload failed" in show("StatusText"), "it is in the status")
        local.send(b"still here\n")
        self.assertEqual(upstream.read_text(), b"still here")

    def wait_for_restart(self, before, look_after=lambda: None):
        def is_restarted():
            look_after()
            return show("NRestarts") == "1" and show("ActiveState") == "active"
        wait_until(is_restarted, "restarted by the watchdog", 60)
        self.assertNotEqual(self.pid(), before)
        text = "\n".join(self.messages())
        self.assertIn("Watchdog timeout", text)

    def test_one_frozen_loop_is_restarted_by_the_watchdog(self):
        self.drop_in("WatchdogSec=2", "LimitCORE=0")
        self.start(bridge(self.raw_server().url()), threads=3)
        before = self.pid()
        threads = sorted(int(name) for name in os.listdir(f"/proc/{before}/task"))
        with FrozenThread(threads[2]) as frozen:
            self.wait_for_restart(before, frozen.let_go_when_killed)
        self.assertTrue(any("does not turn" in one for one in self.messages("-p", "err")))

    def test_a_frozen_process_is_restarted_by_the_watchdog(self):
        self.drop_in("WatchdogSec=2", "LimitCORE=0")
        self.start(bridge(self.raw_server().url()))
        before = self.pid()
        os.kill(before, signal.SIGSTOP)
        self.wait_for_restart(before)

    def test_a_socket_activated_restart_under_load_refuses_nobody(self):
        self.configure(bridge(self.echo_server(), listen="systemd:lines"))
        self.assertEqual(systemctl("start", "wsbridged.socket"), 0)
        self.assertEqual(show("ActiveState"), "inactive")
        talkers, finish = self.talking(LINES)  # the first connection starts the service
        for number in range(3):
            before = [one.connections for one in talkers]
            self.assertEqual(systemctl("restart", UNIT), 0)
            wait_until(lambda before=before: all(one.connections > count for one, count in
                                                 zip(talkers, before)), "all are back", 60)
        finish()  # a refused connection would have ended its program with an exception
        self.assertTrue(any(f"uid 0 pid {os.getpid()}" in one for one in self.messages()),
                        "and the peers' real uids are seen")

    def test_the_process_has_no_privileges(self):
        self.start(bridge(self.raw_server().url()), log={"level": "debug"})
        self.wait_for_message("Landlock is on")  # the filter of system calls lets it through
        text = pathlib.Path(f"/proc/{self.pid()}/status").read_text()
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[key], 16), 0, key)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertNotIn("0", status["Uid"].split())

    def test_a_drain_may_be_longer_than_the_unit_stops(self):
        server = self.raw_server()
        self.drop_in("TimeoutStopSec=2")
        self.start(bridge(server.url(), listen="127.0.0.1:7001"),
                   shutdown={"drain_timeout": "8s", "quiet": "8s"})
        local = self.connect("127.0.0.1:7001")
        upstream = server.open()
        self.assertEqual(systemctl("stop", "--no-block", UNIT), 0)
        self.wait_for_message("draining")
        for number in range(10):  # 5 s: more than twice the unit's time
            upstream.delay(0.5)
            upstream.send_text(f"down {number}")
            self.assertEqual(local.read_line(), b"down %d\n" % number)
        self.assertEqual(show("ActiveState"), "deactivating")
        self.assertEqual(upstream.finish().close_code, 1001)
        local.close()
        wait_until(lambda: show("ActiveState") == "inactive", "stopped", 30)
        self.assertEqual(show("Result"), "success", "it was not killed")

    def test_a_credential_is_a_secret_of_the_start(self):
        server = self.raw_server()
        token = CONFIG.with_name("token")
        token.write_text("first\n")
        token.chmod(0o600)
        self.addCleanup(token.unlink)
        example = (SOURCES / "systemd/credentials.conf").read_text()
        self.drop_in(*example.splitlines())
        self.start(bridge(server.url(), listen="127.0.0.1:7001",
                          upstream={"headers": {"X-Token": "${credential:token}"}}))
        for expected, change in (("first", "reload"), ("first", "restart"), ("second", None)):
            self.connect("127.0.0.1:7001")
            self.assertEqual(server.open().request.get("X-Token"), expected)
            token.write_text("second\n")
            if change:
                self.assertEqual(systemctl(change, UNIT), 0)
            if change == "reload":
                self.wait_for_message("configuration reloaded")
        # Why the example changes ExecReload=: with the unit's own the check finds no credential.
        self.drop_in(next(line for line in example.splitlines() if line.startswith("LoadC")))
        self.assertEqual(systemctl("restart", UNIT), 0)
        self.assertNotEqual(systemctl("reload", UNIT), 0)

    def test_an_instance_has_a_file_of_its_own(self):
        server = self.raw_server()
        other = CONFIG.with_name("other.yaml")
        other.write_text(json.dumps({"bridges": [bridge(
            server.url(), listen="unix:/run/wsbridged-other/lines.sock")]}))
        self.addCleanup(systemctl, "stop", "wsbridged@other.service")
        self.assertEqual(systemctl("start", "wsbridged@other.service"), 0)
        self.connect("unix:/run/wsbridged-other/lines.sock")
        server.open()


def main():
    names = pathlib.Path("/results/tests").read_text().split()
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in names] or None
    suite = loader.loadTestsFromTestCase(Service)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
