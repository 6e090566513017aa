# SPDX-License-Identifier: MIT
"""Each call that a start makes is made to fail, and so is the memory: the daemon serves, or it ends
with an error and the right exit status.

Scenario: a configuration with every kind of listener, TLS, a jar and the admin listener; one call
          fails at its first or a later occurrence. Then memory: one allocation of the start or of a
          round of sessions fails, or all of them from then on.
Method:   tests/faults, loaded before the release binary. ./dev faults tries more places.
Why:      a start that hangs, or fails without a word, is found out by the users.
"""
import errno
import os
import signal
import time

from kit.case import main
from kit.daemon import READY
from kit.fault_case import FaultCase, LogTail
from kit.fault_list import AT_START
from kit.faults import ANY, FOR_EVER, OTHER, name_of
from kit.survival import IS_FULL_SIZE, size
from kit.waiting import wait_until

LISTENERS = 5
PLACES = size(1, 8)  # where a call of the start fails
START_PLACES, RUN_PLACES = size(6, 200), size(6, 120)  # where the memory ends
ENDS = (1, 2)  # of a start that failed
LAST_WORDS = ("ending at once: ", "wsbridged: ", '"level":"error"', ".yaml:")


def ends_soon(daemon):
    """Its connections end a moment before it."""
    end = time.monotonic() + 1
    while daemon.is_running() and time.monotonic() < end:
        time.sleep(0.01)
    return not daemon.is_running()


class FaultsAtTheStart(FaultCase):

    def setUp(self):
        super().setUp()
        self.wrong, self.served, self.refused, self.silent = [], 0, 0, []

    def start_with(self, prepare):
        """(daemon, its faults), when it is ready or has ended."""
        daemon, faults = self.start_faulty(f"faults-{len(self.programs)}", prepare)
        wait_until(lambda: not daemon.is_running() or
                   len(READY.findall(daemon.stdout())) >= LISTENERS, "ready, or an end", 20)
        return daemon, faults

    def judge(self, what, daemon, faults, words=()):
        """It serves, or it said why not."""
        faults.clear()
        if daemon.is_running():
            self.served += 1
            talk = self.talk(daemon, "plain", up=20, down=20)
            problem = talk.check(self.plain_server.numbers(talk.token))
            if problem or talk.was_told():
                self.wrong.append(f"{what}: ready, but no session: {problem or talk.error_line}")
            daemon.child.kill()
            daemon.wait()
            daemon.child.returncode = 0  # so were we
            return
        self.refused += 1
        said = daemon.stderr()
        if daemon.child.returncode not in ENDS or not any(word in said for word in LAST_WORDS):
            self.wrong.append(f"{what}: ended with {daemon.child.returncode}, saying "
                              f"{said[-300:]!r}")
        elif words and not any(word in said for word in words):
            self.silent.append(f"{what}: {said.strip()[-200:]}")

    def count_at_start(self, calls):
        def prepare(faults):
            for call in calls:
                faults.watch(call, ANY | OTHER)
        daemon, faults = self.start_with(prepare)
        counts = {call: faults.calls(call) for call in calls}
        self.judge("nothing", daemon, faults)
        return counts

    def test_each_call_of_the_start_fails(self):
        counts = self.count_at_start([call for call, _ in AT_START])
        for call, reasons in AT_START:
            places = {counts[call] * place // PLACES for place in range(PLACES)}
            for reason in reasons if IS_FULL_SIZE else reasons[:1]:
                for skip in sorted(places) if counts[call] else ():
                    daemon, faults = self.start_with(
                        lambda faults: faults.fail(call, reason, skip=skip, kinds=ANY | OTHER))
                    words = (os.strerror(reason),) if reason > 0 else ()
                    self.judge(f"{call} {name_of(reason)} behind {skip}", daemon, faults, words)
        print(f"starts: {self.served} served, {self.refused} ended with an error; not called: "
              f"{[call for call in counts if not counts[call]]}; without the system's words: "
              f"{self.silent}")
        self.assertEqual(self.wrong, [])

    # Memory

    def test_an_allocation_of_the_start_fails(self):
        total = self.count_at_start(["malloc"])["malloc"]
        for place in range(START_PLACES):
            skip = total * place // START_PLACES
            count = FOR_EVER if place % 2 else 1
            daemon, faults = self.start_with(
                lambda faults: faults.fail("malloc", errno.ENOMEM, skip=skip, count=count))
            self.judge(f"allocation {skip} of {total}, {count} times", daemon, faults)
        print(f"memory at the start: {self.served} served, {self.refused} ended with an error")
        self.assertEqual(self.wrong, [])

    def test_an_allocation_of_the_sessions_fails(self):
        total = 0
        for place in range(RUN_PLACES):
            daemon, faults = self.start_with(lambda faults: None)
            tail = LogTail(daemon)
            self.talk_on_all(daemon)
            if not total:
                faults.watch("malloc")
                self.everything(daemon, tail)
                total = faults.calls("malloc")
            skip = total * place // RUN_PLACES
            count = FOR_EVER if place % 2 else 1
            faults.fail("malloc", errno.ENOMEM, skip=skip, count=count)
            self.round_without_memory(f"allocation {skip} of {total}, {count} times", daemon,
                                      faults, tail)
        print(f"memory of {total} allocations: {self.served} served, {self.refused} ended with "
              f"their last words")
        self.assertEqual(self.wrong, [])

    def round_without_memory(self, what, daemon, faults, tail):
        """Either all goes on, and what failed was told, or the process ends and says so: no session
        goes on with a hole in it."""
        daemon.signal(signal.SIGHUP)
        talks = self.talk_on_all(daemon)
        self.ask_admin(daemon)
        faults.clear()
        for name, talk in talks.items():
            server = self.secure_server if name == "secure" else self.plain_server
            numbers = server.numbers(talk.token)
            problem = talk.check(numbers, may_repeat=name == "again")
            # A process that ends takes its connections with it; where it stood, nothing is missing.
            if problem and not (problem.startswith("lost silently") and ends_soon(daemon)):
                self.wrong.append(f"{what}: {name}: {problem}")
        try:
            if daemon.is_running():
                self.wait_for_reload(daemon, tail, [])
            wrong = self.faults_of_clean_round(daemon, tail) if daemon.is_running() else []
        except (AssertionError, OSError) as failure:
            wrong = [str(failure)]
        if wrong and daemon.is_running():
            self.wrong.append(f"{what}: {wrong}")
        self.judge(what, daemon, faults)


if __name__ == "__main__":
    main()
