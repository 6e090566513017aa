# SPDX-License-Identifier: MIT
"""The packages are of this version, of these sources, and built with what the sources need.

Where:   debian/, CMakeLists.txt, `dev`, libws/install.cmake.
Checked: debian/changelog begins with the project's version; Build-Depends names what `dev` installs for a
         build; the library's package has the number of its binary interface; what debian/ links to exists.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Not in Build-Depends: g++ and dpkg-dev come with build-essential, the cache is for developers.
ONLY_FOR_DEVELOPERS = {"g++", "ccache"}
# The other way round: for what a package is made of besides the program.
ONLY_FOR_PACKAGES = {"debhelper-compat", "python3"}


def read(path):
    return (ROOT / path).read_text()


def find(pattern, path):
    found = re.search(pattern, read(path), re.M | re.S)
    return found[1] if found else None


def build_dependencies():
    field = find(r"^Build-Depends: (.*?)^\S", "debian/control")
    return set(re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", field))


def main():
    problems = []
    project = find(r"^project\(wsbridged VERSION ([\d.]+)", "CMakeLists.txt")
    package = find(r"\Awsbridged \(([^)]+)\)", "debian/changelog")
    if project is None or project != package:
        problems.append(f"CMakeLists.txt says {project}, debian/changelog {package}")
    developers = set(find(r"^build_packages=\((.*?)\)", "dev").split())
    packages = build_dependencies()
    for name in sorted((developers - ONLY_FOR_DEVELOPERS) ^ (packages - ONLY_FOR_PACKAGES)):
        problems.append(f"build_packages of dev and Build-Depends of debian/control differ in {name}")
    interface = find(r"^set\(libws_abi (\d+)\)", "libws/install.cmake")
    if f"Package: libws{interface}\n" not in read("debian/control"):
        problems.append(f"the library's number is {interface}: no such package in debian/control")
    for path in (ROOT / "debian").iterdir():
        if not path.exists():
            problems.append(f"debian/{path.name} leads to nothing")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
