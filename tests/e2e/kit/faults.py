# SPDX-License-Identifier: MIT
"""The control of tests/faults: which call of a daemon fails, how, and from which one on."""
import errno
import mmap
import os
import struct

LIBRARY = os.environ.get("WSBRIDGED_FAULTS", "build/dev/tests/faults/libfault_injection.so")

# Whose descriptor a call is about, as in tests/faults/control.h.
LOCAL_TCP, LOCAL_UNIX, MADE, FILE, LOG, OTHER, NONE = (1 << bit for bit in range(7))
ANY = LOCAL_TCP | LOCAL_UNIX | MADE | FILE | NONE  # the log and wake-ups only when named
OFF, ERROR, SHORT, SHIFT = range(4)
FOR_EVER = -1

CALLS = """accept4 bind chmod clock_gettime close connect epoll_create1 epoll_ctl epoll_wait eventfd
fchmod fchown flock fopen fstat fsync getaddrinfo getnameinfo getpeername getrandom getrlimit
getsockname getsockopt ioctl lchown listen lstat malloc mkostemp open pipe2 poll pthread_create
read realpath recv rename send sendmsg sendto setrlimit setsockopt shutdown socket socketpair stat unlink
write""".split()

ROW = struct.Struct("24sIi8q")
ROWS = 80
(NAME, KINDS, MODE, VALUE, SKIP, EVERY, LEFT, COUNT, HITS, IS_KNOWN, LEAST) = range(11)


class Faults:
    """One daemon's table. `environment` is what loads the library into it."""

    def __init__(self, directory, name="faults"):
        self.path = os.path.join(directory, name)
        with open(self.path, "wb") as file:
            for call in CALLS:
                file.write(ROW.pack(call.encode(), ANY, OFF, 0, 0, 1, 0, 0, 0, 0, 0))
            file.truncate(ROW.size * ROWS)
        with open(self.path, "r+b") as file:
            self.table = mmap.mmap(file.fileno(), 0)
        assert os.path.exists(LIBRARY), f"{LIBRARY} is not built: ./dev build"
        self.environment = {"LD_PRELOAD": LIBRARY, "FAULTS_CONTROL": self.path}

    def fail(self, call, reason, skip=0, every=1, count=1, kinds=ANY, least=0):
        """`count` of the calls, each `every`th behind the first `skip`, fail with that errno (or,
        where a call returns its own codes, with that)."""
        self._set(call, ERROR, reason, skip, every, count, kinds, least)

    def shorten(self, call, size=1, skip=0, every=1, count=FOR_EVER, kinds=ANY):
        """The calls move at most `size` bytes."""
        self._set(call, SHORT, size, skip, every, count, kinds, 0)

    def shift_clock(self, seconds):
        """The wall clock is so far from the kernel's."""
        self._set("clock_gettime", SHIFT, seconds, 0, 1, FOR_EVER, ANY, 0)

    def watch(self, call, kinds=ANY):
        """Only counts, from now on."""
        self._set(call, OFF, 0, 0, 1, 0, kinds, 0)

    def clear(self):
        for call in CALLS:
            if self._row(call)[MODE] in (ERROR, SHORT):
                self._write(call, MODE, OFF)

    def calls(self, call):
        return self._row(call)[COUNT]

    def hits(self, call):
        return self._row(call)[HITS]

    def unknown_of(self, calls):
        """Those that the library has not been asked for: it replaces them not, or nobody calls."""
        return sorted({call for call in calls if not self._row(call)[IS_KNOWN]})

    def close(self):
        self.table.close()

    def _set(self, call, mode, value, skip, every, count, kinds, least):
        at = CALLS.index(call) * ROW.size
        self._write(call, MODE, OFF)
        known = self._row(call)[IS_KNOWN]
        ROW.pack_into(self.table, at, call.encode(), kinds, OFF, value, skip, every, count, 0, 0,
                      known, least)
        self._write(call, MODE, mode)

    def _row(self, call):
        return ROW.unpack_from(self.table, CALLS.index(call) * ROW.size)

    def _write(self, call, column, value):
        assert column == MODE
        struct.pack_into("i", self.table, CALLS.index(call) * ROW.size + 28, value)


def name_of(reason):
    return errno.errorcode.get(reason, str(reason))
