# SPDX-License-Identifier: MIT
"""Readings of a process from /proc, and programs of the system run as children."""
import os
import socket
import subprocess

from kit.waiting import deadline, wait_until


def descriptor_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def status_bytes(pid, key):
    """A size of /proc/PID/status in bytes: VmRSS (now) or VmHWM (the peak)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    raise AssertionError(f"no {key} of process {pid}")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_stopped(pid):
    """Whether SIGSTOP has reached every thread of it."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as file:
            if file.read().rpartition(") ")[2][0] != "T":
                return False
    return True


def free_ports(count):
    """Ports for programs that cannot choose one themselves; free a moment ago."""
    holders = [socket.socket() for _ in range(count)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def accepts(port):
    """Whether something listens on that port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """A child with its stdout and stderr in files: it never blocks on a pipe nobody reads."""

    def __init__(self, arguments, directory, name, terminal=None, **options):
        """`terminal` is a descriptor that stdout goes to instead."""
        taken = [entry for entry in os.listdir(directory) if entry.startswith(name)]
        self.name = name = f"{name}-{len(taken)}" if taken else name
        self.stdout_path = os.path.join(directory, name + ".stdout")
        self.stderr_path = os.path.join(directory, name + ".stderr")
        options.setdefault("stdin", subprocess.DEVNULL)
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            options.setdefault("stderr", err)
            self.child = subprocess.Popen(arguments, stdout=out if terminal is None else terminal,
                                          **options)

    @property
    def pid(self):
        return self.child.pid

    def stdout(self):
        with open(self.stdout_path, encoding="utf-8", errors="replace") as text:
            return text.read()

    def stderr(self):
        with open(self.stderr_path, encoding="utf-8", errors="replace") as text:
            return text.read()

    def is_running(self):
        return self.child.poll() is None

    def wait(self, seconds=20.0):
        """The exit status; a program that does not end in time fails the test."""
        try:
            return self.child.wait(deadline(seconds))
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} still runs after {deadline(seconds):.0f} s") from None

    def end(self):
        """Ends it at once; for peers, whose exit says nothing."""
        if self.is_running():
            self.child.kill()
        self.child.wait()
