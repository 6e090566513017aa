# SPDX-License-Identifier: MIT
"""Do the tests notice a fault? One fault after the other is put into a copy of the sources, which is
built and tested; a fault that no test notices has survived.

Where:   libws/protocol, and the framing in daemon/.
Method:  a sample of all places (sites.py), drawn with a fixed seed. What the compiler refuses is no
         fault, and another one takes its place. The unit tests judge first, then the fuzz targets'
         seeds. A test that takes four times as long as usual has noticed, too: endless loops do that.
Usage:   mutants.py [--count N] [--seed N] [--jobs N] [--only TEXT] FOLDER
Writes:  FOLDER/survivors.txt.
Exit:    0 at least 90 % were killed, 1 not.
"""
import argparse
import concurrent.futures
import os
import pathlib
import queue
import random
import resource
import shutil
import subprocess
import sys
import time

from sites import sites_in

ROOT = pathlib.Path(__file__).resolve().parents[2]
FRAMING = ("line_framer", "line_writer", "line_message", "length_prefix", "local_encoding",
           "searching_copy", "text_codec", "text_codec_utf8")
GOAL = 0.9
MEMORY = 8 << 30  # a fault may ask for all there is
# target: arguments; in the order in which they are asked.
JUDGES = {"protocol": {"unit_protocol": ["--abort"], "unit_libws": ["--abort"],
                       "fuzz_seeds": [str(ROOT / "tests/fuzz/corpus")]},
          "framing": {"unit_daemon": ["--abort", "[line_framer],[line_writer],[line_message],"
                                      "[framing_matrix],[framing_tables],[length_prefix],"
                                      "[local_encoding],[text_codec],[columns],[searching_copy]"],
                      "fuzz_seeds": [str(ROOT / "tests/fuzz/corpus")]}}


def sources():
    protocol = sorted((ROOT / "libws/protocol").glob("*.*"))
    framing = [path for name in FRAMING for path in sorted((ROOT / "daemon").glob(name + ".*"))]
    return [str(path.relative_to(ROOT)) for path in protocol + framing]


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


class Copy:
    """The project's files in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True,
                               text=True).stdout.split("\0")
        for name in filter(None, files):
            source, target = ROOT / name, folder / name
            if name.startswith("tests/fuzz/corpus/") or not source.is_file():
                continue
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)  # as new: what was built of another must be built again
        self.build_folder = folder / "build"
        subprocess.run(["cmake", "-S", folder, "-B", self.build_folder, "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
                        "-DLIBWS_INSTALL=OFF", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",
                        "--log-level=WARNING"], check=True, stdout=subprocess.DEVNULL)
        self.usual = {}  # seconds

    def build(self, target):
        return subprocess.run(["cmake", "--build", self.build_folder, "-j1", "--target", target],
                              capture_output=True, check=False).returncode == 0

    def passes(self, target, arguments):
        begun = time.monotonic()
        limit = 5 + 4 * self.usual.get(target, 60)
        try:
            run = subprocess.run([self.build_folder / "bin" / target, *arguments],
                                 capture_output=True, check=False, timeout=limit,
                                 cwd=self.build_folder, preexec_fn=limit_memory)
        except subprocess.TimeoutExpired:
            return False
        self.usual.setdefault(target, time.monotonic() - begun)
        return run.returncode == 0

    def prepare(self):
        """As it is, it must pass."""
        for judges in JUDGES.values():
            for target, arguments in judges.items():
                if not self.build(target) or not self.passes(target, arguments):
                    sys.exit(f"mutants: {target} fails without a fault ({self.folder})")

    def judge(self, site):
        """None: the compiler refuses it; else who noticed, or "" when nobody did."""
        path = self.folder / site.path
        text = path.read_text(encoding="utf-8")
        path.write_text(site.apply(text), encoding="utf-8")
        try:
            judges = JUDGES["protocol" if site.path.startswith("libws") else "framing"]
            for index, (target, arguments) in enumerate(judges.items()):
                if not self.build(target):
                    return None if index == 0 else target
                if not self.passes(target, arguments):
                    return target
            return ""
        finally:
            path.write_text(text, encoding="utf-8")


def take_verdicts(sample, count, copies):
    """{site: verdict}, in the order of the sample, until `count` were compiled."""
    free = queue.Queue()
    for copy in copies:
        free.put(copy)

    def judge(site):
        copy = free.get()
        try:
            return copy.judge(site)
        finally:
            free.put(copy)
    verdicts, begun = {}, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(copies)) as pool:
        position = 0
        while len(verdicts) < count and position < len(sample):
            batch = sample[position:position + count - len(verdicts)]
            position += len(batch)
            for site, verdict in zip(batch, pool.map(judge, batch)):
                if verdict is None:
                    continue
                verdicts[site] = verdict
                killed = sum(1 for verdict in verdicts.values() if verdict)
                said = "killed" if verdict else "SURVIVED"
                print(f"mutants: {said}: {site} ({killed} of {len(verdicts)},"
                      f" {time.monotonic() - begun:.0f} s)", flush=True)
    return verdicts


def main():
    parser = argparse.ArgumentParser(prog="./dev mutants")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="places that hold this text")
    parser.add_argument("folder", type=pathlib.Path)
    given = parser.parse_args()
    sample = [site for path in sources()
              for site in sites_in(path, (ROOT / path).read_text(encoding="utf-8"))]
    places = len(sample)
    random.Random(given.seed).shuffle(sample)
    sample = [site for site in sample if given.only in str(site)]
    copies = [Copy(given.folder.resolve() / f"copy-{number}") for number in range(given.jobs)]
    for copy in copies:
        copy.prepare()
    verdicts = take_verdicts(sample, given.count, copies)
    survivors = [str(site) for site, verdict in verdicts.items() if not verdict]
    (given.folder / "survivors.txt").write_text("".join(f"{line}\n" for line in sorted(survivors)))
    killed = len(verdicts) - len(survivors)
    share = killed / len(verdicts) if verdicts else 0
    print(f"mutants: {killed} of {len(verdicts)} killed, {share:.1%}; {places} places, seed"
          f" {given.seed}; survivors in {given.folder / 'survivors.txt'}")
    return 0 if share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
