# SPDX-License-Identifier: MIT
"""The units of systemd/ as systemd-analyze sees them: verified without a word, hardened as promised.

Where:   systemd/*.service, *.socket and the drop-in.
Checked: `systemd-analyze verify` is silent; `security` gives each service at most 1.5; PrivateUsers=
         stays off, as it would hide the uids of local programs.
"""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_EXPOSURE = 15  # in tenths


def analyze(*arguments):
    run = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
    return run.returncode, (run.stdout + run.stderr).strip()


def copy_units(folder):
    """The units with a program that is there; the name of an instance for the template."""
    program = folder / "wsbridged"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    paths = []
    for unit in sorted((ROOT / "systemd").glob("wsbridged*")):
        copy = folder / unit.name.replace("@.", "@instance.")
        copy.write_text(unit.read_text().replace("/usr/bin/wsbridged", str(program)))
        paths.append(copy)
    return paths


def main():
    problems = []
    with tempfile.TemporaryDirectory() as name:
        paths = copy_units(pathlib.Path(name))
        status, said = analyze("verify", *map(str, paths))
        if status != 0 or said:
            problems.append(f"verify: {said}")
        for path in paths:
            if path.suffix != ".service":
                continue
            status, said = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}",
                                   "--no-pager", str(path))
            print(said.splitlines()[-1] if said else "security said nothing")
            if status != 0:
                problems.append(f"{path.name}: more exposed than {MAX_EXPOSURE / 10}")
            if "PrivateUsers=yes" in path.read_text():
                problems.append(f"{path.name}: PrivateUsers= hides the uids of local programs")
        if len(paths) < 3:
            problems.append("there are fewer units than expected: this test checks nothing")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
