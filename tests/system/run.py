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

SOURCES = pathlib.Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
SUITES = ["bookworm", "trixie"]  # systemd 252, 257
BASE_PACKAGES = ["systemd", "systemd-sysv", "python3", "ca-certificates"]
UNITS = ["wsbridged.service", "wsbridged@.service", "wsbridged.socket"]
BOOT_SECONDS = 600
C_LIBRARY = ["/libc.so.", "/libm.so.", "/ld-linux"]  # always the root's own


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def codename():
    fields = dict(line.split("=", 1) for line in
                  pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return fields["VERSION_CODENAME"]


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


def make_root(program, folder, suite):
    """The root, made once for each release and set of packages."""
    packages = BASE_PACKAGES + (packages_of(program) if suite == codename() else [])
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
    binds += lent_libraries(program, root)
    command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
               "--volatile=overlay", "--private-network", "--directory", root, "--console=pipe",
               f"--bind={results}:/results", *(f"--bind-ro={bind}" for bind in binds)]
    with open(results / "console", "wb") as console:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console,
                              stderr=subprocess.STDOUT, check=False, timeout=BOOT_SECONDS).returncode


def run(program, folder, suite, tests):
    root = make_root(program, folder, suite)
    results = folder / f"results-{suite}"
    subprocess.run(["rm", "-rf", results], check=True)
    results.mkdir()
    print(f"system: {suite}", flush=True)
    status = boot(root, program, results, tests)
    said = results / "output"
    print(said.read_text() if said.exists() else (results / "console").read_text(), flush=True)
    if status != 0:
        print(f"system: {suite} failed ({status}); the journal is {results}/journal", flush=True)
    return status == 0


def main():
    program, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    tests = sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    own = codename()
    suites = SUITES[SUITES.index(own):] if own in SUITES else [own]
    if tests and tests[0] in SUITES:
        wanted = tests.pop(0)
        if wanted not in suites:
            sys.exit(f"system: a program that was built on {own} does not run on {wanted}")
        suites = [wanted]
    return 0 if all([run(program, folder, suite, tests) for suite in suites]) else 1


if __name__ == "__main__":
    sys.exit(main())
