#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Looks at the status page in a browser: screenshots for people, checks for the rest.

Scenario: 3 bridges and 500 sessions under load; a wide window and a phone, light and dark; the
          keyboard; a daemon that goes away while the page is open.
Method:   headless Chromium; the page is read as it stands, and any word on the console fails.
Why:      a page that nobody has looked at is not finished.
Usage:    screenshots.py WSBRIDGED FOLDER (./dev page)
"""
import asyncio
import os
import sys

from browser import Browser
from load import CHAT, FEED, MAIL, Load

TAB = "\ue004"
ENTER = "\ue007"


def check(condition, what):
    if not condition:
        raise AssertionError(what)
    print(f"page: {what}")


def look_at_all(browser, folder):
    for theme in ("light", "dark"):
        for width in (1280, 390):
            browser.look(width, theme)
            browser.wait_until("document.getElementById('rows').rows.length == 50", "50 rows")
            scrolled, wide, inside = browser.run(
                "const rights = (what) => [...document.querySelectorAll(what)].map("
                "(e) => e.getBoundingClientRect().right);"
                "return [document.documentElement.scrollWidth, "
                "Math.max(...rights('.tile, td, li')), Math.min(...rights('section'))]")
            check(scrolled <= width and wide <= inside <= width,
                  f"at {width} pixels nothing sticks out ({scrolled}, {wide}, {inside}), {theme}")
            browser.screenshot(os.path.join(folder, f"page-{width}-{theme}.png"),
                               1500 if width > 700 else 2200)


def check_contents(browser):
    sessions = CHAT + FEED + MAIL
    browser.wait_until(f"document.getElementById('tile-sessions').textContent == '{sessions}'",
                       f"{sessions} sessions")
    check(browser.run("return document.getElementById('bridges').rows.length") == 3, "3 bridges")
    check(browser.run("return document.querySelectorAll('#errors .advice').length") >= 2,
          "errors have their advice")
    up = browser.run("return document.getElementById('tile-up').textContent")
    check(up not in ("–", "0.0"), f"lines move ({up} a second)")
    points = browser.run("return document.querySelector('#line-up polyline').getAttribute('points')")
    check(len(points.split()) > 2, "the sparkline has points")


def check_keyboard(browser):
    """From the page's start to the column of the ages, and around the order."""
    browser.run("document.activeElement.blur()")
    for _ in range(30):
        browser.press(TAB)
        label = browser.run("return document.activeElement.textContent")
        if label == "Age":
            break
    check(label == "Age", "the columns are reached with the tabulator key")
    order = "return document.activeElement.closest('th').getAttribute('aria-sort')"
    browser.press(ENTER)
    check(browser.run(order) == "descending", "Enter sorts")
    browser.press(ENTER)
    check(browser.run(order) == "ascending", "Enter again turns the order round")
    browser.run("const f = document.getElementById('filter'); f.value = 'mail open';"
                "f.dispatchEvent(new Event('input'))")
    check(browser.run("return document.getElementById('rows').rows.length") == MAIL,
          "the filter finds the bridge's sessions")
    browser.run("const f = document.getElementById('filter'); f.value = '';"
                "f.dispatchEvent(new Event('input'))")


def check_logic(browser):
    cases = {
        "logic.bytes(1023)": "1023 B", "logic.bytes(1536)": "1.5 KiB", "logic.age(59.9)": "59 s",
        "logic.age(3725)": "1h 2m", "logic.rate(null)": "–", "logic.rate(1234567)": "1\u202f234\u202f567",
        "logic.perSecond(undefined, 5, 1)": None, "logic.perSecond(10, 5, 1)": None,
        "logic.perSecond(10, 20, 2)": 5, "logic.points([0, null, 4])": "96.6,29.0 98.3,29.0 100.0,1.0",
        "logic.stateOf({state: 'reconnecting', unconfirmed_bytes: 2048, reconnects: 2})":
            "reconnecting, 2.0 KiB kept (back 2×)",
        "logic.upstreams({upstreams: [{url: 'a', rest_seconds: 1.2}, {url: 'b', rest_seconds: 0},"
        "{url: 'c', rest_seconds: null}], dial_interval_seconds: 0})":
            "a (rests 2 s), b (to be tried), c",
        "logic.upstreams({upstreams: [{url: 'a', rest_seconds: null}], dial_interval_seconds: 0.2})":
            "a – dials fail, they wait for turns 0.2 s apart",
        "logic.problems({errors: [1], cookie_faults: [{cookie_jar: '/j', cause: 'full'}],"
        " config_last_reload: {success: true}}).length": 2,
        "logic.problems({errors: [], cookie_faults: [],"
        " config_last_reload: {success: false}})[0].where": "configuration",
        "logic.failedDials({ok: 5, tcp: 2, tls: 1})": 3, "logic.state(null)[0]": "No connection",
    }
    for expression, expected in cases.items():
        value = browser.run(f"return {expression}")
        check(value == expected, f"{expression} is {value!r}")


async def run(binary, folder):
    os.makedirs(folder, exist_ok=True)
    async with Load(binary) as load:
        await load.fail()
        browser = await asyncio.to_thread(Browser)
        try:
            await asyncio.to_thread(browser.open, load.page)
            await asyncio.sleep(12)  # so that the lines have some length
            for step in (check_contents, check_keyboard, check_logic):
                await asyncio.to_thread(step, browser)
            await asyncio.to_thread(look_at_all, browser, folder)
            said = await asyncio.to_thread(browser.console)
            check(not said, f"the console is empty: {said}")
            load.stop_daemon()
            await asyncio.to_thread(browser.wait_until,
                                    "document.body.classList.contains('stale')", "that it is gone")
            await asyncio.to_thread(browser.look, 1280, "light")
            text = await asyncio.to_thread(browser.run,
                                           "return document.getElementById('gone').textContent")
            check("has not answered since" in text, "it says that the daemon is gone")
            await asyncio.to_thread(browser.run, "scrollTo(0, 1500)")
            top = await asyncio.to_thread(
                browser.run, "return document.getElementById('gone').getBoundingClientRect().top")
            check(0 <= top < 100, "wherever it is scrolled to")
            await asyncio.to_thread(browser.screenshot, os.path.join(folder, "page-gone.png"), 900)
        finally:
            await asyncio.to_thread(browser.close)
    print(f"page: screenshots in {folder}")


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2]))
