# SPDX-License-Identifier: MIT
"""Each system call that can fail is made to fail in the running daemon.

Scenario: sessions over TCP and Unix sockets, ws and wss, with cookies that are stored, one of them
          reconnecting; a reload, questions to the admin listener. One call fails once, at its first
          or a later occurrence, or all the time for a while, or moves one byte at a time.
Method:   tests/faults, loaded before the release binary; lines are numbered. `./dev faults` tries
          all calls with all their errors at several places, here is one error of each.
Why:      what fails once a year, on a machine that is full, cannot be tried by hand.
"""
import signal
import time

from kit.case import main
from kit.fault_case import FaultCase, LogTail, processor_share
from kit.fault_list import AT_RUN, ONLY_NOW_AND_THEN, SHORT
from kit.faults import FOR_EVER, LOG, name_of
from kit.process import descriptor_count, status_bytes
from kit.survival import IS_FULL_SIZE

PLACES = 6 if IS_FULL_SIZE else 1  # of a round, where a call fails
# Whether it matters depends on what is waited for next.
MORE_PLACES = {"epoll_ctl": 4}
LASTING_SECONDS = 0.6
MEMORY_GROWTH = 16 << 20  # bytes; what an allocator keeps
LOST_ENTRIES = "log entries were lost"
# Tried all the time in the short run, too: what would spin, or never end.
LASTING = ("accept4", "socket", "epoll_ctl", "write", "sendmsg")


class SystemCalls(FaultCase):

    def setUp(self):
        super().setUp()
        self.tried = self.reached = self.told = 0
        self.unhit, self.wrong, self.lost_entries = set(), [], 0
        self.start_calm()

    def start_calm(self):
        """A daemon that has done everything: threads and tables come with their first use."""
        self.daemon, self.faults = self.start_faulty(f"faults-{len(self.programs)}")
        self.daemon.wait_ready(5)
        self.tail = LogTail(self.daemon)
        for _ in range(2):
            self.assertEqual(self.faults_of_clean_round(self.daemon, self.tail), [])
        self.descriptors = descriptor_count(self.daemon.pid)
        self.memory = status_bytes(self.daemon.pid, "VmRSS")

    def places(self, call, kinds):
        """How many calls of a round are let through before the one that fails."""
        self.faults.watch(call, kinds)
        many = max(PLACES, MORE_PLACES.get(call, 1))
        if many > 1:
            self.everything(self.daemon, self.tail)
        count = max(self.faults.calls(call), 1)
        return sorted({count * place // many for place in range(many)})

    def try_fault(self, what, call, arm, round_with_fault):
        """One fault, and what must hold with it and behind it."""
        self.tried += 1
        arm()
        try:
            wrong = round_with_fault()
        except AssertionError as failure:
            wrong = [str(failure)]
        hits = self.wait_for_hits(call)
        self.faults.clear()
        if self.daemon.is_running():
            try:
                wrong += self.faults_of_clean_round(self.daemon, self.tail)
                self.wait_for_descriptors(self.daemon, self.descriptors)
                wrong += self.untold_entries(call, hits)
            except AssertionError as failure:
                wrong.append(str(failure))
        if not self.daemon.is_running():
            wrong.append(f"the daemon ended with {self.daemon.child.returncode}: "
                         f"{self.daemon.stderr()[-300:]}")
            self.start_calm()
        self.reached += hits > 0
        if hits == 0:
            self.unhit.add(what)
        if wrong:
            self.wrong.append(f"{what} ({hits} hits): {'; '.join(wrong)}")
            print("WRONG", self.wrong[-1], flush=True)

    def wait_for_hits(self, call):
        """Cookies are written behind the session's end, by a thread of its own."""
        end = time.monotonic() + 0.3
        while not self.faults.hits(call) and time.monotonic() < end:
            time.sleep(0.01)
        return self.faults.hits(call)

    def note_log_faults(self, reason, kinds):
        self.may_lose_entries = bool(kinds & LOG) and reason not in ONLY_NOW_AND_THEN

    def untold_entries(self, call, hits):
        """Entries that could not be written are told as a number."""
        if not self.may_lose_entries or call != "write" or not hits:
            return []
        known, self.lost_entries = self.lost_entries, self.daemon.stderr().count(LOST_ENTRIES)
        return [] if self.lost_entries > known else ["log entries are missing, and nobody says so"]

    def one_round(self):
        talks, entries, _ = self.everything(self.daemon, self.tail)
        self.told += sum(talk.was_told() for talk in talks.values())
        return self.faults_of(talks, entries)

    def lasting_round(self):
        """The fault stays for a while, in which nothing may spin; then what waits goes on."""
        self.daemon.signal(signal.SIGHUP)
        talks = self.in_background(self.talk_on_all, self.daemon)
        share = processor_share(self.daemon, LASTING_SECONDS,
                                lambda: time.sleep(LASTING_SECONDS))
        self.faults.clear()
        done, entries = talks.result(60), []
        self.told += sum(talk.was_told() for talk in done.values())
        self.wait_for_reload(self.daemon, self.tail, entries)
        # A session's end is logged behind what its program sees.
        end = time.monotonic() + 2
        while (wrong := self.faults_of(done, entries)) and time.monotonic() < end:
            entries += self.tail.read()
            time.sleep(0.02)
        return wrong + ([f"takes {share:.0%} of a processor"] if share > 0.5 else [])

    def finish(self, kind):
        lost = sum("lost silently" in one for one in self.wrong)
        memory = status_bytes(self.daemon.pid, "VmRSS")
        print(f"{kind}: {self.tried} faults tried, {self.reached} reached, "
              f"{self.tried - len(self.wrong)} survived; sessions that failed and were told so: "
              f"{self.told}; with lines lost silently: {lost}; descriptors {self.descriptors} "
              f"before, {descriptor_count(self.daemon.pid)} after; resident "
              f"{self.memory >> 10} KiB before, {memory >> 10} KiB after; not reached: "
              f"{sorted(self.unhit)}")
        self.assertEqual(self.wrong, [])
        self.assertLess(memory - self.memory, MEMORY_GROWTH)
        self.assertEqual(self.faults.unknown_of(row[0] for row in AT_RUN), [],
                         "each call is one that the library replaces")

    def test_each_call_fails_once(self):
        for call, reasons, kinds in AT_RUN:
            places = self.places(call, kinds)
            for reason in reasons if IS_FULL_SIZE else reasons[:1]:
                self.note_log_faults(reason, kinds)
                for skip in places:
                    self.try_fault(
                        f"{call} {name_of(reason)} on {kinds:#x} behind {skip}", call,
                        lambda: self.faults.fail(call, reason, skip=skip, kinds=kinds),
                        self.one_round)
        self.finish("once")

    def test_a_call_fails_for_a_while(self):
        for call, reasons, kinds in AT_RUN:
            for reason in reasons if IS_FULL_SIZE else reasons[:1]:
                self.note_log_faults(reason, kinds)
                if IS_FULL_SIZE or call in LASTING:
                    every = 2 if reason in ONLY_NOW_AND_THEN else 1
                    self.try_fault(
                        f"{call} {name_of(reason)} on {kinds:#x} for a while", call,
                        lambda: self.faults.fail(call, reason, every=every, count=FOR_EVER,
                                                 kinds=kinds),
                        self.lasting_round)
        self.finish("for a while")

    def test_reads_and_writes_are_short(self):
        for call, kinds in SHORT:
            self.try_fault(f"{call} one byte on {kinds:#x}", call,
                           lambda: self.faults.shorten(call, kinds=kinds), self.one_round)
        self.finish("one byte")


if __name__ == "__main__":
    main()
