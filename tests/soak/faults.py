# SPDX-License-Identifier: MIT
"""What is done to servers, daemon and files while the traffic goes on: two hands, each with its own
deeds in an order of its own that the seed decides."""
import collections
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
import traceback

from kit.admin import ask, dial, read_to_end
from kit.daemon import environment, write_config
from kit.process import descriptor_count
from kit.waiting import deadline, wait_until

RELOADED = "configuration reloaded"
VARIANTS = 4  # of listeners and of limits.memory
BAD_FILES = {
    "no YAML": lambda config: "bridges: [\n",
    "an unknown key": lambda config: json.dumps({**config, "nonsense": 1}),
    "a missing file": lambda config: json.dumps(config).replace("authorities.pem", "nowhere.pem"),
    "two of one name": lambda config: json.dumps(
        {**config, "bridges": config["bridges"] + config["bridges"][:1]}),
}


class Hand(threading.Thread):
    """Does one deed after the other until it is told to stop."""

    def __init__(self, rng, deeds, pause, counts, failures):
        super().__init__(daemon=True)
        self.rng, self.deeds, self.pause = rng, deeds, pause
        self.counts, self.failures = counts, failures
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(self.rng.uniform(*self.pause)):
            deed = self.rng.choices([one for one, _ in self.deeds],
                                    [weight for _, weight in self.deeds])[0]
            try:
                deed(self.rng)
                self.counts[deed.__name__] += 1
            except Exception:  # whatever it is, it is told with the seed at the end
                self.failures.append(f"{deed.__name__}: {traceback.format_exc()}")
                self.is_over.wait(1)

    def stop(self):
        self.is_over.set()
        self.join()


class ServerFaults:
    """One hand: servers die, freeze and come back."""

    def __init__(self, world):
        self.world = world
        self.deeds = [(self.kill_a_server, 6), (self.kill_it_twice, 2), (self.freeze_a_server, 3),
                      (self.kill_both_servers, 1)]

    def server(self, rng):
        return self.world.servers[rng.choice(["worker", "worker", "secure"])]

    def kill_a_server(self, rng):
        server = self.server(rng)
        server.kill()
        time.sleep(rng.choice([0, 0, 0.1, 0.5, 1.5]) * self.world.outage)
        server.revive()

    def kill_it_twice(self, rng):
        server = self.server(rng)
        for _ in range(2):
            server.kill()
            server.revive()
            time.sleep(rng.uniform(0, 0.2))

    def kill_both_servers(self, rng):
        both = [self.world.servers[name] for name in ("worker", "secure")]
        for server in both:
            server.kill()
        time.sleep(rng.uniform(0, 1.5) * self.world.outage)
        for server in both:
            server.revive()

    def freeze_a_server(self, rng):
        server = self.server(rng)
        server.freeze()
        time.sleep(rng.uniform(0.2, 3) * self.world.outage)
        server.thaw()

    def heal(self):
        for server in self.world.servers.values():
            server.heal()


class OperatorDeeds:
    """The other hand: reloads, files that are swapped, verbs, scrapes; and the daemon stopped."""

    def __init__(self, world, daemon, ledger, gauges, binary, may_starve):
        self.world, self.daemon, self.ledger, self.gauges = world, daemon, ledger, gauges
        self.binary = binary
        self.deeds = [
            (self.reload, 6), (self.reload_by_signal, 3), (self.reload_refused, 3),
            (self.swap_jar, 3), (self.swap_certificates, 2), (self.take_jar_away, 1),
            (self.scrape, 8), (self.look_at_status, 4), (self.write_nonsense_to_admin, 2),
            (self.list_sessions, 2), (self.tap_a_session, 2), (self.kill_a_session, 4),
            (self.talk_more, 1), (self.freeze_the_daemon, 1)]
        if may_starve:
            self.deeds.append((self.starve_of_descriptors, 2))

    # Reloads

    def ctl(self, *words, status=0):
        run = subprocess.run([self.binary, "ctl", "--admin", self.world.admin, *words],
                             capture_output=True, text=True, env=environment(), check=False,
                             timeout=deadline(60 * self.world.unit))
        if run.returncode != status:
            raise AssertionError(f"ctl {words}: {run.returncode} {run.stdout} {run.stderr}")
        return run.stdout + run.stderr

    def reload(self, _rng):
        self.world.variant += 1
        self.world.write_config()
        self.ctl("reload")
        self.after_reload()

    def reload_by_signal(self, _rng):
        known = self.ledger.entry_kinds[RELOADED]
        self.world.variant += 1
        self.world.write_config()
        self.daemon.signal(signal.SIGHUP)
        wait_until(lambda: self.ledger.entry_kinds[RELOADED] > known, RELOADED,
                   60 * self.world.unit)
        self.after_reload()

    def after_reload(self):
        self.world.write_addresses(self.daemon.stdout())

    def reload_refused(self, rng):
        spoil = BAD_FILES[rng.choice(list(BAD_FILES))]
        write_config(self.world.directory, spoil(self.world.config()))
        said = self.ctl("reload", status=1)
        if "wsbridged.yaml:" not in said:
            raise AssertionError(f"no place is told: {said}")

    # Files

    def swap_jar(self, _rng):
        self.world.swap_jar()

    def swap_certificates(self, _rng):
        self.world.swap_certificate()

    def take_jar_away(self, rng):
        """Its directory is not there: nothing can be stored for a while."""
        os.rename(self.world.path("jars"), self.world.path("jars.away"))
        try:
            time.sleep(rng.uniform(0.1, 1.5))
        finally:
            if os.path.exists(self.world.path("jars")):
                shutil.rmtree(self.world.path("jars"))
            os.rename(self.world.path("jars.away"), self.world.path("jars"))

    # Looking

    def scrape(self, _rng):
        self.gauges.metrics()

    def look_at_status(self, rng):
        path = rng.choice(["/status", "/", "/readyz", "/livez"])
        answer = ask(self.world.admin, path)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {answer.text()[:200]}")

    def sessions(self):
        return [one for one in ask(self.world.admin, "/status").json()["sessions"]
                if one["bridge"] != "quiet"]

    def write_nonsense_to_admin(self, rng):
        for size in (1, 300, 20_000):
            with dial(self.world.admin) as client:
                try:
                    client.sendall(rng.randbytes(size) + b"\r\n\r\n")
                except OSError:
                    continue  # it has seen enough
                read_to_end(client)

    def list_sessions(self, _rng):
        self.ctl("ps")

    def tap_a_session(self, rng):
        sessions = self.sessions()
        if not sessions:
            return
        tap = subprocess.Popen([self.binary, "ctl", "--admin", self.world.admin, "tap",
                                str(rng.choice(sessions)["id"])], env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            tap.wait(rng.uniform(0.3, 1.5))
        except subprocess.TimeoutExpired:
            tap.kill()
            tap.wait()

    def kill_a_session(self, rng):
        sessions = self.sessions()
        if not sessions:
            return
        session = rng.choice(sessions)["id"]
        self.ledger.killed.add(session)
        ask(self.world.admin, f"/ctl/kill/{session}", "POST")

    def talk_more(self, rng):
        self.ctl("log-level", "debug")
        time.sleep(rng.uniform(0.1, 1))
        self.ctl("log-level", "info")

    # The process itself

    def freeze_the_daemon(self, rng):
        began = time.monotonic()
        self.daemon.signal(signal.SIGSTOP)
        time.sleep(rng.uniform(0.1, 1.2))
        self.daemon.signal(signal.SIGCONT)
        self.gauges.freezes.append((began, time.monotonic() + 0.5))

    def starve_of_descriptors(self, rng):
        pid = self.daemon.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        few = descriptor_count(pid) + rng.randint(0, 6)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, before[1]))
        time.sleep(rng.uniform(0.2, 1.0))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

    def heal(self):
        """The file of the start again, and in force: rests are compared."""
        self.world.variant += -self.world.variant % VARIANTS - 1
        self.reload(None)


class Faults:

    def __init__(self, seed, world, operator):
        self.counts, self.failures = collections.Counter(), []
        self.world, self.operator, self.servers = world, operator, ServerFaults(world)
        self.rngs = [random.Random(f"{seed} servers"), random.Random(f"{seed} operator")]
        self.hands = []

    def begin(self, hurry):
        """Pauses become shorter by `hurry`, for runs that are short."""
        unit = self.world.unit
        pauses = [(0.5 * unit / hurry, 6 * unit / hurry), (0.1 * unit / hurry, 2 * unit / hurry)]
        self.hands = [Hand(rng, one.deeds, pause, self.counts, self.failures) for rng, one, pause in
                      zip(self.rngs, (self.servers, self.operator), pauses)]
        for hand in self.hands:
            hand.start()

    def rest(self):
        for hand in self.hands:
            hand.stop()
        self.servers.heal()
        self.operator.heal()
