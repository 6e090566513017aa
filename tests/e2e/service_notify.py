# SPDX-License-Identifier: MIT
"""What systemd is told (sd_notify(3)): ready, reloading, stopping, more time, and that all loops
turn.

Scenario: the daemon as a service: started, reloaded, drained, with a worker that is stuck.
Method: the test holds NOTIFY_SOCKET; a worker's thread is frozen as a debugger would do it.
Why: a unit of Type=notify is active, reloaded and alive exactly when it says so.
"""
import os
import signal
import socket
import time

from kit.case import E2eCase, bridge, main
from kit.frozen import FrozenThread
from kit.service import NotifyListener
from kit.waiting import deadline


def worker_of(pid):
    """The thread of the only worker: the last that is made at a start without an admin listener."""
    threads = sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))
    return threads[-1]


class ServiceNotify(E2eCase):

    def listen(self, name=None):
        notify = NotifyListener(name or self.path("notify"))
        self.addCleanup(notify.close)
        return notify

    def start_notifying(self, notify, variables=None, **sections):
        server = self.server()
        daemon = self.start(bridge(server.url()), **sections,
                            options={"env": notify.environment(**(variables or {}))})
        return server, daemon

    def test_ready_comes_after_the_ready_lines_on_sockets_of_both_kinds(self):
        for name in (self.path("notify"), f"@wsbridged-test-{os.getpid()}"):
            with self.subTest(name):
                notify = self.listen(name)
                server = self.server()
                daemon = self.launch("--listen", "127.0.0.1:0", "--upstream", server.url(),
                                     env=notify.environment())
                message = notify.wait_for("READY")
                self.assertEqual(len(daemon.addresses()), 1, "printed before")
                self.assertEqual(message["READY"], "1")
                self.assertIn("1 bridge", message["STATUS"])
                self.assertEqual(daemon.stop(), 0)
                self.assertEqual([key for one in notify.receive() for key in one
                                  if key in ("READY", "STOPPING")], ["READY", "STOPPING"])

    def test_a_reload_is_told_at_both_ends_also_when_it_fails(self):
        notify = self.listen()
        _, daemon = self.start_notifying(notify)
        for number in (1, 2):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            daemon.signal(signal.SIGHUP)
            reloading = notify.wait_for("RELOADING", number)
            ready = notify.wait_for("READY", number + 1)
            self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), before)
            kinds = [key for one in notify.messages for key in one if key in ("READY", "RELOADING")]
            self.assertEqual(kinds, ["READY"] + ["RELOADING", "READY"] * number)
            if number == 1:
                os.remove(self.path("wsbridged.yaml"))
        self.assertIn("last reload failed", ready["STATUS"])

    def test_a_drain_asks_for_time_as_long_as_it_takes(self):
        notify = self.listen()
        server, daemon = self.start_notifying(
            notify, shutdown={"drain_timeout": "60s", "quiet": "60s"})
        self.session(server, daemon)
        daemon.signal()
        stopping = notify.wait_for("STOPPING")
        self.assertIn("1 sessions left", stopping["STATUS"])
        self.assertEqual(notify.wait_for("EXTEND_TIMEOUT_USEC")["EXTEND_TIMEOUT_USEC"], "20000000")
        notify.wait_for("EXTEND_TIMEOUT_USEC", 2)
        daemon.signal()
        daemon.wait()
        self.assertEqual(notify.count("READY"), 1, "none follows STOPPING")

    def test_a_worker_that_hangs_does_not_make_a_stop_endless(self):
        for has_session, signals in ((True, 1), (True, 2), (False, 1)):
            with self.subTest(has_session=has_session, signals=signals):
                server = self.server()
                daemon = self.start(bridge(server.url()), threads=1,
                                    shutdown={"drain_timeout": "300ms" if signals == 1 else "1h",
                                              "quiet": "50ms"})
                if has_session:
                    self.session(server, daemon)
                with FrozenThread(worker_of(daemon.pid)):
                    daemon.signal()
                    daemon.wait_for_entry("draining")  # two at once are one: POSIX queues none
                    if signals == 2:
                        daemon.signal()
                    entry = daemon.wait_for_entry("does not turn")
                self.assertEqual(daemon.wait(), 1)
                self.assertEqual((entry["level"], entry["worker"], entry["sessions"]),
                                 ("error", 0, int(has_session)))

    def test_ready_is_said_when_the_manager_has_room_again(self):
        notify = self.listen()
        stuffed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(stuffed.close)
        stuffed.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                stuffed.sendto(b"STUFFED=1", notify.name)
        _, daemon = self.start_notifying(notify)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_entry("configuration reloaded")
        self.assertTrue(daemon.problems("systemd was not notified", "READY=1"))
        self.assertEqual(notify.count("READY"), 0)
        notify.wait_for("READY")
        kinds = [key for one in notify.messages for key in one if key in ("READY", "RELOADING")]
        self.assertEqual(kinds[-1], "READY", "of the reload, which is over")
        self.assertEqual(daemon.stop(), 0)

    def test_the_watchdog_is_fed_by_loops_that_turn(self):
        notify = self.listen()
        _, daemon = self.start_notifying(notify, {"WATCHDOG_USEC": "400000"}, threads=3)
        begin = time.monotonic()
        notify.wait_for("WATCHDOG", 6)
        self.assertGreater(time.monotonic() - begin, 0.9, "half of the time apart, not more often")
        threads = sorted(int(name) for name in os.listdir(f"/proc/{daemon.pid}/task"))
        self.assertGreaterEqual(len(threads), 4)
        with FrozenThread(threads[2]):
            entry = daemon.wait_for_entry("does not turn")
            self.assertEqual((entry["level"], entry["workers"]), ("error", 1))
            fed = notify.count("WATCHDOG")
            daemon.signal(signal.SIGHUP)  # main itself turns
            notify.wait_for("RELOADING")
            time.sleep(min(1.2, deadline()))  # three times the watchdog's: part of the scenario
            self.assertEqual(notify.count("WATCHDOG"), fed)
        notify.wait_for("WATCHDOG", fed + 2)

    def test_a_watchdog_for_another_process_is_not_fed(self):
        notify = self.listen()
        _, daemon = self.start_notifying(notify, {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"})
        daemon.signal(signal.SIGHUP)
        notify.wait_for("READY", 2)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(notify.count("WATCHDOG"), 0)

    def test_a_socket_that_nobody_reads_hurts_nothing(self):
        server = self.server()
        daemon = self.start(bridge(server.url()),
                            options={"env": {"NOTIFY_SOCKET": self.path("nowhere")}})
        local, upstream = self.session(server, daemon)
        local.send(b"fine\n")
        self.assertEqual(upstream.read_text(), b"fine")
        self.assertTrue(daemon.problems("systemd was not notified"))


if __name__ == "__main__":
    main()
