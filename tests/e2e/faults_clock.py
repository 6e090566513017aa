# SPDX-License-Identifier: MIT
"""The wall clock jumps by a year, forward and back, while sessions are open.

Scenario: sessions that ping, one with idle_timeout, a reload, questions to the admin listener,
          another program that holds the jar's lock; then the clock is set.
Method:   tests/faults shifts CLOCK_REALTIME for the daemon alone; the monotonic clock goes on.
Why:      clocks are set (at the boot of a board without a battery, by a bad time server): waits
          must not notice, and what is a date must.
"""
import datetime
import fcntl
import select
import time

from kit.admin import Metrics, ask
from kit.case import bridge, main
from kit.daemon import RELEASE_BINARY
from kit.faults import Faults
from kit.reloading import ReloadCase
from kit.survival import IS_FULL_SIZE
from kit.upstream import PING, PONG, frame
from kit.waiting import wait_until

YEAR = 365 * 86400
FORWARD, BACK, RIGHT = YEAR, -YEAR, 0
PING_INTERVAL, IDLE = 0.3, 2.0
LOCK_WAIT = 5.0  # of the cookie writer


def jar_line(name, expires):
    return "\t".join(["localhost", "FALSE", "/", "FALSE", str(int(expires)), name, "1"]) + "\n"


class ClockSteps(ReloadCase):

    def setUp(self):
        super().setUp()
        self.faults = Faults(self.directory)
        self.addCleanup(self.faults.close)
        now = time.time()
        self.jar = self.path("cookies.txt")
        with open(self.jar, "w", encoding="ascii") as file:
            file.write("# Netscape HTTP Cookie File\n" + jar_line("month", now + 30 * 86400) +
                       jar_line("decade", now + 10 * YEAR))
        half_a_year = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=180)
        self.secure = self.server(tls=self.ca().server_context(
            end=half_a_year.strftime("%Y%m%d%H%M%SZ")))
        self.plain = self.server()

    def start_all(self):
        ping = {"ping_interval": f"{int(PING_INTERVAL * 1000)}ms", "ping_timeout": "5s"}
        self.bridges = [
            bridge(self.plain.url(host="localhost"), upstream={
                **ping, "cookie_jar": self.jar, "store_cookies": True}),
            bridge(self.plain.url(), "idle", session={"idle_timeout": f"{int(IDLE * 1000)}ms"}),
            bridge(self.secure.url(), "secure",
                   upstream={"tls": {"ca_file": self.ca().certificate}})]
        self.top = {"admin": {"listen": f"unix:{self.path('admin')}"}}
        self.write(*self.bridges, **self.top)
        daemon = self.launch("run", "-c", self.path("wsbridged.yaml"), binary=RELEASE_BINARY,
                             env=self.faults.environment)
        daemon.wait_ready(4)
        return daemon

    def metrics(self, daemon):
        return Metrics(ask(daemon.address("admin"), "/metrics").text())

    def pings_within(self, upstream, seconds):
        """Answered; how many came, but for those that wait already."""
        while upstream.pending or select.select([upstream.socket], [], [], 0)[0]:
            upstream.send(frame(PONG, upstream.read_frame().payload))
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            part = upstream.read_frame()
            self.assertEqual(part.opcode, PING)
            upstream.send(frame(PONG, part.payload))
            count += 1
        return count

    @staticmethod
    def idle_time(upstream):
        """How long it takes until the daemon closes."""
        began = time.monotonic()
        upstream.finish()
        return time.monotonic() - began

    def cookies_of_a_new_session(self, daemon, *headers):
        local = self.connect(daemon.address())
        upstream = self.plain.open(*headers)
        upstream.send_text("hello")
        self.assertEqual(local.read_line(), b"hello\n")
        upstream.close_with(1000)
        sent = "; ".join(upstream.request.all("Cookie"))
        return {pair.split("=")[0] for pair in sent.split("; ") if pair}

    def dial_secure(self, daemon):
        """The cause of its failure, "" when it opens."""
        known = len(daemon.session_ends("secure"))
        local = self.connect(daemon.address("secure"))
        try:
            upstream = self.secure.open()
        except OSError:
            return daemon.wait_for_session_end("secure", known + 1)["cause"]
        upstream.send_text("hello")
        self.assertEqual(local.read_line(), b"hello\n")
        upstream.close_with(1000)
        return ""

    def log_year(self, daemon):
        return int(daemon.log()[-1]["time"][:4])

    def check_after_step(self, daemon, shift, cookies, tls_failure):
        local, upstream, before = self.local, self.upstream, self.metrics(daemon)
        idle = self.connect(daemon.address("idle"))
        idle_upstream = self.plain.open()
        ended = self.in_background(self.idle_time, idle_upstream)
        self.faults.shift_clock(shift)
        pings = self.pings_within(upstream, 1.2)
        self.assertTrue(2 <= pings <= 6, f"{pings} pings in 1.2 s")
        self.check_relays(local, upstream)
        self.assertEqual(self.cookies_of_a_new_session(daemon), cookies)
        self.assertRegex(self.dial_secure(daemon), tls_failure)
        self.reload(daemon)
        waited = ended.result()
        idle.read_all()
        self.assertTrue(IDLE - 0.2 < waited < IDLE + 5, f"idle_timeout after {waited:.1f} s")
        self.assertEqual(self.log_year(daemon), time.gmtime(time.time() + shift).tm_year)
        self.check_metrics(before, self.metrics(daemon), shift)
        self.assertEqual(daemon.entries("ping_timeout"), [])

    def check_metrics(self, before, after, shift):
        for (name, labels), value in before.samples.items():
            if name.endswith(("_total", "_count", "_bucket", "_sum")):
                self.assertGreaterEqual(after.samples[name, labels], value, f"{name} {labels}")
        reloaded = after.value("wsbridged_config_last_reload_timestamp_seconds")
        self.assertLess(abs(reloaded - time.time() - shift), 60, "it is a date")
        seconds = after.total("wsbridged_session_seconds_sum")
        self.assertLess(seconds, 600, "a duration is none")

    def test_a_year_forward_and_back(self):
        daemon = self.start_all()
        self.local = self.connect(daemon.address())
        self.upstream = self.plain.open()
        self.assertEqual(self.dial_secure(daemon), "")
        self.check_after_step(daemon, FORWARD, {"decade"}, "expired")
        self.check_after_step(daemon, BACK, {"month", "decade"}, "not valid before")
        if IS_FULL_SIZE:
            self.check_after_step(daemon, RIGHT, {"month", "decade"}, "^$")
        self.faults.shift_clock(RIGHT)
        self.check_relays(self.local, self.upstream)

    def test_what_a_server_sets_expires_by_the_wall_clock(self):
        daemon = self.start_all()
        self.faults.shift_clock(FORWARD)
        self.cookies_of_a_new_session(daemon, "Set-Cookie: hour=1; Max-Age=3600")
        wait_until(lambda: "hour" in self.jar_text(), "the cookie is stored")
        expires = int(next(line.split("\t")[4] for line in self.jar_text().splitlines()
                           if "\thour\t" in line))
        self.assertLess(abs(expires - time.time() - FORWARD - 3600), 60)
        self.assertNotIn("month", self.jar_text(), "expired ones are left out")
        self.faults.shift_clock(RIGHT)
        self.assertIn("hour", self.cookies_of_a_new_session(daemon))

    if IS_FULL_SIZE:
        def test_the_wait_for_the_jars_lock_ends_in_its_time(self):
            daemon = self.start_all()
            with open(self.path(".cookies.txt.lock"), "w", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                began = time.monotonic()
                self.cookies_of_a_new_session(daemon, "Set-Cookie: hour=1; Max-Age=3600")
                self.faults.shift_clock(BACK)
                daemon.wait_for_entry("cookies not stored")
                waited = time.monotonic() - began
            self.assertTrue(LOCK_WAIT - 1 < waited < LOCK_WAIT + 4, waited)
            daemon.wait_for_entry("cookies stored again")

    def jar_text(self):
        with open(self.jar, encoding="ascii") as file:
            return file.read()


if __name__ == "__main__":
    main()
