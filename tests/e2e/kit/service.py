# SPDX-License-Identifier: MIT
"""systemd's part: sockets passed to the daemon (sd_listen_fds(3)), and the socket that it tells how
it stands (sd_notify(3))."""
import socket
import sys

from kit.waiting import deadline, wait_until

# Moves the descriptors to where sd_listen_fds(3) has them, and becomes the daemon: LISTEN_PID is
# the process that reads it.
BECOME = """
import fcntl, os, sys
descriptors, names = [int(word) for word in sys.argv[1].split(",")], sys.argv[2]
aside = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in descriptors]
for place, descriptor in enumerate(aside, 3):
    os.dup2(descriptor, place)
os.closerange(3 + len(aside), 1024)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(aside)), LISTEN_FDNAMES=names)
os.execv(sys.argv[3], sys.argv[3:])
"""


def passing(*named_sockets):
    """Options of Daemon that pass these (name, socket) to it."""
    descriptors = [one.fileno() for _, one in named_sockets]
    names = ":".join(name for name, _ in named_sockets)
    prefix = [sys.executable, "-S", "-c", BECOME, ",".join(map(str, descriptors)), names]
    return {"prefix": prefix, "pass_fds": descriptors}


def listening(family, where, backlog=128, kind=socket.SOCK_STREAM):
    """A socket as systemd makes it."""
    made = socket.socket(family, kind)
    made.bind(where)
    if kind == socket.SOCK_STREAM:
        made.listen(backlog)
    return made


class NotifyListener:
    """What NOTIFY_SOCKET leads to; `name` begins with '/' or '@'."""

    def __init__(self, name):
        self.name, self.messages = name, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.setblocking(False)

    def environment(self, **more):
        return {"NOTIFY_SOCKET": self.name, **more}

    def receive(self):
        """All messages so far, each as a map."""
        while True:
            try:
                data = self.socket.recv(65536).decode("utf-8")
            except BlockingIOError:
                return self.messages
            self.messages.append(dict(line.split("=", 1) for line in data.split("\n")))

    def count(self, key):
        return sum(key in message for message in self.receive())

    def wait_for(self, key, count=1, seconds=20.0):
        """The message that is the `count`th with that key."""
        wait_until(lambda: self.count(key) >= count, f"{key} number {count}", seconds)
        return [message for message in self.messages if key in message][count - 1]

    def next_within(self, seconds):
        """The next message, None when there is none for that long (never more than the test's own
        deadline)."""
        known = len(self.receive())
        self.socket.settimeout(min(seconds, deadline()))
        try:
            data = self.socket.recv(65536).decode("utf-8")
            self.messages.append(dict(line.split("=", 1) for line in data.split("\n")))
        except (TimeoutError, socket.timeout):
            return None
        finally:
            self.socket.setblocking(False)
        return self.messages[known]

    def close(self):
        self.socket.close()
