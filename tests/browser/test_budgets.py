"""What the pages may weigh and how long they may take. The figures are printed with `pytest -s`; what fails a run has a margin."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.browser.long_call import long_peaks, long_timeline
from tests.browser.pages import ROOT, Browsing

STATIC = ROOT / "src/callwright/dashboard/static"
MOST_SCRIPT_BYTES = 220_000
FIRST_PAINT_MS, LONG_CALL_MS = 500, 1_000
MARGIN = 4
"""Three times the work is a failure; a machine that also does something else is none, so that its load counts, too."""


def test_the_page_of_a_call_weighs_no_more_than_its_budget(person: Browsing) -> None:
    names: list[str] = []
    person.page.on("request", lambda request: names.append(urlsplit(request.url).path))
    person.open_call()
    scripts = {name.removeprefix("/dashboard/") for name in names if name.endswith(".js")}
    sent = {name: compressed(STATIC / name) for name in scripts}
    print(f"scripts of the call page: {sum(sent.values()):,} bytes of {MOST_SCRIPT_BYTES:,} (brotli)")
    assert sent, "no script was asked for"
    assert sum(sent.values()) <= MOST_SCRIPT_BYTES, sent


def test_a_page_is_painted_soon(person: Browsing) -> None:
    page = person.open_call()
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"first paint of the call page: {painted:.0f} ms of {FIRST_PAINT_MS}")
    assert painted <= allowed(FIRST_PAINT_MS)


def test_a_call_of_forty_minutes_can_be_used_soon(person: Browsing) -> None:
    page, call = person.page, person.served.call
    answers = {"timeline": long_timeline(call), "peaks": long_peaks()}
    for name, body in answers.items():
        page.route(f"**/executions/{call}/{name}*", answering(json.dumps(body)))
    page.route("**/nothing.wav", lambda route: route.fulfill(status=200, content_type="audio/wav", body=b""))
    person.open("/calls")
    # Its code is there already: what is measured is this call.
    page.evaluate("window.began = performance.now()")
    page.evaluate(
        f"history.pushState(null, '', '/dashboard/calls/{call}'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    page.wait_for_selector("[data-lane=caller] canvas")
    usable = page.evaluate("new Promise(done => requestAnimationFrame(() => done(performance.now() - window.began)))")
    zoom = page.evaluate(
        "new Promise(done => { const began = performance.now(); dispatchEvent(new KeyboardEvent('keydown', {key: '+'}));"
        " requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began))) })"
    )
    print(f"a call of 40 minutes: usable after {usable:.0f} ms of {LONG_CALL_MS}, zoomed in {zoom:.0f} ms")
    assert usable <= allowed(LONG_CALL_MS)
    # It has no sound to load, which the browser reports.
    person.console.clear()


def allowed(budget_ms: int) -> float:
    """What is let through of a budget on this machine as it is."""
    return budget_ms * MARGIN * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def answering(body: str) -> Any:
    """What answers a request with this JSON."""
    return lambda route: route.fulfill(status=200, content_type="application/json", body=body)


def compressed(path: Path) -> int:
    """Bytes that a browser is sent of a file."""
    smaller = path.with_name(f"{path.name}.br")
    return (smaller if smaller.is_file() else path).stat().st_size
