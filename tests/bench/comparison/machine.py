# SPDX-License-Identifier: MIT
"""The machine: which processors who gets, what runs here, and programs that end with us."""
import os
import platform
import shutil
import subprocess

PROCESSORS = sorted(os.sched_getaffinity(0))


def relay_processors():
    return set(PROCESSORS[:1])


def load_processors():
    """Another one than the relay's; two, one for each side, when there are four."""
    if len(PROCESSORS) >= 4:
        return set(PROCESSORS[1:3])
    return set(PROCESSORS[1:2]) or set(PROCESSORS)


def start(command, processors, **options):
    """A child on these processors, in a process group of its own."""
    return subprocess.Popen(command, start_new_session=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, processors), **options)


def end(child, patience=5):
    """Ends a child that we started, by its process id, and what it started in its group."""
    for send in (child.terminate, lambda: os.killpg(child.pid, 9)):
        if child.poll() is None:
            send()
        try:
            child.wait(patience)
            break
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(child.pid, 9)
    except ProcessLookupError:
        pass
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()


def first_line(*command):
    """What a program says of its version; empty when it is not here."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return next(iter((done.stdout or done.stderr).strip().splitlines()), "")


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def description():
    return {"processor": processor_name(), "processors": len(PROCESSORS),
            "kernel": platform.release(), "system": platform.freedesktop_os_release()["PRETTY_NAME"],
            "load_average": os.getloadavg()[0]}
