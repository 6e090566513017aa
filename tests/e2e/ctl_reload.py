# SPDX-License-Identifier: MIT
"""`wsbridged ctl reload`: what it tells, and the admin listener itself as a thing that it changes.

Scenario: a good file, a bad one, and admin settings that come, move, change places and go.
Method:   the built binary as both ends; the file is changed between.
Why:      whoever reloads by hand wants to know what it did, from the program that did it.
"""
import os
import signal

from kit.admin import ask, dial
from kit.case import E2eCase, bridge, main
from kit.daemon import QUICK_SHUTDOWN, write_config
from kit.lease import Lease
from kit.process import free_ports
from kit.service import NotifyListener
from kit.waiting import wait_until


def open_writer(path):
    """Of a pipe; None as long as nobody reads."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def answer(path):
    """To whoever opens the pipe by now: nothing."""
    writer = open_writer(path)
    if writer is not None:
        os.close(writer)


class CtlReload(E2eCase):

    def setUp(self):
        super().setUp()
        self.server_ = self.server()
        self.unix = f"unix:{self.path('admin.sock')}"

    def write(self, admin, *bridges, **top):
        write_config(self.directory, {
            "log": {"level": "info", "format": "json"}, "shutdown": QUICK_SHUTDOWN, "admin": admin,
            "bridges": list(bridges) or [bridge(self.server_.url())], **top})

    def start_with(self, admin):
        return self.start(bridge(self.server_.url()), admin=admin)

    def ctl(self, address, *words):
        return self.run_to_end("ctl", "--admin", address, *(words or ("reload",)))

    def reload(self, address, said="reloaded"):
        status, stdout, stderr = self.ctl(address)
        self.assertEqual((status, stderr), (0, ""), stdout + stderr)
        self.assertIn(said, stdout)
        return stdout

    def check_refused(self, address):
        with self.assertRaises((ConnectionRefusedError, FileNotFoundError)):
            ask(address, "/readyz")

    def test_a_good_file_is_told_by_its_changes_and_a_bad_one_by_its_errors(self):
        daemon = self.start_with({"listen": self.unix})
        self.assertEqual(self.reload(self.unix), "reloaded, 0 changes\n")
        self.write({"listen": self.unix}, bridge(self.server_.url("/new"), upstream={
            "headers": {"X-Key": "hunter2"}}), log={"level": "info", "format": "text"})
        text = self.reload(self.unix, "reloaded, 4 changes\n")
        self.assertIn(f'bridges.main.upstream.url: "{self.server_.url()}" -> '
                      f'"{self.server_.url("/new")}"\n', text)
        self.assertIn("log.format: ", text)
        self.assertNotIn("hunter2", text)
        self.assertEqual(self.session(self.server_, daemon)[1].request.target, "/new")
        self.write({"listen": self.unix}, bridge("http://wrong/"), treads=1)
        status, stdout, stderr = self.ctl(self.unix)
        self.assertEqual((status, stdout), (1, ""))
        self.assertRegex(stderr, r"wsbridged\.yaml:\d+:\d+: unknown key 'treads' "
                                 r"\(did you mean 'threads'\?\)\n")
        self.assertRegex(stderr, r"wsbridged\.yaml:\d+:\d+: url must begin with ws://")
        self.assertTrue(stderr.endswith("wsbridged: not reloaded, the configuration of before stays "
                                        "in force\n"), stderr)
        shown = ask(self.unix, "/status").json()["config_last_reload"]
        self.assertFalse(shown["success"])
        self.assertEqual(self.session(self.server_, daemon)[1].request.target, "/new")
        self.write({"listen": self.unix})
        self.assertIn('"changes":', self.ctl(self.unix, "reload", "--json")[1])

    def test_the_admin_listener_moves_and_its_own_caller_gets_the_answer(self):
        other, metrics = f"unix:{self.path('other.sock')}", f"127.0.0.1:{free_ports(1)[0]}"
        daemon = self.start_with({"listen": self.unix})
        self.write({"listen": other, "metrics": metrics})
        text = self.reload(self.unix)
        self.assertIn(f'admin.listen: "{self.unix}" -> "{other}"\n', text)
        self.check_refused(self.unix)
        self.assertFalse(os.path.exists(self.path("admin.sock")))
        self.assertEqual(ask(other, "/readyz").status, 200)
        self.assertEqual(ask(metrics, "/metrics").status, 200)
        self.assertEqual(ask(metrics, "/status").status, 404)
        told = {(entry["message"], entry["listen"]) for entry in daemon.entries("listening")
                if entry["bridge"] == "admin"}
        self.assertEqual(told, {("no longer listening", self.unix), ("listening", other),
                                ("listening", metrics)})
        self.write({})
        self.reload(other)
        self.check_refused(other)
        self.check_refused(metrics)

    def test_an_address_that_cannot_be_bound_changes_nothing(self):
        taken = self.server()
        daemon = self.start_with({"listen": self.unix})
        self.write({"listen": f"unix:{self.path('new.sock')}",
                    "metrics": f"127.0.0.1:{taken.port}"}, bridge(self.server_.url("/new")))
        status, _, stderr = self.ctl(self.unix)
        self.assertEqual(status, 1)
        self.assertIn(f"admin: cannot listen on 127.0.0.1:{taken.port}", stderr)
        self.assertFalse(os.path.exists(self.path("new.sock")))
        self.assertEqual(self.session(self.server_, daemon)[1].request.target, "/")
        self.assertEqual(ask(self.unix, "/readyz").status, 200)

    def test_an_admin_listener_may_come_with_a_reload_and_its_token_may_change(self):
        daemon = self.start(bridge(self.server_.url()))
        address = f"127.0.0.1:{free_ports(1)[0]}"
        tokens = [self.path("first"), self.path("second")]
        for path in tokens:
            with open(path, "w", encoding="ascii") as file:
                file.write(f"the token of {os.path.basename(path)}\n")
        self.write({"listen": address, "token_file": tokens[0]})
        daemon.signal(1)
        daemon.wait_for_entry("configuration reloaded")
        first, second = ({"Authorization": f"Bearer the token of {name}"}
                         for name in ("first", "second"))
        self.assertEqual(ask(address, "/ctl/reload", "POST", **second).status, 401)
        self.write({"listen": address, "token_file": tokens[1]})
        self.assertEqual(ask(address, "/ctl/reload", "POST", **first).status, 200)
        self.assertEqual(ask(address, "/ctl/reload", "POST", **first).status, 401)
        self.assertEqual(ask(address, "/ctl/reload", "POST", **second).status, 200)
        self.assertNotIn("the token of", daemon.stderr())

    def test_a_reload_that_takes_long_is_told_of_and_goes_on(self):
        daemon = self.start_with({"listen": self.unix})
        lease = Lease(self.path("wsbridged.yaml"))
        self.addCleanup(lease.close)
        daemon.signal(signal.SIGHUP)
        wait_until(lease.is_asked_for, "it reads")
        status, stdout, stderr = self.ctl(self.unix)
        self.assertEqual((status, stdout), (1, ""))
        self.assertRegex(stderr, "^wsbridged: the reload is still under way, .* the log will tell")
        request = b"POST /ctl/reload HTTP/1.1\r\nHost: localhost\r\n\r\n"
        told = "told no outcome"
        def leave_until_told():
            with dial(self.unix) as client:
                client.sendall(request)
            return daemon.entries(told)
        wait_until(leave_until_told, "who has left is not remembered for ever")
        self.assertGreaterEqual(len(daemon.entries("reload asked for")), 65, "the limit is 64")
        lease.close()
        wait_until(lambda: len(daemon.entries("configuration reloaded")) == 2, "the due one as well")
        self.assertEqual(daemon.problems("reload failed"), [])
        self.reload(self.unix)

    def test_a_silent_name_server_of_the_admin_listener_holds_up_the_reload_and_nothing_else(self):
        """A name without a dot is first looked for in the file of HOSTALIASES; it hangs there."""
        aliases = self.path("aliases")
        os.mkfifo(aliases)
        for number, before in enumerate(({}, {"metrics": "127.0.0.1:0"})):
            notify = NotifyListener(self.path(f"notify{number}"))
            self.addCleanup(notify.close)
            env = notify.environment(WATCHDOG_USEC="1000000", HOSTALIASES=aliases,
                                     RES_OPTIONS="timeout:1 attempts:1")
            daemon = self.start(bridge(self.server_.url()), admin=before, options={"env": env})
            self.write({"metrics": "nowhere:9843"})
            daemon.signal(signal.SIGHUP)
            writer = wait_until(lambda: open_writer(aliases), "the name is looked up")
            fed = notify.count("WATCHDOG")
            self.session(self.server_, daemon)
            notify.wait_for("WATCHDOG", fed + 3)
            self.assertEqual(daemon.problems("reload failed"), [])
            os.close(writer)
            wait_until(lambda: answer(aliases) or daemon.entries("reload failed"), "an empty file")
            self.assertTrue(daemon.problems("admin: cannot listen on nowhere:9843", "look up"))
            self.session(self.server_, daemon)
            daemon.stop()


if __name__ == "__main__":
    main()
