#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Shows that the tests of the conformance suite bite: breaks one duty after the other on purpose.

Scenario: a check is lost in a rewrite, and no test notices.
Method:   in a copy of the tree each edit below is made alone, unit_protocol is built and run with
          the tests that name the duty; the edit is undone. At least one of them must fail.
Why:      a test that passes says little before it was seen to fail.
Usage:    break_duties.py [--jobs N] [ID...]      a few minutes; for people, no part of the tests

The table that it prints has a row for each edit; the exit status is 1 when one went unnoticed.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOCOL = "libws/protocol/"


@dataclass
class Edit:
    """What is broken: `old`, which is there once, becomes `new`."""
    id: str
    what: str
    path: str
    old: str
    new: str


EDITS = [
    Edit("RFC6455-5.1-masked-server", "masked frames of a server are taken",
         PROTOCOL + "frame.cc", "if (masked && role == Role::kClient) {",
         "if (masked && role == Role::kServer && first > 0xff) {"),
    Edit("RFC6455-5.2-rsv", "RSV2 is not looked at",
         PROTOCOL + "frame.cc", "kRsvBits = 0x70", "kRsvBits = 0x50"),
    Edit("RFC6455-5.2-opcode", "opcode 0xB passes for a control frame",
         PROTOCOL + "frame.cc", "kKnownOpcodes = 0x0707", "kKnownOpcodes = 0x0f07"),
    Edit("RFC6455-5.2-shortest", "a length of 5 may take two bytes more",
         PROTOCOL + "frame.cc", "payload_size < kLength16 || ", "payload_size < 1 || "),
    Edit("RFC6455-5.2-msb", "the sign of a 64-bit length is not looked at",
         PROTOCOL + "frame.cc", "payload_size >> 63U != 0", "payload_size == 0"),
    Edit("RFC6455-5.3-key", "all frames of a connection share a mask key",
         PROTOCOL + "connection_send.cc", "random_.fill(header.key);",
         "static MaskKey first_key = [&] { MaskKey key; random_.fill(key); return key; }();\n"
         "    header.key = first_key;"),
    Edit("RFC6455-5.4-continuation", "a continuation begins a message",
         PROTOCOL + "message_assembler.cc",
         "header.opcode == Opcode::kContinuation && !is_under_way_",
         "header.opcode == Opcode::kContinuation && header.is_compressed"),
    Edit("RFC6455-5.5.3-payload", "pongs are empty",
         PROTOCOL + "connection_send.cc", "send_frame({.opcode = Opcode::kPong}, payload);",
         "send_frame({.opcode = Opcode::kPong}, payload.first(0));"),
    Edit("AB-6.4", "text is judged at the end of its message",
         PROTOCOL + "message_assembler.cc",
         "is_text && (!utf8_.feed(piece) || (fin == Fin::kFinal && !utf8_.is_complete()))",
         "is_text && !utf8_.feed(piece) && fin == Fin::kFinal"),
    Edit("RFC6455-7.4-receive", "2999 is a close code",
         "libws/protocol/close_code.cc", "code >= 3000", "code >= 2999"),
    Edit("RFC6455-5.5.1-silence", "messages are sent after our Close",
         PROTOCOL + "connection_send.cc",
         "if (state_ != ConnectionState::kOpen || outgoing_ != nullptr) {",
         "if (state_ > ConnectionState::kClosing || outgoing_ != nullptr) {"),
    Edit("RFC6455-4.1-accept", "any Sec-WebSocket-Accept will do",
         PROTOCOL + "handshake.cc", "accepts.front() == accept_key(key_)",
         "!accepts.front().empty()"),
    Edit("RFC6455-4.1-subprotocol", "the server may choose what was not offered",
         PROTOCOL + "handshake.cc",
         "std::find(offered.begin(), offered.end(), chosen.front()) != offered.end()",
         "!chosen.front().empty()"),
    Edit("RFC7692-6.1-rsv1", "RSV1 may stand on any frame",
         PROTOCOL + "frame.cc", "if (!may_be_compressed) {",
         "if (!may_be_compressed && rsv1 == Rsv1::kReserved) {"),
    Edit("CVE-zip-bomb", "compressed messages may be twice as long",
         PROTOCOL + "message_assembler.cc",
         "room = static_cast<std::size_t>(limits_.max_message - size_)",
         "room = static_cast<std::size_t>(limits_.max_message * (is_compressed_ ? 2 : 1) - size_)"),
    Edit("CVE-fragments", "empty fragments have no limit",
         PROTOCOL + "message_assembler.cc", "header.payload_size == 0 && header.fin",
         "header.payload_size > limits_.max_message && header.fin"),
]


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


class Copy:
    """The tree in another place, with a build of its own."""

    def __init__(self, folder, jobs):
        self.root, self.jobs = pathlib.Path(folder), str(jobs)
        for name in tracked_files():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.root / name)
        options = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0"]
        if shutil.which("ccache"):
            options.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
        self.call("cmake", "-B", "build", *options)

    def call(self, *command):
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")

    def build(self):
        self.call("cmake", "--build", "build", "--target", "unit_protocol", "-j", self.jobs)

    def failures(self, name):
        """The tests of a duty: how many ran, and those that failed."""
        done = subprocess.run(["build/bin/unit_protocol", f"[{name}]", "-r", "xml"], cwd=self.root,
                              capture_output=True, text=True, check=False, timeout=300)
        cases = re.split(r"<TestCase name=", done.stdout)[1:]
        names = [re.match(r'"([^"]*)"', case)[1].replace("&quot;", '"') for case in cases]
        failed = [name for name, case in zip(names, cases)
                  if '<OverallResult success="true"' not in case]
        return len(cases), failed

    def failures_when_broken(self, edit):
        path = self.root / edit.path
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            sys.exit(f"{edit.path}: '{edit.old}' is there {text.count(edit.old)} times: "
                     f"the edit for {edit.id} must be written anew")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
        try:
            self.build()
            return self.failures(edit.id)
        finally:
            path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("Usage:")[1].split("\n")[0].strip())
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("ids", nargs="*")
    arguments = parser.parse_args()
    edits = [edit for edit in EDITS if not arguments.ids or edit.id in arguments.ids]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="break-duties-") as folder:
        copy = Copy(folder, arguments.jobs)
        copy.build()
        for edit in edits:
            count, failed = copy.failures(edit.id)
            if count == 0 or failed:
                sys.exit(f"{edit.id}: {count} tests, and these fail in a whole tree: {failed}")
        print("| duty | broken so that | tests of it that fail |\n|---|---|---|", flush=True)
        for edit in edits:
            count, failed = copy.failures_when_broken(edit)
            unnoticed += not failed
            names = "<br>".join(failed) or "**none**"
            print(f"| {edit.id} | {edit.what} | {len(failed)} of {count}: {names} |", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
