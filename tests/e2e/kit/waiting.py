# SPDX-License-Identifier: MIT
"""Waiting: always for a condition, always with a deadline; one factor scales every deadline."""
import os
import time

FACTOR = float(os.environ.get("WSBRIDGED_TEST_TIME_FACTOR") or "1")


def deadline(seconds=20.0):
    """Seconds that something may take at most; for deadlines only, never for what is measured."""
    return seconds * FACTOR


def wait_until(condition, what, seconds=20.0):
    """Returns the first true value of condition(); fails with `what` after the deadline."""
    end = time.monotonic() + deadline(seconds)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline(seconds):.0f} s: {what}")
        time.sleep(0.005)
