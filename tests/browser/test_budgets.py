"""What the pages may weigh and how long they may take. The figures are printed with `pytest -s`; what fails a run has a margin."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from tests.browser.long_call import TURNS, long_peaks, long_timeline
from tests.browser.pages import ROOT, Browsing, browsing, eventually
from tests.browser.world import World

STATIC = ROOT / "src/callwright/dashboard/static"
MOST_SCRIPT_BYTES = 220_000
FIRST_PAINT_MS, LONG_CALL_MS = 500, 1_000
FIRST_RUN_BYTES, FIRST_RUN_MS = 120_000_000, 15_000
DOWNLOAD_MARGIN = 1.1
"""npm reads the description of each package, which grows with every release of it."""
LOADS = int(os.environ.get("CALLWRIGHT_COLD_LOADS", "1"))
"""Cold loads of which the median counts. What fails a run has a margin for one; `make budgets` prints figures, for which there are five."""
MARGIN = 4
"""Three times the work is a failure; a machine that also does something else is none, so that its load counts, too."""


def test_the_page_of_a_call_weighs_no_more_than_its_budget(visitor: Browsing) -> None:
    names: list[str] = []
    visitor.sign_in()
    visitor.page.on("request", lambda request: names.append(urlsplit(request.url).path))
    visitor.open_call()
    scripts = {name.removeprefix("/dashboard/") for name in names if name.endswith(".js")}
    sent = {name: compressed(STATIC / name) for name in scripts}
    print(f"scripts of the call page: {sum(sent.values()):,} bytes of {MOST_SCRIPT_BYTES:,} (brotli)")
    assert sent, "no script was asked for"
    assert sum(sent.values()) <= MOST_SCRIPT_BYTES, sent


def test_a_first_run_downloads_and_takes_no_more_than_its_budget(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements", "dashboard"):
        copied(ROOT / name, tmp_path / name)
    # The environment is there before: the platform itself needs it.
    subprocess.run([sys.executable, "-m", "venv", tmp_path / ".venv"], check=True)
    nothing_kept = {
        "PIP_NO_CACHE_DIR": "1",
        "PIP_LOG": str(tmp_path / "pip.log"),
        "npm_config_cache": str(tmp_path / "npm"),
    }
    began = time.monotonic()
    subprocess.run(["make", "dashboard"], cwd=tmp_path, env=os.environ | nothing_kept, check=True)
    took_ms = (time.monotonic() - began) * 1_000
    wheels = downloaded_bytes((tmp_path / "pip.log").read_text())
    # npm keeps answers as they are without compression: a registry that compresses sends less.
    packages = sum(path.stat().st_size for path in (tmp_path / "npm/_cacache/content-v2").rglob("*") if path.is_file())
    print(
        f"first run: {(wheels + packages) / 1e6:.1f} MB of {FIRST_RUN_BYTES / 1e6:.0f} downloaded (Node {wheels / 1e6:.1f}),"
        f" {took_ms / 1e3:.1f} s of {FIRST_RUN_MS / 1e3:.0f}"
    )
    assert (tmp_path / "src/callwright/dashboard/static/index.html").is_file()
    assert min(wheels, packages) > 0, "nothing was downloaded, so that nothing was measured"
    assert wheels + packages <= FIRST_RUN_BYTES * DOWNLOAD_MARGIN
    assert took_ms <= allowed(FIRST_RUN_MS)


def copied(source: Path, target: Path) -> None:
    """Copy a file, or a folder without what is installed or generated in it."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules", "*.gen.ts"))
    else:
        shutil.copy2(source, target)


def downloaded_bytes(log: str) -> float:
    """Bytes of the wheels that pip writes it downloaded; it rounds them."""
    sizes = re.findall(r"Downloading \S+ \(([0-9.]+) ([kM])B\)", log)
    return sum(float(size) * {"k": 1e3, "M": 1e6}[unit] for size, unit in sizes)


def test_a_page_is_painted_before_its_code_is_there(visitor: Browsing) -> None:
    page, held, lets_through = visitor.page, list[Any](), Event()

    def hold(route: Any) -> None:
        if lets_through.is_set():
            route.continue_()
        else:
            held.append(route)

    page.route("**/assets/*.js", hold)
    page.goto(f"{visitor.served.url}/dashboard/sign-in", wait_until="commit")
    frame = page.locator(".frame")
    frame.wait_for()
    eventually(page, lambda: bool(page.evaluate("performance.getEntriesByName('first-contentful-paint').length")))
    assert held
    lets_through.set()
    for route in held:
        route.continue_()
    page.locator("main h1").wait_for()
    assert not frame.is_visible()


def test_a_page_is_painted_soon(chromium: Any, served: World) -> None:
    painted = median(first_paint(chromium, served) for _ in range(LOADS))
    print(f"first paint of the call page: {painted:.0f} ms of {FIRST_PAINT_MS}, median of cold loads: {LOADS}")
    assert painted <= allowed(FIRST_PAINT_MS)


def first_paint(chromium: Any, served: World) -> float:
    """Milliseconds until a browser without a cache paints the page of a call."""
    with browsing(chromium, served) as one:
        one.sign_in()
        page = one.open_call()
        return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def test_a_call_of_forty_minutes_can_be_used_soon(chromium: Any, served: World) -> None:
    usable, zoomed = (median(times) for times in zip(*(long_call(chromium, served) for _ in range(LOADS)), strict=True))
    print(
        f"a call of 40 minutes: usable after {usable:.0f} ms of {LONG_CALL_MS}, zoomed in {zoomed:.0f} ms,"
        f" medians of cold loads: {LOADS}"
    )
    assert usable <= allowed(LONG_CALL_MS)


def long_call(chromium: Any, served: World) -> tuple[float, float]:
    """Milliseconds until such a call can be used from the list of calls, and until it is zoomed."""
    with browsing(chromium, served) as one:
        one.sign_in()
        page = one.page
        answer_with_long_call(page, served.call)
        one.open("/calls")
        # Its code comes with it, as at the first call that somebody opens.
        page.evaluate("window.began = performance.now()")
        page.evaluate(
            f"history.pushState(null, '', '/dashboard/calls/{served.call}'); dispatchEvent(new PopStateEvent('popstate'))"
        )
        page.wait_for_selector("[data-lane=caller] canvas")
        usable = page.evaluate(
            "new Promise(done => requestAnimationFrame(() => done(performance.now() - window.began)))"
        )
        zoomed = page.evaluate(
            "new Promise(done => { const began = performance.now(); dispatchEvent(new KeyboardEvent('keydown', {key: '+'}));"
            " requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began))) })"
        )
        return float(usable), float(zoomed)


def test_all_turns_of_a_long_call_are_drawn_a_linked_one_at_once(person: Browsing) -> None:
    page, call = person.page, person.served.call
    answer_with_long_call(page, call)
    page.goto(f"{person.served.url}/dashboard/calls/{call}?turn={TURNS - 5}")
    page.locator(f"#turn-{TURNS - 5}[data-open]").wait_for()
    eventually(page, lambda: page.locator("ol > li[id^=turn-]").count() == TURNS)
    # It has no sound to load, which the browser reports.
    person.console.clear()


def answer_with_long_call(page: Any, call: str) -> None:
    """Have the page be told of a call of forty minutes."""
    for name, body in {"timeline": long_timeline(call), "peaks": long_peaks()}.items():
        page.route(f"**/executions/{call}/{name}*", answering(json.dumps(body)))
    page.route("**/nothing.wav", lambda route: route.fulfill(status=200, content_type="audio/wav", body=b""))


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
