# SPDX-License-Identifier: MIT
"""What must be true whenever everything rests, and of one rest beside another."""

# Of the metric, and what the entries of the sessions' ends add up to.
COUNTED = [
    ("sessions_total", {}, ["ends"]), ("closes_total", {}, ["ends"]),
    ("session_seconds_count", {}, ["ends"]),
    ("lines_total", {"direction": "up"}, ["lines_up"]),
    ("lines_total", {"direction": "down"}, ["lines_down"]),
    ("bytes_total", {"direction": "up"}, ["bytes_up"]),
    ("bytes_total", {"direction": "down"}, ["bytes_down"]),
    ("dropped_lines_total", {"direction": "up"}, ["dropped_lines_up"]),
    ("dropped_lines_total", {"direction": "down"}, ["dropped_lines_down"]),
    ("reconnects_total", {}, ["reconnects"]), ("replayed_lines_total", {}, ["replayed_lines"]),
]


def check_metrics(metrics, ledger, fail):
    """/metrics against the log, and against how often programs have connected."""
    for bridge, sums in ledger.per_bridge.items():
        for name, labels, keys in COUNTED:
            value = metrics.total("wsbridged_" + name, bridge=bridge, **labels)
            told = sum(sums[key] for key in keys)
            if value != told:
                fail(f"{bridge}: {name}{labels} is {value:.0f}, the log has {told}")
        if sums["connects"] != sums["ends"]:
            fail(f"{bridge}: {sums['connects']} programs connected, {sums['ends']} sessions ended")


def compare_rests(rests, phases, flavour, fail):
    """`rests` begin with the start and the warm-up; `phases` are (median, 99th, count)."""
    (_, start, _), (_, warm, _), *rest = rests
    _, last, _ = rest[-1]
    if last.descriptors != start.descriptors:
        fail(f"{start.descriptors} descriptors at the start, {last.descriptors} at the end")
    if last.threads > warm.threads + 4:
        fail(f"{warm.threads} threads after the warm-up, {last.threads} at the end")
    first = rest[0][1]
    if last.resident > first.resident + flavour.memory:
        fail(f"the resident size was {first.resident >> 10} KiB after the first part, and is "
             f"{last.resident >> 10} KiB at the end")
    for name, _, cpu in rests:
        if cpu > flavour.rest_cpu:
            fail(f"{name}: {cpu:.0%} of a processor at rest")
    (median, worst, _), (last_median, last_worst, count) = phases[0], phases[-1]
    if count == 0:
        fail("the quiet session was not measured")
    if last_median > 3 * median + 20 * flavour.unit:
        fail(f"the median of the latency was {median:.2f} ms, and is {last_median:.2f} ms")
    if last_worst > 4 * worst + 150 * flavour.unit:
        fail(f"the 99th percentile was {worst:.1f} ms, and is {last_worst:.1f} ms")
