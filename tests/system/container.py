# SPDX-License-Identifier: MIT
"""A container with a real systemd, for the tests that need one (run.py here and in tests/package).

Method: debootstrap makes a root once for each release and set of packages; systemd-nspawn boots it with
        what is tested bound into it; a unit, inside.service, runs the tests there and ends the container
        with their status. What is written to the root is forgotten.
Needs:  root, and the packages debootstrap and systemd-container.
"""
import pathlib
import subprocess

SOURCES = pathlib.Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"


def codename():
    """This machine's release of Debian."""
    fields = dict(line.split("=", 1) for line in
                  pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return fields["VERSION_CODENAME"]


def make_root(root, suite, packages):
    """The root of a release with these packages; made anew when it is of others."""
    wanted, stamp = " ".join([suite, *packages]), root.with_name(root.name + ".packages")
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"making a root of {suite} in {root}", flush=True)
    subprocess.run(["rm", "-rf", root, stamp], check=True)
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", suite,
                    root, MIRROR], check=True, stdout=subprocess.DEVNULL)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / "inside.service").symlink_to("../inside.service")
    stamp.write_text(wanted)


def make_results(folder):
    subprocess.run(["rm", "-rf", folder], check=True)
    folder.mkdir()
    return folder


def boot(root, results, binds, tests, seconds):
    """Runs the tests, prints what they said, and returns whether they passed. `binds` are read only."""
    (results / "tests").write_text("\n".join(tests))
    command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
               "--volatile=overlay", "--private-network", "--directory", root, "--console=pipe",
               # Those of a machine; nspawn's own list lacks them.
               "--system-call-filter=landlock_create_ruleset landlock_add_rule"
               " landlock_restrict_self",
               f"--bind={results}:/results", f"--bind-ro={SOURCES}:/src",
               *(f"--bind-ro={bind}" for bind in binds)]
    with open(results / "console", "wb") as console:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console,
                                stderr=subprocess.STDOUT, check=False, timeout=seconds).returncode
    said = results / "output"
    print(said.read_text() if said.exists() else (results / "console").read_text(), flush=True)
    if status != 0:
        print(f"failed ({status}); the journal is {results}/journal", flush=True)
    return status == 0
