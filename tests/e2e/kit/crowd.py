# SPDX-License-Identifier: MIT
"""Many local programs in one process: all connect at once, each says a line and wants it back.

Run as a program of its own, since descriptors are limited for each process: HOST PORT COUNT SOURCE
RELEASE. Members that were answered stay until the file RELEASE is there, then each leaves as soon
as it was answered. Prints how many were answered so far, and in the end what became of all, as
JSON.
"""
import json
import os
import resource
import selectors
import socket
import sys
import time

from kit.process import Program

IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: ports may be shared by connections to different places
REPORT_INTERVAL = 0.1


class CrowdProgram(Program):
    """The program, seen from the test."""

    def __init__(self, directory, address, count, source, release):
        host, port = address.rsplit(":", 1)
        kit = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        super().__init__([sys.executable, "-B", "-m", "kit.crowd", host, port, str(count), source,
                          release],
                         directory, "crowd", cwd=kit)

    def reports(self):
        return [json.loads(line) for line in self.stdout().split("\n")[:-1]]

    def answered(self):
        reports = self.reports()
        return reports[-1]["answered"] if reports else 0

    def result(self, seconds):
        self.wait(seconds)
        return self.reports()[-1]


class Crowd:
    def __init__(self, where, count, source, release):
        self.where, self.source, self.release = where, source, release
        self.selector = selectors.DefaultSelector()
        self.waiting = {}  # what each wants to read yet
        self.staying = []
        self.answered = self.again = self.failed = 0
        self.reported_at = 0.0
        for number in range(count):
            self.join(b"member %d of %s\n" % (number, source.encode()))
            if number % 200 == 199:
                self.look(0)

    def join(self, line):
        member = socket.socket()
        member.setblocking(False)
        member.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        member.bind((self.source, 0))
        member.connect_ex(self.where)
        self.waiting[member] = line
        self.selector.register(member, selectors.EVENT_WRITE, line)

    def look(self, seconds):
        for key, events in self.selector.select(seconds):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(key.data)
                    self.selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                else:
                    self.read(key.fileobj)
            except OSError:
                self.come_again(key.fileobj, key.data)

    def read(self, member):
        data, line = member.recv(1000), self.waiting[member]
        if not data or not line.startswith(data):
            self.fail(member)
            return
        self.waiting[member] = line[len(data):]
        if not self.waiting[member]:
            self.answered += 1
            del self.waiting[member]
            self.selector.unregister(member)
            self.staying.append(member)

    def leave(self, member):
        del self.waiting[member]
        self.selector.unregister(member)
        member.close()

    def come_again(self, member, line):
        """The kernel resets those that it could not keep in the queue for a minute."""
        self.again += 1
        is_unanswered = self.waiting[member] == line
        self.leave(member)
        if is_unanswered:
            self.join(line)
        else:
            self.failed += 1

    def fail(self, member):
        self.failed += 1
        self.leave(member)

    def run(self):
        while self.waiting:
            self.look(0.05)
            if self.staying and os.path.exists(self.release):
                for member in self.staying:
                    member.close()
                self.staying = []
            self.report()
        while not os.path.exists(self.release):
            time.sleep(0.05)
        self.report(is_last=True)

    def report(self, is_last=False):
        if is_last or time.monotonic() > self.reported_at + REPORT_INTERVAL:
            self.reported_at = time.monotonic()
            print(json.dumps({"answered": self.answered, "failed": self.failed,
                              "again": self.again, "waiting": len(self.waiting)}),
                  flush=True)


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    HOST, PORT, COUNT, SOURCE, RELEASE = sys.argv[1:]
    Crowd((HOST, int(PORT)), int(COUNT), SOURCE, RELEASE).run()
