# SPDX-License-Identifier: MIT
"""A file that does not answer."""
import fcntl
import signal


class Lease:
    """Whoever opens the file hangs, as on a file server that is gone, until close(): it is leased
    (fcntl(2)), and the kernel asks for it back and waits (for fs.lease-break-time, 45 s)."""

    def __init__(self, path):
        self.before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # how the kernel asks
        self.file = open(path, "r+b", buffering=0)
        fcntl.fcntl(self.file, fcntl.F_SETLEASE, fcntl.F_WRLCK)

    def is_asked_for(self):
        """Does somebody hang?"""
        return fcntl.fcntl(self.file, fcntl.F_GETLEASE) != fcntl.F_WRLCK

    def close(self):
        self.file.close()
        signal.signal(signal.SIGIO, self.before)
