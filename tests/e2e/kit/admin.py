# SPDX-License-Identifier: MIT
"""A client of the admin listener that sends what it is told, and a reader of its metrics."""
import json
import re
import socket

from kit.local import split_address
from kit.waiting import deadline

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}


class Answer:
    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0] else 0
        self.fields = {name.lower(): value.strip()
                       for name, value in (line.split(":", 1) for line in lines[1:])}

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()


def dial(address):
    """A connected socket."""
    family, target = split_address(address)
    client = socket.socket(family)
    client.settimeout(deadline())
    try:
        client.connect(target)
    except OSError:
        client.close()
        raise
    return client


def read_to_end(client):
    data = b""
    while True:
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            return data
        if not part:
            return data
        data += part


def exchange(address, request):
    """The answer to these bytes; its status is 0 when there was none."""
    with dial(address) as client:
        client.sendall(request)
        return Answer(read_to_end(client))


def ask(address, path, method="GET", host="localhost", **fields):
    """An ordinary request; fields are more header fields, with '_' for '-'."""
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return exchange(address, ("\r\n".join(head) + "\r\n\r\n").encode())


class Metrics:
    """Prometheus' text format 0.0.4, read strictly: whatever promtool would refuse raises."""

    def __init__(self, text):
        self.types = {}
        self.samples = {}
        self.family = None
        if not text.endswith("\n"):
            raise AssertionError("the last line has no newline")
        for line in text.split("\n")[:-1]:
            self._read(line)
        self._check_histograms()

    def _read(self, line):
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            if name in self.types or not words or not words.strip().endswith("."):
                raise AssertionError(f"a family comes twice or has no sentence: {line}")
            self.family = name
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            if name != self.family or kind not in ("counter", "gauge", "histogram"):
                raise AssertionError(f"TYPE does not follow its HELP: {line}")
            if (kind == "counter") != name.endswith("_total"):
                raise AssertionError(f"counters and only they end in _total: {line}")
            self.types[name] = kind
        else:
            self._read_sample(line)

    def _read_sample(self, line):
        match = SAMPLE.fullmatch(line)
        if not match:
            raise AssertionError(f"no sample: {line}")
        name, text, value = match.groups()
        labels, rest = {}, text or ""
        while rest:
            label = LABEL.match(rest)
            if not label or label[1] in labels:
                raise AssertionError(f"bad labels: {line}")
            labels[label[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])
            rest = rest[label.end():]
        allowed = [self.family + suffix
                   for suffix in SUFFIXES.get(self.types.get(self.family), ("",))]
        key = (name, tuple(sorted(labels.items())))
        if name not in allowed or key in self.samples:
            raise AssertionError(f"a sample of another family, or twice: {line}")
        self.samples[key] = float(value)

    def _check_histograms(self):
        for (name, labels), count in self.samples.items():
            family = name.removesuffix("_count")
            if self.types.get(family) != "histogram" or name == family:
                continue
            buckets = [(float(dict(key)["le"]), value) for (other, key), value in
                       self.samples.items() if other == family + "_bucket" and
                       tuple(pair for pair in key if pair[0] != "le") == labels]
            values = [value for _, value in sorted(buckets)]
            if values != sorted(values) or not values or values[-1] != count:
                raise AssertionError(f"{family}{labels}: buckets {buckets} against {count}")

    def value(self, name, **labels):
        return self.samples[(name, tuple(sorted(labels.items())))]

    def total(self, name, **labels):
        """The sum over all samples with these labels."""
        wanted = set(labels.items())
        return sum(value for (other, key), value in self.samples.items()
                   if other == name and wanted <= set(key))
