#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boots a real systemd in a container and runs inside.py in it, with the shipped units.

Usage:  run.py PROGRAM FOLDER [SUITE] [TEST...]
Where:  SUITE is one of Debian's releases below; without it, this machine's and all later ones. FOLDER
        keeps the roots that debootstrap makes, for the next time. Needs root, and the packages
        debootstrap and systemd-container.

In a root of this machine's release the program has that release's libraries. A later one has newer
libraries (and the newer systemd, which is what it is there for): what it lacks of those that the program
was linked with is lent to it. An earlier release has too old a C library for that.
"""
import pathlib
import subprocess
import sys

import container

SUITES = ["bookworm", "trixie"]  # systemd 252, 257
BASE_PACKAGES = ["systemd", "systemd-sysv", "python3", "ca-certificates"]
UNITS = ["wsbridged.service", "wsbridged@.service", "wsbridged.socket"]
BOOT_SECONDS = 600
C_LIBRARY = ["/libc.so.", "/libm.so.", "/ld-linux"]  # always the root's own


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def libraries_of(program):
    """The paths of the libraries that it was linked with, but for the C library."""
    paths = [line.split()[2] for line in output("ldd", program).splitlines()
             if len(line.split()) > 2 and line.split()[2].startswith("/")]
    return [path for path in paths if not any(name in path for name in C_LIBRARY)]


def packages_of(program):
    """Debian's packages with the libraries of the program."""
    packages = set()
    for library in libraries_of(program):
        # Merged /usr: dpkg knows a library by the path that its package has.
        for path in (library, str(pathlib.Path(library).resolve()), "/usr" + library):
            owner = output("dpkg", "-S", path).split(":")[0]
            if owner:
                packages.add(owner)
                break
        else:
            sys.exit(f"system: no package has {library}")
    return sorted(packages)


def lent_libraries(program, root):
    """Binds of the libraries that the root does not have, each to where the loader looks first."""
    usual = [root / "usr/lib", *(root / "usr/lib").glob("*-linux-gnu*")]
    return [f"{pathlib.Path(path).resolve()}:{pathlib.Path(path).resolve().parent}/"
            f"{pathlib.Path(path).name}" for path in libraries_of(program)
            if not any((place / pathlib.Path(path).name).exists() for place in usual)]


def run(program, folder, suite, tests):
    print(f"system: {suite}", flush=True)
    root = folder / suite
    is_own = suite == container.codename()
    container.make_root(root, suite, BASE_PACKAGES + (packages_of(program) if is_own else []))
    units = "/etc/systemd/system"
    binds = [f"{program}:/usr/bin/wsbridged",
             f"{container.SOURCES}/tests/system/inside.service:{units}/inside.service",
             *(f"{container.SOURCES}/systemd/{unit}:{units}/{unit}" for unit in UNITS),
             *lent_libraries(program, root)]
    results = container.make_results(folder / f"results-{suite}")
    return container.boot(root, results, binds, tests, BOOT_SECONDS)


def main():
    program, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    tests = sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    own = container.codename()
    suites = SUITES[SUITES.index(own):] if own in SUITES else [own]
    if tests and tests[0] in SUITES:
        wanted = tests.pop(0)
        if wanted not in suites:
            sys.exit(f"system: a program that was built on {own} does not run on {wanted}")
        suites = [wanted]
    return 0 if all([run(program, folder, suite, tests) for suite in suites]) else 1


if __name__ == "__main__":
    sys.exit(main())
