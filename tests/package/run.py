#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boots a real systemd in a container without wsbridged and runs inside.py there, with the packages.

Usage:  run.py FOLDER [TEST...]
Where:  FOLDER has the packages, and keeps the root that debootstrap makes for the next time. Needs root,
        and the packages debootstrap and systemd-container.
"""
import pathlib
import re
import subprocess
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
# What the tests take: a systemd, shells, readers of manual pages, a compiler for a user of libws.
BASE_PACKAGES = ["systemd", "systemd-sysv", "python3", "man-db", "mandoc", "bash-completion", "zsh",
                 "fish", "g++", "pkgconf", "cmake", "make", "ca-certificates"]
BOOT_SECONDS = 900


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def codename():
    fields = dict(line.split("=", 1) for line in
                  pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return fields["VERSION_CODENAME"]


def dependencies(packages):
    """The names of Debian's packages that ours depend on."""
    ours = {output("dpkg-deb", "-f", package, "Package").strip() for package in packages}
    names = set()
    for package in packages:
        for field in ("Depends", "Pre-Depends"):
            for clause in output("dpkg-deb", "-f", package, field).split(","):
                # The first alternative; without its version.
                names.add(re.split(r"[\s(|:]", clause.strip())[0])
    return sorted(names - ours - {""})


def make_root(folder, packages):
    """The root with everything that the packages depend on, made once for each such set."""
    suite, wanted = codename(), sorted({*BASE_PACKAGES, *dependencies(packages)})
    root, stamp = folder / "root", folder / "root.packages"
    if stamp.exists() and stamp.read_text() == " ".join([suite, *wanted]):
        return root
    print(f"package: making a root of {suite} in {root}", flush=True)
    subprocess.run(["rm", "-rf", root, stamp], check=True)
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(wanted)}", suite, root,
                    MIRROR], check=True, stdout=subprocess.DEVNULL)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / "inside.service").symlink_to("../inside.service")
    stamp.write_text(" ".join([suite, *wanted]))
    return root


def make_upgrade(package, folder):
    """The same package as a later version, whose configuration file has another comment."""
    folder.mkdir()
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1+later", control.read_text()))
    with open(tree / "etc/wsbridged/wsbridged.yaml", "a", encoding="utf-8") as configuration:
        configuration.write("# A later version says more.\n")
    subprocess.run(["dpkg-deb", "-b", tree, folder / "wsbridged-later.deb"], check=True,
                   stdout=subprocess.DEVNULL)


def boot(root, packages, results, tests):
    """Runs the tests inside; what is written to the root is forgotten."""
    (results / "tests").write_text("\n".join(tests))
    unit = "/etc/systemd/system/inside.service"
    binds = [f"{SOURCES}:/src", f"{SOURCES}/tests/package/inside.service:{unit}",
             *(f"{package}:/packages/{package.name.split('_')[0]}.deb" for package in packages)]
    command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
               "--volatile=overlay", "--private-network", "--directory", root, "--console=pipe",
               f"--bind={results}:/results", *(f"--bind-ro={bind}" for bind in binds)]
    with open(results / "console", "wb") as console:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console,
                              stderr=subprocess.STDOUT, check=False, timeout=BOOT_SECONDS).returncode


def main():
    folder = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else sys.exit(__doc__)
    packages = sorted(folder.glob("*.deb"))
    main_package = next(package for package in packages if package.name.startswith("wsbridged_"))
    root = make_root(folder, packages)
    results = folder / "results"
    subprocess.run(["rm", "-rf", results], check=True)
    results.mkdir()
    make_upgrade(main_package, results / "upgrade")
    status = boot(root, packages, results, sys.argv[2:])
    said = results / "output"
    print(said.read_text() if said.exists() else (results / "console").read_text())
    if status != 0:
        print(f"package: failed ({status}); the journal is {results}/journal")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
