#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boots a real systemd in a container and runs inside.py in it, with the shipped units.

Usage:  run.py PROGRAM FOLDER [TEST...]
Where:  FOLDER keeps the root that debootstrap makes, for the next time. Needs root, and the packages
        debootstrap and systemd-container. The root is Debian's release of this machine, so that the
        program's libraries are the ones that it was linked with.
"""
import pathlib
import subprocess
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
BASE_PACKAGES = ["systemd", "systemd-sysv", "python3", "ca-certificates"]
UNITS = ["wsbridged.service", "wsbridged@.service", "wsbridged.socket"]
BOOT_SECONDS = 600


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def codename():
    fields = dict(line.split("=", 1) for line in
                  pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return fields["VERSION_CODENAME"]


def packages_of(program):
    """Debian's packages with the libraries of the program."""
    packages = set()
    for line in output("ldd", program).splitlines():
        words = line.split()
        if len(words) < 3 or not words[2].startswith("/"):
            continue
        # Merged /usr: dpkg knows a library by the path that its package has.
        for path in (words[2], str(pathlib.Path(words[2]).resolve()), "/usr" + words[2]):
            owner = output("dpkg", "-S", path).split(":")[0]
            if owner:
                packages.add(owner)
                break
        else:
            sys.exit(f"system: no package has {words[2]}")
    return sorted(packages)


def make_root(program, folder):
    """The root, made once for each release and set of packages."""
    suite, packages = codename(), BASE_PACKAGES + packages_of(program)
    root, stamp = folder / suite, folder / f"{suite}.packages"
    if stamp.exists() and stamp.read_text() == " ".join(packages):
        return root
    print(f"system: making a root of {suite} in {root}", flush=True)
    subprocess.run(["rm", "-rf", root], check=True)
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", suite,
                    root, MIRROR], check=True, stdout=subprocess.DEVNULL)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / "inside.service").symlink_to("../inside.service")
    stamp.write_text(" ".join(packages))
    return root


def boot(root, program, results, tests):
    """Runs the tests inside; what is written to the root is forgotten."""
    (results / "tests").write_text("\n".join(tests))
    units = "/etc/systemd/system"
    binds = [f"{program}:/usr/bin/wsbridged", f"{SOURCES}:/src",
             f"{SOURCES}/tests/system/inside.service:{units}/inside.service"]
    binds += [f"{SOURCES}/systemd/{unit}:{units}/{unit}" for unit in UNITS]
    command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
               "--volatile=overlay", "--private-network", "--directory", root, "--console=pipe",
               f"--bind={results}:/results", *(f"--bind-ro={bind}" for bind in binds)]
    with open(results / "console", "wb") as console:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console,
                              stderr=subprocess.STDOUT, check=False, timeout=BOOT_SECONDS).returncode


def main():
    program, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    folder.mkdir(parents=True, exist_ok=True)
    root = make_root(program, folder)
    results = folder / "results"
    subprocess.run(["rm", "-rf", results], check=True)
    results.mkdir()
    status = boot(root, program, results, sys.argv[3:])
    said = results / "output"
    print(said.read_text() if said.exists() else (results / "console").read_text())
    if status != 0:
        print(f"system: failed ({status}); the journal is {results}/journal")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
