# SPDX-License-Identifier: MIT
"""The units of systemd/ as systemd-analyze sees them: verified without a word, hardened as promised.

Where:   systemd/*.service, *.socket, the drop-ins (*.conf) and sysusers.conf.
Checked: `systemd-analyze verify` is silent, also with each drop-in (but for a Type= that this systemd does not
         know yet); `security` gives each service at most 1.5; PrivateUsers= stays off, as it would hide the
         uids of local programs; chown() is allowed, which listen.group takes; each ExecReload= that is emptied
         is set again, where Type= does not do that; systemd-sysusers makes the user of sysusers.conf.
"""
import pathlib
import re
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


def values(text, key):
    """What a unit says for a key, in the order of the file; an empty value takes back those before."""
    found = []
    for value in re.findall(rf"^{key}=[ \t]*(.*?)[ \t]*$", text, re.MULTILINE):
        found = [*found, value] if value else []
    return found


def allows_chown(text):
    """Whether the last SystemCallFilter= that names @chown, or a set that holds it, allows it."""
    is_allowed = False
    for value in re.findall(r"^SystemCallFilter=(.*)$", text, re.MULTILINE):
        if {"@chown", "@privileged"} & set(value.lstrip("~").split()):
            is_allowed = not value.startswith("~")
    return is_allowed


def look_at_service(name, text):
    if values(text, "PrivateUsers")[-1:] not in ([], ["no"], ["false"], ["off"], ["0"]):
        yield f"{name}: PrivateUsers= hides the uids of local programs"
    if not allows_chown(text):
        yield f"{name}: without @chown listen.owner and listen.group cannot work"
    if values(text, "Type")[-1:] == ["notify"] and not values(text, "ExecReload"):
        yield f"{name}: without ExecReload= nothing reloads it"


def look_at_exposure(path):
    status, said = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}",
                           "--no-pager", str(path))
    print(said.splitlines()[-1] if said else "security said nothing")
    if status != 0:
        yield f"{path.name}: more exposed than {MAX_EXPOSURE / 10}"


def look_at_drop_in(folder, drop_in):
    """The service with what the drop-in adds, as one file: systemd reads them one after the other."""
    service = folder / "wsbridged.service"
    with_it = folder / drop_in.stem / service.name
    with_it.parent.mkdir()
    with_it.write_text(service.read_text() + drop_in.read_text())
    _, said = analyze("verify", str(with_it))
    for line in said.splitlines():
        if "Failed to parse service type, ignoring: notify-reload" not in line:
            yield f"{drop_in.name}: verify: {line}"
    yield from look_at_service(drop_in.name, with_it.read_text())


def look_at_sysusers(folder, file):
    root = folder / "root"
    (root / "etc").mkdir(parents=True)
    run = subprocess.run(["systemd-sysusers", f"--root={root}", str(file)], capture_output=True,
                         text=True, check=False)
    users = (root / "etc/passwd").read_text() if (root / "etc/passwd").exists() else ""
    if run.returncode != 0 or not users.startswith("wsbridged:"):
        yield f"{file.name}: makes no user wsbridged: {run.stderr.strip()}"


def main():
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths = copy_units(folder)
        status, said = analyze("verify", *map(str, paths))
        if status != 0 or said:
            problems.append(f"verify: {said}")
        for path in paths:
            if path.suffix == ".service":
                problems += look_at_exposure(path)
                problems += look_at_service(path.name, path.read_text())
        drop_ins = sorted((ROOT / "systemd").glob("*.conf"))
        for file in drop_ins:
            look_at = look_at_sysusers if file.name == "sysusers.conf" else look_at_drop_in
            problems += look_at(folder, file)
        if len(paths) < 3 or len(drop_ins) < 3:
            problems.append("there are fewer units than expected: this test checks nothing")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
