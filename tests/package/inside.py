# SPDX-License-Identifier: MIT
"""The packages on a running Debian, from the first installation to the purge. Runs inside the container
of run.py, as root. The tests of the service are one life, in the order of their names."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCES = pathlib.Path("/src")
sys.path.insert(0, str(SOURCES / "tests/e2e"))

from kit.local import Local  # noqa: E402
from kit.upstream import RawServer  # noqa: E402
from kit.waiting import wait_until  # noqa: E402

CONFIG = pathlib.Path("/etc/wsbridged/wsbridged.yaml")
UNIT = "wsbridged.service"
SOCKET = "/run/wsbridged/lines.sock"
PACKAGE, LATER = "/packages/wsbridged.deb", "/results/upgrade/wsbridged-later.deb"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def dpkg(*arguments):
    """dpkg, as apt and a careful administrator call it: changed configuration stays."""
    done = run("dpkg", "--force-confold", *arguments)
    assert done.returncode == 0, f"dpkg {arguments}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def show(name, unit=UNIT):
    return run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()


def is_enabled(unit):
    return run("systemctl", "is-enabled", unit).stdout.strip()


class Life(unittest.TestCase):
    maxDiff = 3000

    def setUp(self):
        self.server = RawServer()
        self.addCleanup(self.server.close)

    def configure(self, path=CONFIG, listen=SOCKET):
        """A configuration as an administrator writes it, and what the file then is."""
        path.write_text(json.dumps({"shutdown": {"drain_timeout": "5s", "quiet": "50ms"}, "bridges": [
            {"name": "main", "listen": f"unix:{listen}", "upstream": {"url": self.server.url()}}]}))
        return path.read_text()

    def exchange(self, path=SOCKET):
        local = Local(f"unix:{path}")
        self.addCleanup(local.close)
        upstream = self.server.open()
        self.addCleanup(upstream.close)
        local.send(b"up\n")
        self.assertEqual(upstream.read_text(), b"up")

    def test_1_an_installation_enables_and_starts_nothing_that_is_not_configured(self):
        dpkg("-i", PACKAGE)
        self.assertEqual(is_enabled(UNIT), "enabled")
        self.assertEqual(is_enabled("wsbridged.socket"), "disabled")
        self.assertEqual(show("ActiveState", "wsbridged.socket"), "inactive")
        self.assertEqual(show("ActiveState"), "inactive", "neither running nor failed")
        self.assertEqual(run("getent", "passwd", "wsbridged").stdout.split(":")[-1].strip(),
                         "/usr/sbin/nologin")
        self.assertEqual(run("systemctl", "start", UNIT).returncode, 0)
        self.assertEqual(show("ActiveState"), "inactive", "still only comments")
        self.assertIn("condition", run("systemctl", "status", UNIT).stdout, "as the manual says")
        self.assertEqual(run("systemctl", "--failed", "--quiet", "--plain").stdout, "")

    def test_2_a_configuration_makes_it_a_service(self):
        self.configure()
        before = run("systemctl", "is-active", UNIT).stdout
        self.assertEqual(run("systemctl", "start", UNIT).returncode, 0)
        # Active, so ready: whoever waited for that is not refused.
        self.exchange()
        self.assertEqual((before, show("ActiveState")), ("inactive\n", "active"))
        status = pathlib.Path(f"/proc/{show('MainPID')}/status").read_text()
        sets = dict(re.findall(r"^(Cap\w+):\s*(\w+)$", status, re.M))
        self.assertEqual(set(sets.values()), {"0" * 16}, sets)
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
        self.assertNotRegex(status, r"(?m)^Uid:\s+0\b")

    def test_3_an_upgrade_keeps_the_configuration_and_runs_the_new_program(self):
        written = self.configure()
        other = self.configure(CONFIG.with_name("other.yaml"), "/run/wsbridged-other/lines.sock")
        self.assertEqual(run("systemctl", "start", "wsbridged@other").returncode, 0)
        before = [show("MainPID", unit) for unit in (UNIT, "wsbridged@other.service")]
        dpkg("-i", LATER)
        self.assertEqual(CONFIG.read_text(), written)
        self.assertEqual(CONFIG.with_name("other.yaml").read_text(), other)
        self.assertTrue(CONFIG.with_name("wsbridged.yaml.dpkg-dist").exists(), "what is new lies beside")
        for unit, pid in zip((UNIT, "wsbridged@other.service"), before):
            wait_until(lambda unit=unit: show("ActiveState", unit) == "active", f"{unit} is back")
            self.assertNotEqual(show("MainPID", unit), pid)
        self.exchange()

    def test_4_what_the_administrator_switched_off_stays_off(self):
        self.assertEqual(run("systemctl", "disable", "--now", UNIT).returncode, 0)
        dpkg("-i", PACKAGE)  # a downgrade, as after a bad version
        self.assertEqual(is_enabled(UNIT), "disabled")
        self.assertEqual(show("ActiveState"), "inactive")
        run("systemctl", "enable", "--now", UNIT)

    def test_5_a_removal_stops_it_and_keeps_the_configuration(self):
        written = CONFIG.read_text()
        self.assertEqual(show("ActiveState", "wsbridged@other.service"), "active")
        dpkg("-r", "wsbridged")
        self.assertFalse(pathlib.Path("/usr/bin/wsbridged").exists())
        self.assertEqual(CONFIG.read_text(), written)
        self.assertEqual(run("pidof", "wsbridged").stdout, "")
        dpkg("-i", PACKAGE)
        self.assertEqual(show("ActiveState"), "active", "installed again, it is as it was")

    def test_6_a_purge_leaves_nothing_but_the_administrators_own_files(self):
        dpkg("-P", "wsbridged")
        self.assertEqual([path.name for path in pathlib.Path("/etc/wsbridged").iterdir()],
                         ["other.yaml"])
        self.assertFalse(pathlib.Path("/var/lib/wsbridged").exists())
        self.assertFalse(pathlib.Path("/var/lib/private/wsbridged").exists())
        links = pathlib.Path("/etc/systemd/system").rglob("wsbridged*")
        self.assertEqual([str(path) for path in links], [])
        CONFIG.with_name("other.yaml").unlink()
        dpkg("-i", PACKAGE)
        dpkg("-P", "wsbridged")
        self.assertFalse(pathlib.Path("/etc/wsbridged").exists())


class Manual(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        dpkg("-i", PACKAGE)
        help_text = run("wsbridged", "--help").stdout
        cls.verbs = sorted(set(re.findall(r"^  wsbridged \[?([a-z]+)\]?", help_text, re.M)))

    def test_the_pages_are_found_and_clean(self):
        for section, name in (("8", "wsbridged"), ("5", "wsbridged.yaml")):
            path = f"/usr/share/man/man{section}/{name}.{section}.gz"
            done = run("man", "--warnings", "-E", "UTF-8", "-l", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("EXIT STATUS" if section == "8" else "KEYS OF A BRIDGE", done.stdout)
            done = run("mandoc", "-Tlint", path)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertEqual(run("man", "-w", section, name).stdout.strip(), path)

    def test_bash_loads_its_completion_by_itself(self):
        script = ("source /usr/share/bash-completion/bash_completion; _completion_loader wsbridged; "
                  "COMP_WORDS=(wsbridged '') COMP_CWORD=1; _wsbridged; echo ${COMPREPLY[@]}")
        done = run("bash", "-c", script)
        self.assertLessEqual(set(self.verbs), set(done.stdout.split()), done.stderr)

    def test_fish_completes(self):
        offered = run("fish", "-c", "complete -C 'wsbridged '").stdout
        self.assertEqual({line.split("\t")[0] for line in offered.splitlines()}, set(self.verbs))
        offered = run("fish", "-c", "complete -C 'wsbridged check --'").stdout
        self.assertEqual({line.split("\t")[0] for line in offered.splitlines()}, {"--print", "--help"})

    def test_zsh_completes(self):
        script = """zmodload zsh/zpty; zpty shell zsh -f -i
            zpty -w shell 'autoload -Uz compinit; compinit -u -D; LISTMAX=1000; zstyle ":completion:*" list-prompt ""'
            zpty -w shell 'bindkey "^I" complete-word; PS1=prompt; echo loa''ded'; zpty -r shell text '*loaded*'
            zpty -n -w shell $'wsbridged \\t\\t'; zpty -r -t shell text; sleep 2; zpty -r shell text '*run in the foreground*'
            print -r -- $text; zpty -d shell"""
        offered = run("timeout", "60", "zsh", "-fc", script).stdout
        for verb in self.verbs:
            self.assertRegex(offered, rf"\b{verb}\b")


class Library(unittest.TestCase):

    def test_a_program_is_built_on_libws(self):
        dpkg("-i", "/packages/libws1.deb", "/packages/libws-dev.deb")
        with tempfile.TemporaryDirectory() as folder:
            flags = run("pkg-config", "--cflags", "--libs", "libws").stdout.split()
            self.assertIn("-lws", flags)
            source = SOURCES / "tests/install/consumer/main.cc"
            done = run("g++", "-std=c++20", str(source), "-o", f"{folder}/consumer", *flags)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("libws.so.1 => /", run("ldd", f"{folder}/consumer").stdout)
            for kind in ("", "-static"):
                (pathlib.Path(folder) / "CMakeLists.txt").write_text(
                    "cmake_minimum_required(VERSION 3.25)\nproject(user LANGUAGES CXX)\n"
                    f"find_package(libws REQUIRED{' COMPONENTS static' if kind else ''})\n"
                    f"add_executable(user {source})\ntarget_link_libraries(user libws::libws{kind})\n")
                done = run("sh", "-ec", f"cd {folder} && cmake -B build{kind} . && cmake --build build{kind}")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        dpkg("-P", "libws-dev", "libws1")


def main():
    names = pathlib.Path("/results/tests").read_text().split()
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in names] or None
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
