# SPDX-License-Identifier: MIT
"""A disk of a few KiB (tmpfs), to be filled. Mounting needs root, as kit/network.py does."""
import os

from kit.network import run


class SmallDisk:
    """Mounted at `path` until the test ends."""

    def __init__(self, case, path, size="64k"):
        self.path = path
        os.mkdir(path)
        run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", path)
        case.addCleanup(run, "umount", "-l", path)

    def fill(self):
        """Nothing more can be written."""
        with open(f"{self.path}/filling", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass  # full

    def make_room(self):
        os.unlink(f"{self.path}/filling")

    def forbid_writing(self):
        run("mount", "-o", "remount,ro", self.path)

    def allow_writing(self):
        run("mount", "-o", "remount,rw", self.path)
