# SPDX-License-Identifier: MIT
"""A disk that is full, cannot be written or is gone: for the cookie jar, and for the log.

Scenario: servers set cookies while the jar's disk has no room, is mounted read-only, or its
          directory was removed; stderr goes to a file on a full disk.
Method:   a tmpfs of 64 KiB; the jar's bytes before and after, the names in its directory, the log.
Why:      a disk fills at night, and the jar is the login of tomorrow.
"""
import os
import shutil

from kit.case import E2eCase, bridge, main
from kit.daemon import RELEASE_BINARY
from kit.numbered_server import NumberedServer
from kit.numbered_talk import ERROR_LINE, Talk
from kit.small_disk import SmallDisk
from kit.survival import IS_FULL_SIZE
from kit.waiting import wait_until

FUTURE = "Expires=Fri, 01 Jan 2100 00:00:00 GMT"
# So much that it does not fit beside itself.
JAR = "# Netscape HTTP Cookie File\n" + "".join(
    f"example.com\tFALSE\t/\tFALSE\t4102444800\tfiller{number}\t{'v' * 100}\n"
    for number in range(40))
NOT_STORED, STORED_AGAIN = "cookies not stored", "cookies stored again"


class FullDisk(E2eCase):

    def setUp(self):
        super().setUp()
        self.disk = SmallDisk(self, self.path("disk"))
        os.mkdir(self.path("disk/jar"))
        self.jar = self.path("disk/jar/cookies.txt")
        with open(self.jar, "w", encoding="ascii") as file:
            file.write(JAR)
        self.names = iter(range(1000))
        self.server = NumberedServer(
            headers=lambda: [f"Set-Cookie: n{next(self.names)}=1; {FUTURE}"])
        self.addCleanup(self.server.close)
        self.sessions = 0

    def start_with_jar(self):
        return self.start(bridge(self.server.url(), session={"error_line": ERROR_LINE},
                                 upstream={"cookie_jar": self.jar, "store_cookies": True}),
                          threads=1)

    def talk(self, daemon):
        """A session that stores a cookie, and loses nothing."""
        self.sessions += 1
        talk = Talk(f"s{self.sessions}", 50, 50).run(daemon.address())
        self.assertTrue(talk.is_complete(self.server.numbers(talk.token)) and not talk.was_told(),
                        talk.__dict__)

    def jar_text(self):
        with open(self.jar, encoding="ascii") as file:
            return file.read()

    def stored(self):
        return [line.split("\t")[5] for line in self.jar_text().splitlines()
                if line.startswith("127.0.0.1")]

    def fails_and_comes_back(self, daemon, repair, already=0):
        for _ in range(3):
            self.talk(daemon)
        entry = daemon.wait_for_entry(NOT_STORED, "cookies.txt")
        self.assertEqual(entry["level"], "warn")
        self.assertIn("cause", entry)
        for _ in range(2):
            self.talk(daemon)
        repair()
        daemon.wait_for_entry(STORED_AGAIN)  # by itself: nobody connects meanwhile
        self.assertEqual(len(daemon.entries(NOT_STORED)), 1, "told once")
        self.assertEqual(sorted(self.stored()), [f"n{number}" for number in range(5 + already)],
                         "none of those that came meanwhile is lost")

    def check_directory(self):
        left = sorted(os.listdir(os.path.dirname(self.jar)))
        self.assertEqual([name for name in left if name != ".cookies.txt.lock"], ["cookies.txt"],
                         "no temporary file")

    def test_a_full_disk_leaves_the_jar_as_it_was(self):
        daemon = self.start_with_jar()
        self.disk.fill()
        self.fails_and_comes_back(daemon, lambda: self.check_and(self.disk.make_room))
        self.check_directory()

    def check_and(self, repair):
        self.assertEqual(self.jar_text(), JAR, "not a byte was changed")
        self.check_directory()
        repair()

    if IS_FULL_SIZE:
        def test_a_disk_that_became_read_only(self):
            daemon = self.start_with_jar()
            self.disk.forbid_writing()
            self.fails_and_comes_back(daemon, lambda: self.check_and(self.disk.allow_writing))

    def test_a_directory_that_was_removed(self):
        daemon = self.start_with_jar()
        self.talk(daemon)
        wait_until(self.stored, "the first cookie is stored")
        directory = os.path.dirname(self.jar)
        shutil.move(directory, directory + ".away")
        self.fails_and_comes_back(daemon, lambda: shutil.move(directory + ".away", directory),
                                  already=1)
        self.check_directory()

    def test_what_could_not_be_stored_until_the_stop_is_told(self):
        daemon = self.start_with_jar()
        self.disk.fill()
        self.talk(daemon)
        daemon.wait_for_entry(NOT_STORED)
        self.assertEqual(daemon.stop(), 0)
        entry = daemon.wait_for_entry("cookies that could not be stored are lost")
        self.assertEqual(entry["cookie_count"], 1)
        self.assertEqual(self.jar_text(), JAR)

    def test_a_log_on_a_full_disk_stops_nobody(self):
        self.disk.fill()
        with open(self.path("disk/log"), "wb") as log:
            daemon = self.start(bridge(self.server.url()), binary=RELEASE_BINARY,
                                options={"stderr": log})
            for _ in range(20):
                self.talk(daemon)
            self.assertEqual(os.path.getsize(log.name), 0)
            self.disk.make_room()
            self.talk(daemon)

            def is_logged():
                daemon.stderr_path = shutil.copy(log.name, self.path("log"))
                return daemon.entries("log entries were lost") and daemon.session_ends()
            wait_until(is_logged, "what is logged when there is room")
        lost = daemon.entries("log entries were lost")[0]["entry_count"]
        # An opening and an end of each session; the last end may come when there is room.
        self.assertGreaterEqual(lost, 2 * 20 - 1)


if __name__ == "__main__":
    main()
