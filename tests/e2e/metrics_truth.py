# SPDX-License-Identifier: MIT
"""Each row of the metrics' table moves when what it counts happens, and by the right amount.

Scenario: sessions that talk, are altered, dropped, refused, lost and replayed, over TCP, TLS and a
          proxy; every way in which a dial can fail; a reload that succeeds and one that does not.
Method:   a scripted server makes each thing happen once; /metrics is read strictly before and after.
Why:      an alert on a metric that never moves is worse than no alert.
"""
import datetime
import resource
import socket
import time

from kit.admin import Metrics, ask
from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.process import descriptor_count, free_ports
from kit.upstream import frame
from kit.waiting import wait_until

BACK = {"enabled": True, "initial": "10ms", "max": "50ms", "confirm_interval": "1h"}


def unix_time(year, month, day):
    moment = datetime.datetime(year, month, day, 23, 59, 59, tzinfo=datetime.timezone.utc)
    return int(moment.timestamp())


class MetricsTruth(E2eCase):

    def start_measured(self, *bridges, **options):
        self.admin = f"unix:{self.path('admin.sock')}"
        return self.start(*bridges, admin={"listen": self.admin}, **options)

    def metrics(self):
        return Metrics(ask(self.admin, "/metrics").text())

    def wait_for(self, expected, name, **labels):
        def value():
            return self.metrics().total("wsbridged_" + name, **labels)
        wait_until(lambda: value() == expected, f"{name}{labels} is {expected}")

    def test_a_lost_upstream_is_counted_with_all_that_is_sent_again(self):
        server = self.server()
        daemon = self.start_measured(bridge(server.url(), reconnect=BACK))
        local, upstream = self.session(server, daemon)
        local.send(b"one\nthree\n")
        self.assertEqual([upstream.read_text(), upstream.read_text()], [b"one", b"three"])
        self.wait_for(8, "unconfirmed_bytes", bridge="main")
        self.assertEqual(self.metrics().total("wsbridged_reconnects_total"), 0)
        upstream.reset()
        upstream = server.open()
        self.assertEqual([upstream.read_text(), upstream.read_text()], [b"one", b"three"])
        self.wait_for(1, "reconnects_total", bridge="main")
        self.wait_for(2, "replayed_lines_total", bridge="main")
        self.wait_for(2, "dials_total", bridge="main", result="ok")
        self.wait_for(2, "lines_total", bridge="main", direction="up")
        local.reset()
        upstream.finish()
        self.wait_for(0, "sessions", bridge="main")
        self.wait_for(0, "unconfirmed_bytes", bridge="main")
        self.wait_for(1, "reconnects_total", bridge="main")  # the session's end keeps them
        self.wait_for(2, "replayed_lines_total", bridge="main")

    def test_every_end_of_a_dial_has_its_result(self):
        refusing, impostor, silent = self.server(), self.server(), self.server()
        stranger = self.server(tls=self.ca("Stranger").server_context())
        proxy = self.server()
        dead = f"ws://127.0.0.1:{free_ports(1)[0]}/"
        quick = {"connect_timeout": "300ms"}
        ends = {"dns": "ws://no-such-host.invalid/", "tcp": dead, "proxy": dead,
                "tls": stranger.url(), "http": refusing.url(), "protocol": impostor.url(),
                "timeout": silent.url()}
        more = {"timeout": quick, "proxy": {"proxy": f"http://127.0.0.1:{proxy.port}"}}
        daemon = self.start_measured(*(
            bridge(url, name=name, listen=f"unix:{self.path(name)}", upstream=more.get(name, {}))
            for name, url in ends.items()))
        locals_ = {name: self.connect(daemon.address(name)) for name in ends}
        for server, answer in ((refusing, b"HTTP/1.1 403 Forbidden\r\n\r\n"),
                               (proxy, b"HTTP/1.1 407 Ask\r\nContent-Length: 0\r\n\r\n")):
            upstream = server.accept()
            upstream.read_request()
            upstream.send(answer)
            upstream.close()
        upstream = impostor.accept()
        upstream.read_request()
        upstream.answer(key="bm90IHRoZSByaWdodCBvbmU=")
        with self.assertRaises(OSError):
            stranger.accept()
        for name in ends:
            wait_until(lambda name=name: self.metrics().value(
                "wsbridged_dials_total", bridge=name, result=name) == 1, name, 60)
            self.assertEqual(self.metrics().total("wsbridged_dials_total", bridge=name), 1, name)
            locals_[name].read_until_end()
            self.wait_for(1, "closes_total", bridge=name, by="upstream", code="none")

    def test_each_phase_of_opening_is_measured_and_what_expires_is_told(self):
        ca = self.ca()
        server = self.server(tls=ca.server_context(end="20481231235959Z"))
        proxy = self.server()
        jar = self.path("cookies.txt")
        soon = unix_time(2047, 6, 30)
        with open(jar, "w", encoding="ascii") as file:
            file.write("# Netscape HTTP Cookie File\n" + "".join(
                f"{domain}\tFALSE\t/\tFALSE\t{expires}\t{expires}\tvalue\n" for domain, expires in
                (("localhost", soon), ("localhost", soon + 9), ("other.example", soon - 9))))
        daemon = self.start_measured(
            bridge(server.url(), upstream={"tls": {"ca_file": ca.certificate}, "cookie_jar": jar}),
            bridge("ws://name.invalid/", name="proxied", listen=f"unix:{self.path('proxied')}",
                   upstream={"proxy": f"http://127.0.0.1:{proxy.port}"}))
        self.wait_for(0, "certificate_expiry_timestamp_seconds")
        self.session(server, daemon)
        self.connect(daemon.address("proxied"))
        tunnel = proxy.accept()
        tunnel.read_request()
        tunnel.send(b"HTTP/1.1 200 OK\r\n\r\n")
        tunnel.open()
        for name, phases in (("main", ("dns", "tcp", "tls", "http")),
                             ("proxied", ("proxy", "http"))):
            for phase in phases:
                self.wait_for(1, "open_seconds_count", bridge=name, phase=phase)
        self.wait_for(0, "open_seconds_count", bridge="main", phase="proxy")
        self.wait_for(unix_time(2048, 12, 31), "certificate_expiry_timestamp_seconds")
        self.wait_for(soon, "cookie_expiry_timestamp_seconds", bridge="main")

    def test_drops_alterations_buffers_and_ends_have_their_labels(self):
        server = self.server()
        daemon = self.start_measured(
            bridge(server.url(), framing={"invalid_utf8": "replace", "max_message": "1KiB",
                                          "final_partial_line": "drop"}),
            bridge(server.url(), name="latin", listen=f"unix:{self.path('latin')}",
                   framing={"encoding": "iso-8859-1", "binary_messages": "reject"}),
            bridge(server.url(), name="full", listen=f"unix:{self.path('full')}",
                   session={"buffer": "64KiB", "drain_timeout": "100ms"}))
        local, upstream = self.session(server, daemon)
        local.send(b"bad \xff\n")
        upstream.read_text()
        self.wait_for(1, "altered_lines_total", bridge="main", direction="up", reason="replace")
        local.send(b"a part")
        local.shutdown_write()
        self.wait_for(1, "dropped_lines_total", direction="up", reason="final_partial_line")
        upstream.close_with(3005)
        self.wait_for(1, "closes_total", bridge="main", by="upstream", code="3xxx")
        _, upstream = self.session(server, daemon)
        upstream.send_text("m" * 2000)
        self.wait_for(1, "dropped_lines_total", direction="down", reason="max_message")
        self.wait_for(1, "closes_total", bridge="main", by="bridge", code="1009")
        local, upstream = self.session(server, daemon, "latin")
        upstream.send_text("\u20ac")
        local.read_line()
        self.wait_for(1, "altered_lines_total", direction="down", reason="encoding")
        upstream.send(frame(2, b"binary"))
        self.wait_for(1, "dropped_lines_total", direction="down", reason="binary_messages")
        local, upstream = self.session(server, daemon, "full")
        upstream.send_text("w" * 4_000_000)
        wait_until(lambda: self.metrics().total("wsbridged_buffered_bytes", bridge="full",
                                                direction="down") > 0, "it waits for the program")
        local.close()
        upstream.close()
        self.wait_for(0, "buffered_bytes", bridge="full")
        self.wait_for(1, "session_seconds_count", bridge="full")

    def test_a_reload_is_told_with_its_time(self):
        server = self.server()
        daemon = self.start_measured(bridge(server.url()))
        name = "wsbridged_config_last_reload_"
        first = self.metrics()
        self.assertEqual(first.value(name + "success"), 1)
        self.assertLess(abs(first.value(name + "timestamp_seconds") - time.time()), 120)
        path = self.path("wsbridged.yaml")
        with open(path, encoding="utf-8") as file:
            good = file.read()
        for text, success in (("nonsense: 1\n", 0), (good, 1)):
            before = self.metrics().value(name + "timestamp_seconds")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            ask(self.admin, "/ctl/reload", "POST")
            after = self.metrics()
            self.assertEqual(after.value(name + "success"), success)
            self.assertGreater(after.value(name + "timestamp_seconds"), before)
        self.assertTrue(daemon.is_running())

    def test_the_process_and_its_want_of_descriptors_are_told(self):
        peer = self.beast_peer(echo=1)
        daemon = self.start_measured(bridge(peer.url(), session={"drain_timeout": "100ms"}),
                                     binary=RELEASE_BINARY)
        metrics = self.metrics()
        self.assertEqual(metrics.value("wsbridged_accept_pauses_total"), 0)
        for name, least in (("open_fds", 5), ("max_fds", 100), ("resident_memory_bytes", 10**6),
                            ("virtual_memory_bytes", 10**6), ("threads", 2)):
            self.assertGreaterEqual(metrics.value("process_" + name), least, name)
        self.assertLess(abs(metrics.value("process_start_time_seconds") - time.time()), 300)
        limit = descriptor_count(daemon.pid) + 12
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (limit, limit))
        crowd = []
        for _ in range(30):
            try:
                crowd.append(self.connect(daemon.address()))
            except OSError:
                pass
        daemon.wait_for_entry("accepting paused")
        for one in crowd:
            one.close()
        wait_until(lambda: self.pauses() > 0, "the pause is counted", 30)
        # The kernel counts in hundredths of a second; to be asked takes time, too.
        wait_until(lambda: self.metrics().value("process_cpu_seconds_total") > 0, "processor time")

    def pauses(self):
        try:
            return self.metrics().value("wsbridged_accept_pauses_total")
        except (OSError, socket.timeout, IndexError, AssertionError):
            return 0  # it has no descriptor for us yet


if __name__ == "__main__":
    main()
