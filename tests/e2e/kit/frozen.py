# SPDX-License-Identifier: MIT
"""One thread of a child stopped while the others run, as a debugger does it (ptrace(2))."""
import ctypes
import os

from kit.waiting import wait_until

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000


def ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, thread, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), f"ptrace request {request:#x}")


class FrozenThread:
    """`with FrozenThread(tid):` stops it; only the thread that made it may end it (ptrace's rule)."""

    def __init__(self, thread):
        self.thread = thread
        self.is_gone = False

    def __enter__(self):
        ptrace(PTRACE_SEIZE, self.thread)
        ptrace(PTRACE_INTERRUPT, self.thread)
        wait_until(lambda: os.waitpid(self.thread, WALL | os.WNOHANG)[0] == self.thread,
                   "the thread has stopped")
        return self

    def let_go_when_killed(self):
        """A killed process has not ended for its parent before we have seen the end of our thread."""
        if not self.is_gone:
            self.is_gone = os.waitpid(self.thread, WALL | os.WNOHANG)[0] == self.thread

    def __exit__(self, *_):
        if self.is_gone:
            return
        try:
            ptrace(PTRACE_DETACH, self.thread)
        except ProcessLookupError:  # its process has ended: it is a zombie of ours
            os.waitpid(self.thread, WALL)
