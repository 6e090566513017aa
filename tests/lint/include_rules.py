#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the rules of docs/architecture.md that no compiler holds.

Scenario: a room includes what it must not know, a source has no test, a page names a removed file.
Method:   the text of the tree is read; nothing is compiled. The rules are the tables below, and
          include_rules_test.py shows that each of them bites.
Why:      a forbidden include compiles as long as its header is installed.
Usage:    include_rules.py [ROOT]
"""
import fnmatch
import os
import pathlib
import re
import sys

STANDARD = r"<[a-z_0-9]+>"
POSIX = (r"<(sys|netinet|net|arpa|linux)/[a-z_0-9]+\.h>|"
         r"<(dirent|dlfcn|fcntl|grp|ifaddrs|limits|malloc|netdb|poll|pthread|pwd|sched|signal|string|"
         r"strings|syslog|termios|time|unistd)\.h>")
LIBWS = r"<ws/[a-z_/]+\.h>"
LIBEVENT = r"<event2/[a-z_]+\.h>"

# (files, what they may include): the first pattern that fits a file counts, so exceptions stand
# before the rest of their room. What is in no row may be included by nobody there.
DAEMON = [STANDARD, POSIX, LIBWS, r'"(config|daemon)/\w+\.h"']
PROTOCOL = [STANDARD, LIBWS, r'"protocol/\w+\.h"', r"<(zlib|idn2|libpsl|openssl/evp)\.h>"]
INCLUDES = [
    ("libws/include/*", [STANDARD, LIBWS]),
    ("libws/examples/wscat_flags.cc", [STANDARD, LIBWS, r"<CLI/\w+\.hpp>", r'"\w+\.h"']),
    ("libws/examples/guide/own_base.cc", [STANDARD, LIBWS, LIBEVENT]),
    ("libws/examples/*", [STANDARD, POSIX, LIBWS, r'"\w+\.h"']),
    # inet_pton() is text; it opens nothing.
    ("libws/protocol/host.cc", PROTOCOL + [r"<arpa/inet\.h>"]),
    ("libws/protocol/*", PROTOCOL),
    ("libws/net/*", [STANDARD, POSIX, LIBWS, LIBEVENT, r"<openssl/\w+\.h>", r'"net/\w+\.h"',
                     r'"protocol/(random_source|proxy_dialogue)\.h"']),
    ("libws/*", [STANDARD, POSIX, LIBWS, r'"(protocol|net)/\w+\.h"', r'"\w+\.h"']),
    ("config/*", [STANDARD, POSIX, r"<yaml-cpp/[\w/]+\.h>", r'"config/\w+\.h"']),
    ("daemon/listener*", DAEMON + [LIBEVENT]),
    ("daemon/signals*", DAEMON + [LIBEVENT]),
    ("daemon/libevent_log.cc", DAEMON + [LIBEVENT]),
    ("daemon/event_ptr.h", DAEMON + [LIBEVENT]),
    ("daemon/admin*", DAEMON + [r"<nlohmann/[\w/]+\.hpp>"]),
    ("daemon/ctl*", DAEMON + [r"<nlohmann/[\w/]+\.hpp>"]),
    ("daemon/tap*", DAEMON + [r"<nlohmann/[\w/]+\.hpp>"]),
    ("daemon/status*", DAEMON + [r"<nlohmann/[\w/]+\.hpp>"]),
    ("daemon/probe_json.cc", DAEMON + [r"<nlohmann/[\w/]+\.hpp>"]),
    ("daemon/cli*.cc", DAEMON + [r"<CLI/\w+\.hpp>"]),
    ("daemon/log*.cc", DAEMON + [r"<(spdlog|fmt)/[\w/.-]+\.h>", r"<nlohmann/[\w/]+\.hpp>"]),
    ("daemon/log_sink.h", DAEMON + [r"<spdlog/[\w/.-]+\.h>"]),
    ("daemon/log*.h", DAEMON + [r"<nlohmann/[\w/]+\.hpp>"]),
    ("daemon/echo_server*", DAEMON + [r'"protocol/\w+\.h"']),
    ("daemon/demo*", DAEMON + [r'"protocol/\w+\.h"']),
    ("daemon/*", DAEMON),
]

# Allowed above as a kind, forbidden all the same: protocol/ does no I/O and has no clock of its
# own, no thread and no source of randomness.
FORBIDDEN = [
    ("libws/protocol/*", r"<(condition_variable|cstdio|ctime|filesystem|fstream|future|iostream|"
                         r"mutex|random|thread)>|<ws/(event_loop|websocket|net/\w+)\.h>"),
]

FIRST_LINE = "// SPDX-License-Identifier: MIT"
MAX_LINES = 400
SOURCE_SUFFIXES = {".cc", ".h", ".py", ".cmake"}

# Where the unit tests of a room's sources are.
TESTED_ROOMS = {
    "libws/protocol": "tests/unit/libws/protocol",
    "config": "tests/unit/config",
    "daemon": "tests/unit/daemon",
}
# Sources without a unit test of that name, and what tests them instead.
IN_CONNECTION = "through Connection, in the tests connection_*"
IN_BINARY = "needs a running daemon: tests/e2e"
TESTED_ELSEWHERE = {
    "libws/protocol/authority.cc": "through the URLs of servers and proxies: url_test, proxy_test",
    "libws/protocol/basic_auth.cc": "in the requests: proxy_dialogue_test, handshake_request_test",
    "libws/protocol/http_connect.cc": "through ProxyDialogue, in proxy_dialogue_test",
    "libws/protocol/no_proxy.cc": "a table in proxy_test",
    "libws/protocol/socks5.cc": "through ProxyDialogue, in proxy_dialogue_test",
    "libws/protocol/cookie_date.cc": "in the Expires of set_cookie_test",
    "libws/protocol/base64.cc": "RFC 6455's keys and bad ones, in server_handshake_test",
    "libws/protocol/connection_receive.cc": IN_CONNECTION,
    "libws/protocol/extension_deflate.cc": "in extension_test",
    "libws/protocol/keepalive.cc": IN_CONNECTION,
    "libws/protocol/message_assembler.cc": IN_CONNECTION,
    "libws/protocol/refusal_body.cc": "through ClientHandshake, in handshake_refusal_test",
    "config/header_sources.cc": "beside upstream_pairs, in upstream_pairs_test",
    "config/upstream_readers.cc": "in upstream_pairs_test",
    "daemon/cookie_problems.cc": "in session_cookies_test",
    "daemon/cookie_writer.cc": "in session_cookies_test",
    "daemon/watched_file.cc": "in tls_contexts_test",
    "config/access_tables.cc": "in access_rules_test",
    "config/admin_tables.cc": "in admin_test",
    "config/binder.cc": "binds the tables, in tables_test and loader_test",
    "config/yaml_reader.cc": "makes documents, in document_test",
    "daemon/bridge.cc": IN_BINARY,
    "daemon/commands.cc": IN_BINARY,
    "daemon/commands_demo.cc": IN_BINARY,
    "daemon/commands_cat.cc": IN_BINARY,
    "daemon/commands_probe.cc": IN_BINARY,
    "daemon/command_config.cc": IN_BINARY,
    "daemon/daemon.cc": IN_BINARY,
    "daemon/daemon_admin.cc": IN_BINARY,
    "daemon/admission.cc": IN_BINARY,
    "daemon/forced_end.cc": IN_BINARY,
    "daemon/main.cc": IN_BINARY,
    "daemon/libevent_log.cc": "in tests/e2e/faults_system_calls.py",
    "daemon/own_peer.cc": "in probe_print_test",
    "daemon/probe.cc": IN_BINARY,
    "daemon/probe_json.cc": "in probe_print_test",
    "daemon/probe_report.cc": "in probe_print_test",
    "daemon/probe_text.cc": "in probe_print_test",
    "daemon/forced_end.cc": IN_BINARY,
    "daemon/reload.cc": IN_BINARY,
    "daemon/service_link.cc": IN_BINARY,
    "daemon/listen_target.cc": "in bridge_parts_test",
    "daemon/refusals.cc": "in the flood of tests/e2e/access_lists.py",
    "daemon/session.cc": IN_BINARY,
    "daemon/session_local.cc": IN_BINARY,
    "daemon/session_memory.cc": IN_BINARY,
    "daemon/session_upstream.cc": IN_BINARY,
    "daemon/session_view.cc": IN_BINARY,
    "daemon/upstream.cc": IN_BINARY,
    "daemon/upstream_dial.cc": IN_BINARY,
    "daemon/upstream_reconnect.cc": IN_BINARY,
    "daemon/signals.cc": IN_BINARY,
    "daemon/worker.cc": IN_BINARY,
    "daemon/worker_view.cc": IN_BINARY,
}

IGNORED_FOLDERS = {".git", ".cache", "build", "__pycache__"}
# Folders that pages name from inside libws.
DOCUMENT_ROOTS = ("", "libws/", "libws/include/")
FOLDERS = "libws|protocol|net|ws|config|daemon|tests|docs|cmake|systemd"
NAMED_IN_CODE = re.compile(rf"`((?:\./)?(?:(?:{FOLDERS})/[\w./*-]+|[\w*-]+\.(?:cc|h|py)))`")
LINK = re.compile(r"\]\((?!\w+:|#|/)([^)#\s]+)(?:#[^)]*)?\)")
INCLUDE = re.compile(r"^\s*#\s*include\s*([<\"][^>\"]+[>\"])", re.MULTILINE)


class Tree:
    """The files of a project, by their paths from its root."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(self._walk())

    def _walk(self):
        for folder, below, names in os.walk(self.root):
            below[:] = [name for name in below if name not in IGNORED_FOLDERS]
            for name in names:
                yield (pathlib.Path(folder) / name).relative_to(self.root).as_posix()

    def matching(self, *suffixes):
        return [path for path in self.files if path.endswith(suffixes)]

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def may_include(path, included):
    for pattern, kind in FORBIDDEN:
        if fnmatch.fnmatchcase(path, pattern) and re.fullmatch(kind, included):
            return False
    for pattern, kinds in INCLUDES:
        if fnmatch.fnmatchcase(path, pattern):
            return any(re.fullmatch(kind, included) for kind in kinds)
    return True


def check_includes(tree):
    for path in tree.matching(".cc", ".h"):
        text = tree.text(path)
        for found in INCLUDE.finditer(text):
            if not may_include(path, found[1]):
                yield f"{path}:{line_of(text, found.start(1))}: must not include {found[1]}"
            if found[1].startswith('"daemon/') and not path.startswith(("daemon/", "tests/")):
                yield f"{path}:{line_of(text, found.start(1))}: nothing includes daemon/"


def check_first_lines(tree):
    for path in tree.matching(".cc", ".h"):
        if tree.text(path).partition("\n")[0] != FIRST_LINE:
            yield f"{path}:1: the first line is not '{FIRST_LINE}'"


def check_lengths(tree):
    for path in tree.files:
        if pathlib.PurePath(path).suffix in SOURCE_SUFFIXES:
            lines = len(tree.text(path).splitlines())
            if lines > MAX_LINES:
                yield f"{path}: {lines} lines, more than {MAX_LINES}: split it by nouns"


def is_part_of(whole, part):
    return whole == part or whole.startswith(part + "_")


def tested_stems(sources, tests):
    """Those of the sources that a test is about. A test is about the source with the longest fitting
    name (`session_report_test` not about `session`), and about the parts that have no other."""
    tested = set()
    for test in tests:
        owners = [source for source in sources if is_part_of(test, source)]
        tested.update(sorted(owners, key=len)[-1:])
        tested.update(source for source in sources if is_part_of(source, test))
    return tested


def stems_in(tree, folder, suffix):
    paths = map(pathlib.PurePosixPath, tree.matching(suffix))
    return {path.name.removesuffix(suffix) for path in paths if str(path.parent) == folder}


def check_tests(tree, elsewhere):
    for room, folder in TESTED_ROOMS.items():
        sources = stems_in(tree, room, ".cc")
        tested = tested_stems(sources, stems_in(tree, folder, "_test.cc"))
        for stem in sorted(sources - tested):
            if f"{room}/{stem}.cc" not in elsewhere:
                yield f"{room}/{stem}.cc: no test {folder}/{stem}_test.cc, and not in the table"
    for path in elsewhere:
        if path not in tree.files:
            yield f"{path}: is in the table of sources tested elsewhere, but does not exist"


def exists(tree, name, page):
    """Is there a file or folder of this name, which may be a pattern, as a page may mean it."""
    name = name.removeprefix("./").rstrip("/")
    beside = os.path.normpath(os.path.join(os.path.dirname(page), name))
    candidates = [beside] + [root + name for root in DOCUMENT_ROOTS]
    if "/" not in name:
        candidates.append("*/" + name)
    return any(fnmatch.fnmatchcase(path, candidate) or path.startswith(candidate + "/")
               for candidate in candidates for path in tree.files)


def check_pages(tree):
    for page in tree.matching(".md"):
        text = tree.text(page)
        for found in list(LINK.finditer(text)) + list(NAMED_IN_CODE.finditer(text)):
            if not exists(tree, found[1], page):
                yield f"{page}:{line_of(text, found.start(1))}: there is no {found[1]}"


def check(root, elsewhere=None):
    """All problems of the tree below `root`, one line each."""
    tree = Tree(root)
    elsewhere = TESTED_ELSEWHERE if elsewhere is None else elsewhere
    problems = []
    for part in (check_includes, check_first_lines, check_lengths, check_pages):
        problems.extend(part(tree))
    problems.extend(check_tests(tree, elsewhere))
    return problems


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    problems = check(root)
    print("\n".join(problems) if problems else "the rules of the rooms are kept")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
