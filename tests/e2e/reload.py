# SPDX-License-Identifier: MIT
"""SIGHUP: new sessions by the new configuration, running ones as they began, a bad file changes
nothing.

Scenario: the file changes in one respect, and the daemon is told.
Method: sessions before and after, the sockets that the process holds, what the log says.
Why: whoever fears a reload restarts, and a restart cuts every session.
"""
import os
import re
import signal
import socket
import stat

from kit.case import bridge, main
from kit.daemon import write_config
from kit.lease import Lease
from kit.process import descriptor_count, is_stopped
from kit.reloading import FAILED, RELOADED, ReloadCase
from kit.service import NotifyListener
from kit.upstream import TEXT, frame
from kit.waiting import wait_until


def listening_inodes(pid):
    """The sockets that listen, by inode: an accept queue that is kept keeps its own."""
    own = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")
           if os.path.islink(f"/proc/{pid}/fd/{name}")}
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}


class Reload(ReloadCase):

    def test_new_sessions_use_the_new_file_and_running_ones_keep_theirs(self):
        first, second = self.server(), self.server()
        daemon = self.start(bridge(first.url(), upstream={"headers": {"X-Key": "hunter2"}}))
        local, upstream = self.session(first, daemon)
        sockets = listening_inodes(daemon.pid)
        entry = self.reload(daemon, bridge(second.url("/new"),
                                           upstream={"headers": {"X-Key": "hunter3"}}))
        self.assertEqual(entry["change_count"], 2)
        changes = self.changes(daemon)
        self.assertEqual(changes["bridges.main.upstream.url"],
                         (f'"{first.url()}"', f'"{second.url("/new")}"'))
        self.assertIn('bridges.main.upstream.headers."X-Key"', changes)
        self.assertNotIn("hunter", daemon.stderr(), "secrets are never logged")
        self.assertEqual(listening_inodes(daemon.pid), sockets, "an unchanged listener stays")
        new_local, new_upstream = self.session(second, daemon)
        self.assertEqual(new_upstream.request.target, "/new")
        self.assertEqual(new_upstream.request.get("X-Key"), "hunter3")
        self.check_relays(local, upstream)
        self.check_relays(new_local, new_upstream)
        self.assertEqual(self.reload(daemon)["change_count"], 0)

    def test_who_waits_in_an_unchanged_queue_is_served_by_the_new_file(self):
        first, second = self.server(), self.server()
        limit = {"max_connections": 1, "on_local_eof": "close"}
        daemon = self.start(bridge(first.url(), session=limit))
        local, upstream = self.session(first, daemon)
        waiting = self.connect(daemon.address())
        waiting.send(b"I wait\n")
        self.reload(daemon, bridge(second.url(), session=limit))
        self.check_relays(local, upstream)
        self.assertFalse(second.has_connection(0.3), "the session of before counts")
        local.close()
        upstream.finish()
        self.assertEqual(second.open().read_text(), b"I wait")

    def test_listeners_and_bridges_that_come_go_and_move(self):
        server = self.server()
        path = self.path("moved.sock")
        daemon = self.start(bridge(server.url(), "stays", listen=["127.0.0.1:0", f"unix:{path}"]),
                            bridge(server.url("/gone"), "goes"))
        gone_local, gone_upstream = self.session(server, daemon, "goes")
        inode = os.stat(path).st_ino
        self.reload(daemon, bridge(server.url(), "stays"),
                    bridge(server.url("/new"), "new", listen=[f"unix:{path}", "unix:@" + path]))
        self.assertEqual(os.stat(path).st_ino, inode, "the socket is the same, its bridge another")
        self.check_relays(gone_local, gone_upstream)
        with self.assertRaises(ConnectionRefusedError):
            self.connect(daemon.address("goes"))
        for address, target in ((daemon.address("stays"), "/"), (f"unix:{path}", "/new"),
                                (f"unix:@{path}", "/new")):
            with self.subTest(address):
                self.connect(address)
                self.assertEqual(server.open().request.target, target)
        changes = self.changes(daemon)
        self.assertEqual(changes["bridges.goes"], ("present", ""))
        self.assertEqual(changes["bridges.new"], ("", "present"))
        self.assertEqual(changes[f"bridges.stays.listen.unix:{path}"], ("present", ""))
        told = {(entry["message"], entry["bridge"]) for entry in daemon.entries("listening")}
        self.assertEqual(told, {("no longer listening", "goes"), ("no longer listening", "stays"),
                                ("listening", "new")})

    def test_rules_for_peers_change_and_who_owes_a_proxy_header_is_not_cut(self):
        server = self.server()
        listen = {"address": "127.0.0.1:0", "proxy_protocol": {"from": ["127.0.0.0/8"]}}
        daemon = self.start(bridge(server.url("/old"), listen=listen))
        idle = descriptor_count(daemon.pid)
        waiting = self.connect(daemon.address())
        waiting.send(b"PROXY TCP4 192.0.2.1 ")
        wait_until(lambda: descriptor_count(daemon.pid) > idle, "accepted")
        self.reload(daemon, bridge(server.url("/new"), listen="127.0.0.1:0",
                                   access={"allow_cidrs": ["127.0.0.1"]}))
        sure = self.connect(daemon.address())  # no header is read any more
        upstream = server.open()
        self.assertEqual(upstream.request.target, "/new")
        self.check_relays(sure, upstream)
        waiting.send(b"192.0.2.2 1 2\r\nthrough\n")
        upstream = server.open()
        self.assertEqual(upstream.request.target, "/old")
        self.assertEqual(upstream.read_text(), b"through")
        self.reload(daemon, bridge(server.url("/new"), listen="127.0.0.1:0",
                                   access={"allow_cidrs": ["192.0.2.0/24"]}))
        refused = self.connect(daemon.address())
        self.assertEqual(refused.read_until_end()[0], b"")
        daemon.wait_for_entry("refused")

    def test_a_changed_mode_is_set_on_the_same_socket(self):
        server, path = self.server(), self.path("mode.sock")
        listen = {"address": f"unix:{path}", "mode": "0600"}
        daemon = self.start(bridge(server.url(), listen=listen))
        inode = os.stat(path).st_ino
        self.reload(daemon, bridge(server.url(), listen={**listen, "mode": "0660", "backlog": 7}))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        holder = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(holder.close)
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        self.reload(daemon, bridge(server.url(), listen=[{**listen, "mode": "0666"}, taken]),
                    outcome=FAILED)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660, "taken back")
        self.assertEqual(os.stat(path).st_ino, inode)
        self.session(server, daemon)

    def test_a_bad_file_changes_nothing_and_says_all_that_is_wrong(self):
        server = self.server()
        daemon = self.start(bridge(server.url()))
        local, upstream = self.session(server, daemon)
        holder = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(holder.close)
        port = holder.getsockname()[1]
        write_config(self.directory,
                     "bridges:\n"
                     f"  - {{name: main, listen: '127.0.0.1:0', upstream: {{url: '{server.url()}', "
                     "headres: {}}}\n"
                     "  - name: second\n"
                     f"    listen: 127.0.0.1:{port}\n"
                     f"    upstream: {{url: '{server.url()}'}}\n"
                     "  - name: third\n"
                     "    listen: 127.0.0.1:0\n"
                     "    upstream: {url: 'wss://h/', tls: {ca_file: /nowhere}}\n")
        entry = self.reload(daemon, outcome=FAILED)
        self.assertEqual(entry["error_count"], 3)
        self.assertEqual(entry["level"], "error")
        path = self.path("wsbridged.yaml")
        for place, word in ((f"{path}:2:", "headers"), (f"{path}:4:13: ", "Address already in use"),
                            (f"{path}:8:", "/nowhere")):
            self.assertTrue(daemon.problems(place, word), f"{place} {word}\n{daemon.stderr()}")
        self.check_relays(local, upstream)
        self.session(server, daemon)
        os.remove(path)
        self.reload(daemon, outcome=FAILED)
        self.assertTrue(daemon.problems(path, "No such file"))
        self.reload(daemon, bridge(server.url()))
        self.session(server, daemon)

    def test_an_address_of_another_program_stays_its_own(self):
        server = self.server()
        daemon = self.start(bridge(server.url()))
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            self.reload(daemon, bridge(server.url(), listen=f"127.0.0.1:{port}"), outcome=FAILED)
            self.assertTrue(daemon.problems("another program listens there"))
        self.session(server, daemon)

    def hang_in_a_reload(self, **options):
        """A daemon that reads a file which does not answer, and what ends that."""
        server = self.server()
        daemon = self.start(bridge(server.url()), **options)
        lease = Lease(self.path("wsbridged.yaml"))
        self.addCleanup(lease.close)
        daemon.signal(signal.SIGHUP)
        wait_until(lease.is_asked_for, "it reads")
        return server, daemon, lease.close

    def test_a_file_that_does_not_answer_holds_up_the_reload_and_nothing_else(self):
        notify = NotifyListener(self.path("notify"))
        self.addCleanup(notify.close)
        server, daemon, answer = self.hang_in_a_reload(
            options={"env": notify.environment(WATCHDOG_USEC="1000000")})
        notify.wait_for("RELOADING")
        fed = notify.count("WATCHDOG")
        local, upstream = self.session(server, daemon)
        notify.wait_for("WATCHDOG", fed + 3)
        self.check_relays(local, upstream)
        self.assertEqual(notify.count("READY"), 1, "it is still under way")
        daemon.signal(signal.SIGHUP)  # what has been read may be older than this: another one
        answer()
        notify.wait_for("READY", 3)
        self.assertEqual(notify.count("RELOADING"), 2)
        self.assertEqual(len(daemon.entries(RELOADED)), 2)
        self.check_relays(local, upstream)

    def test_a_reload_that_hangs_is_given_up_at_the_stop(self):
        _, daemon, _ = self.hang_in_a_reload()
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(daemon.problems("reload refused: the program is stopping"))

    def test_log_shutdown_and_threads(self):
        server = self.server()
        bridges = [bridge(server.url())]
        daemon = self.start(*bridges, threads=1, shutdown={"drain_timeout": "1h", "quiet": "1h"})
        self.session(server, daemon)
        self.reload(daemon, *bridges, threads=2)
        self.assertTrue(daemon.problems("threads needs a restart"))
        self.write(*bridges, threads=1, log={"level": "warn", "format": "text"})
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: daemon.stderr().count(RELOADED) == 1 and "log.format" in daemon.stderr(),
                   "the last entry of level info")
        self.write(*bridges, threads=2, log={"level": "warn", "format": "text"})
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: re.search(r"(?m)^[\d:.]+ WARN  threads needs", daemon.stderr()),
                   "an entry as text")
        self.assertEqual(daemon.stderr().count(RELOADED), 1, "level info is off")
        daemon.signal(signal.SIGTERM)  # by the new quiet: ends at once
        self.assertEqual(daemon.wait(), 0)

    def test_a_new_memory_limit_holds_for_the_sessions_that_run(self):
        server = self.server()
        plenty = bridge(server.url(), session={"buffer": "64MiB"}, upstream={"ping_interval": "0s"})
        daemon = self.start(plenty)
        local, upstream = self.session(server, daemon, receive_buffer=1 << 14)
        line = b"d" * 10000
        some = frame(TEXT, line) * 800
        upstream.socket.sendall(some)
        self.reload(daemon, plenty, limits={"memory": "1MiB"})
        self.assertEqual(self.changes(daemon)["limits.memory"][1], "1MiB")
        daemon.wait_for_entry("limits.memory is nearly used up")
        more = self.in_background(upstream.socket.sendall, some * 3)  # 24 MB are not for the kernel
        for _ in range(800):
            self.assertTrue(local.read_line() == line + b"\n")
        self.assertFalse(more.future.done(), "far beyond the limit, nothing more is read")
        for _ in range(3 * 800):
            self.assertTrue(local.read_line() == line + b"\n")
        more.result(20)
        others = self.session(server, daemon)
        self.check_relays(*others)
        self.reload(daemon, plenty)
        self.check_relays(local, upstream)

    def test_flags_are_read_again_with_the_files_that_they_name(self):
        server = self.server()
        token = self.path("token")
        with open(token, "w", encoding="ascii") as file:
            file.write("one\n")
        daemon = self.launch("--listen", "127.0.0.1:0", "--upstream", server.url(), "--header",
                             f"X-Token: ${{file:{token}}}")
        daemon.wait_ready(1)
        self.assertEqual(self.session(server, daemon)[1].request.get("X-Token"), "one")
        with open(token, "w", encoding="ascii") as file:
            file.write("two\n")
        self.reload(daemon)
        self.assertEqual(self.session(server, daemon)[1].request.get("X-Token"), "two")
        os.remove(token)
        self.reload(daemon, outcome=FAILED)
        self.assertTrue(daemon.problems("--header"))

    def test_signals_that_come_together_are_one_reload(self):
        server = self.server()
        daemon = self.start(bridge(server.url()))
        daemon.signal(signal.SIGSTOP)
        wait_until(lambda: is_stopped(daemon.pid), "it has stopped")
        for _ in range(20):
            daemon.signal(signal.SIGHUP)
        daemon.signal(signal.SIGCONT)
        daemon.wait_for_entry(RELOADED)
        self.session(server, daemon)
        self.assertEqual(len(daemon.entries(RELOADED)), 1)

    def test_none_while_draining(self):
        server = self.server()
        daemon = self.start(bridge(server.url()),
                            shutdown={"drain_timeout": "60s", "quiet": "60s"})
        local, upstream = self.session(server, daemon)
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_entry("draining")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_entry("reload refused")
        self.check_relays(local, upstream)
        daemon.signal(signal.SIGTERM)
        daemon.wait()


if __name__ == "__main__":
    main()
