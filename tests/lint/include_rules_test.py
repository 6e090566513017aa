#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Feeds include_rules.py small trees, each with one thing wrong, and one with nothing wrong.

Scenario: a pattern in a table is mistyped, and from then on its rule forbids nothing.
Method:   every rule has a snippet here that must be reported, with file and line.
Why:      a checker that never complains looks like a clean project.
"""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import include_rules  # noqa: E402

SPDX = "// SPDX-License-Identifier: MIT\n"


def problems(files, elsewhere=None):
    """What the rules say about a tree of these files; sources get their first line."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return include_rules.check(root, elsewhere or {})


def include(path, *headers):
    """A tree with one source that includes these, on lines 2 and following, and its test."""
    room, _, stem = path.rpartition("/")
    files = {path: SPDX + "".join(f"#include {header}\n" for header in headers)}
    if path.endswith(".cc"):
        files[f"tests/unit/{room}/{stem.removesuffix('.cc')}_test.cc"] = SPDX
    return files


class Includes(unittest.TestCase):
    def assert_refused(self, path, header):
        self.assertEqual(problems(include(path, "<string>", header))[:1],
                         [f"{path}:3: must not include {header}"])

    def assert_allowed(self, path, *headers):
        self.assertEqual(problems(include(path, *headers)), [])

    def test_public_headers_know_the_standard_library_and_each_other(self):
        self.assert_allowed("libws/include/ws/a.h", "<span>", "<ws/url.h>", "<ws/net/stream.h>")
        for header in ("<event2/event.h>", "<openssl/ssl.h>", "<sys/socket.h>", '"net/tls.h"',
                       '"protocol/frame.h"'):
            self.assert_refused("libws/include/ws/a.h", header)

    def test_protocol_is_pure(self):
        self.assert_allowed("libws/protocol/a.cc", "<zlib.h>", "<openssl/evp.h>", "<libpsl.h>",
                            "<idn2.h>", "<ws/url.h>", '"protocol/frame.h"', "<cstdint>")
        self.assert_allowed("libws/protocol/host.cc", "<arpa/inet.h>")
        for header in ("<event2/event.h>", "<openssl/ssl.h>", "<openssl/rand.h>", "<openssl/sha.h>",
                       "<sys/socket.h>", "<arpa/inet.h>", "<unistd.h>", "<time.h>", "<fstream>",
                       "<iostream>", "<random>", "<thread>", "<mutex>", "<ws/event_loop.h>",
                       "<ws/net/stream.h>", "<ws/websocket.h>", '"net/tls.h"'):
            self.assert_refused("libws/protocol/a.cc", header)

    def test_net_knows_nothing_of_frames(self):
        self.assert_allowed("libws/net/a.cc", "<event2/event.h>", "<openssl/ssl.h>", '"net/tls.h"',
                            "<sys/socket.h>", "<poll.h>", "<ws/error.h>",
                            '"protocol/random_source.h"')
        for header in ('"protocol/frame.h"', "<zlib.h>", "<fmt/format.h>", '"websocket_impl.h"',
                       "<yaml-cpp/yaml.h>", '"config/config.h"'):
            self.assert_refused("libws/net/a.cc", header)

    def test_the_code_that_joins_both_uses_no_third_party(self):
        self.assert_allowed("libws/a.cc", '"protocol/frame.h"', '"net/dialer.h"', "<ws/url.h>",
                            "<sys/stat.h>", '"websocket_impl.h"')
        for header in ("<event2/event.h>", "<openssl/ssl.h>", "<libpsl.h>", '"config/config.h"'):
            self.assert_refused("libws/a.cc", header)
        self.assert_refused("libws/examples/a.cc", '"net/dialer.h"')

    def test_config_knows_neither_libws_nor_the_daemon(self):
        self.assert_allowed("config/a.cc", "<yaml-cpp/yaml.h>", "<fcntl.h>", '"config/config.h"')
        for header in ("<ws/url.h>", "<event2/event.h>", "<CLI/CLI.hpp>", '"protocol/utf8.h"'):
            self.assert_refused("config/a.cc", header)

    def test_the_daemon_keeps_each_library_in_its_files(self):
        self.assert_allowed("daemon/a.cc", "<ws/url.h>", '"config/config.h"', '"daemon/log.h"',
                            "<grp.h>")
        homes = {
            "<event2/event.h>": ("listener_tcp.cc", "signals.cc"),
            "<CLI/CLI.hpp>": ("cli.cc", "cli_help.cc"),
            "<spdlog/logger.h>": ("log.cc", "log_output.cc"),
            "<fmt/format.h>": ("log_format.cc",),
            "<nlohmann/json.hpp>": ("log_format.cc", "status.cc", "admin.cc"),
            '"protocol/connection.h"': ("echo_server_session.cc", "demo.cc"),
        }
        for header, names in homes.items():
            for name in names:
                self.assert_allowed(f"daemon/{name}", header)
            self.assert_refused("daemon/session.cc", header)
        self.assert_refused("daemon/log.h", "<spdlog/logger.h>")
        self.assert_refused("daemon/cli.h", "<CLI/CLI.hpp>")
        self.assert_refused("daemon/a.cc", '"net/dialer.h"')
        self.assert_refused("daemon/a.cc", "<openssl/ssl.h>")
        self.assert_refused("daemon/a.cc", "<yaml-cpp/yaml.h>")

    def test_nothing_includes_the_daemon(self):
        for path in ("libws/a.cc", "config/a.cc", "libws/protocol/a.cc", "elsewhere/a.cc"):
            self.assertIn(f"{path}:2: nothing includes daemon/",
                          problems(include(path, '"daemon/log.h"')))
        self.assertEqual(problems(include("tests/unit/daemon/a.h", '"daemon/log.h"')), [])

    def test_spaces_do_not_hide_an_include(self):
        files = {"libws/net/a.h": SPDX + '\n  #  include   "protocol/frame.h"\n'}
        self.assertEqual(problems(files),
                         ['libws/net/a.h:3: must not include "protocol/frame.h"'])


class Files(unittest.TestCase):
    def test_the_licence_is_the_first_line(self):
        for text in ("", "\n" + SPDX, "/* SPDX-License-Identifier: MIT */\n", "#pragma once\n"):
            found = problems({"config/a.h": text})
            self.assertEqual(len(found), 1)
            self.assertTrue(found[0].startswith("config/a.h:1: the first line is not"))

    def test_400_lines_are_the_most(self):
        self.assertEqual(problems({"config/a.h": SPDX + "\n" * 399}), [])
        for name in ("config/a.h", "tests/e2e/a.py", "tests/unit/net/a_test.cc", "cmake/a.cmake"):
            self.assertEqual(problems({name: SPDX + "\n" * 400}),
                             [f"{name}: 401 lines, more than 400: split it by nouns"])

    def test_built_files_are_not_looked_at(self):
        self.assertEqual(problems({"build/dev/a.cc": "", ".cache/a.h": ""}), [])


class Tests(unittest.TestCase):
    ROOM = "libws/protocol"

    def untested(self, sources, tests):
        files = {f"{self.ROOM}/{name}.cc": SPDX for name in sources}
        files |= {f"tests/unit/{self.ROOM}/{name}_test.cc": SPDX for name in tests}
        return [problem.partition(":")[0].removeprefix(self.ROOM + "/").removesuffix(".cc")
                for problem in problems(files)]

    def test_every_source_has_one(self):
        self.assertEqual(self.untested(["frame", "utf8"], ["frame"]), ["utf8"])
        self.assertEqual(self.untested(["frame"], ["frames"]), ["frame"])
        for room in ("config", "daemon"):
            self.assertEqual(len(problems({f"{room}/a.cc": SPDX})), 1)
        self.assertEqual(problems({"libws/net/a.cc": SPDX}), [])

    def test_parts_count_with_the_whole_but_not_the_other_way_round(self):
        self.assertEqual(self.untested(["frame", "frame_reader"], ["frame"]), [])
        self.assertEqual(self.untested(["frame"], ["frame_limits"]), [])
        self.assertEqual(self.untested(["frame", "frame_reader"], ["frame_reader"]), ["frame"])

    def test_the_table_excuses_only_what_exists(self):
        files = {"daemon/main.cc": SPDX}
        self.assertEqual(problems(files, {"daemon/main.cc": "end to end"}), [])
        self.assertEqual(len(problems(files, {"daemon/main.cc": "", "daemon/gone.cc": ""})), 1)


class Pages(unittest.TestCase):
    FILES = {"libws/include/ws/url.h": SPDX, "libws/net/tls.h": SPDX, "docs/guide.md": ""}

    def missing(self, text, page="docs/page.md"):
        return [problem.rpartition(" ")[2] for problem in problems(self.FILES | {page: text})]

    def test_what_exists_may_be_named_in_many_ways(self):
        self.assertEqual(self.missing("`ws/url.h` `libws/include/ws/url.h` `url.h` `net/tls.h` "
                                      "`libws/net/` `net/*.h` `tl*.h` [a](guide.md#part) "
                                      "[b](../libws/net/tls.h) `./docs/guide.md`"), [])

    def test_what_does_not_exist_is_told(self):
        self.assertEqual(self.missing("`net/gone.h` and `gone.cc`"), ["net/gone.h", "gone.cc"])
        self.assertEqual(self.missing("[a](gone.md) `docs/gone/` `ws/gone*.h`"),
                         ["gone.md", "docs/gone/", "ws/gone*.h"])
        self.assertEqual(self.missing("\n`net/gone.h`", "README.md"), ["net/gone.h"])

    def test_commands_addresses_and_users_files_are_not_ours(self):
        self.assertEqual(self.missing("`cookies.txt` `/etc/wsbridged/a.yaml` `wss://h/a.cc` "
                                      "[a](https://example.com/a.md) [b](#part) `./dev test`"), [])


if __name__ == "__main__":
    unittest.main()
