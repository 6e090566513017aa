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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import container  # noqa: E402

# What the tests take: a systemd, shells, readers of manual pages, a compiler for a user of libws.
BASE_PACKAGES = ["systemd", "systemd-sysv", "python3", "man-db", "mandoc", "bash-completion", "zsh",
                 "fish", "g++", "pkgconf", "cmake", "make", "ca-certificates"]
BOOT_SECONDS = 900


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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


def main():
    folder = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else sys.exit(__doc__)
    packages = sorted(folder.glob("*.deb"))
    main_package = next(package for package in packages if package.name.startswith("wsbridged_"))
    root = folder / "root"
    container.make_root(root, container.codename(),
                        sorted({*BASE_PACKAGES, *dependencies(packages)}))
    results = container.make_results(folder / "results")
    make_upgrade(main_package, results / "upgrade")
    inside = container.SOURCES / "tests/package/inside.service"
    binds = [f"{inside}:/etc/systemd/system/inside.service",
             *(f"{package}:/packages/{package.name.split('_')[0]}.deb" for package in packages)]
    return 0 if container.boot(root, results, binds, sys.argv[2:], BOOT_SECONDS) else 1


if __name__ == "__main__":
    sys.exit(main())
