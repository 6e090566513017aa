# SPDX-License-Identifier: MIT
"""How a process is: processor time, memory and descriptors, as /proc tells them."""
from dataclasses import dataclass

from kit.process import cpu_seconds, descriptor_count, status_bytes


@dataclass(frozen=True)
class VitalSigns:
    cpu: float  # seconds so far
    resident: int
    anonymous: int  # of that what no file is behind: it grows by what is allocated, never by code
    descriptors: int

    @staticmethod
    def of(pid):
        return VitalSigns(cpu_seconds(pid), status_bytes(pid, "VmRSS"),
                          status_bytes(pid, "RssAnon"), descriptor_count(pid))


def reset_peak(pid):
    """VmHWM begins anew with the present size (proc(5))."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
