"""What tests do with the pages of the dashboard: sign in, open, and look for what must not be there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.browser.world import World

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "dashboard/node_modules/axe-core/axe.min.js"
LOOK_MS, MOST_LOOKS = 50, 300
WAIT_MS = 30_000
"""Limit of each wait: a what-if computes for some seconds, and another process of tests computes beside it."""
SIZE = {"width": 1440, "height": 900}
# A report of contrast that axe cannot finish (text over a waveform, say) is no violation.
AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SCHEMES = ("light", "dark")
STILL_FRAMES = 4
"""Frames in a row in which a page asks for nothing, until it has all it asks for. Code that came asks for data in the next one."""


@dataclass(slots=True)
class Browsing:
    """A page of a browser on a server. ``console`` has its warnings, errors and exceptions, reports of the policy among them.
    ``asked`` has the requests that are not answered yet."""

    page: Any
    served: World
    console: list[str] = field(default_factory=list)
    asked: set[Any] = field(default_factory=set)

    def sign_in(self) -> None:
        """Open a session as the page does, without the page."""
        headers = {"X-Callwright-Csrf": "1", "Sec-Fetch-Site": "same-origin"}
        url = f"{self.served.url}/v1/callwright/session"
        answer = self.page.context.request.post(url, data={"key": self.served.key}, headers=headers)
        assert answer.ok, answer.text()

    def open(self, path: str) -> Any:
        """Go to a page and wait until it has all it asks for."""
        self.asked.clear()
        self.page.goto(f"{self.served.url}/dashboard{path}")
        # Its code comes apart from the frame of all pages: where there is a heading, it is there.
        self.page.locator("main h1").first.wait_for()
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the page has all it asks for, and has drawn it."""
        still = 0
        for _ in range(MOST_LOOKS):
            self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            still = 0 if self.asked else still + 1
            if still == STILL_FRAMES:
                return
            if self.asked:
                self.page.wait_for_timeout(LOOK_MS)
        raise AssertionError(f"not answered: {[request.url for request in self.asked]}")

    def open_call(self, search: str = "") -> Any:
        """The page of the recorded call, with its waveform."""
        page = self.open(f"/calls/{self.served.call}{search}")
        page.wait_for_selector("section[aria-label='The call on one axis of time'] canvas")
        return page

    def violations(self, part: str = "html") -> list[str]:
        """What axe-core has against a part of the page as it is."""
        if not self.page.evaluate("'axe' in window"):
            # Evaluated, not added as a script: the page's policy lets no script in that is not its own.
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(f"axe.run({json.dumps(part)}, {json.dumps(AXE_RULES)})")
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found["violations"]
        ]

    def violations_in_both_schemes(self, part: str = "html") -> list[str]:
        """The same in either colour scheme. The page is left in the light one."""
        found = []
        for scheme in reversed(SCHEMES):
            self.page.emulate_media(color_scheme=scheme)
            self.page.locator(f"html[data-mantine-color-scheme={scheme}]").wait_for()
            # A colour on its way to another is neither's.
            self.page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")
            found += [f"{scheme}: {told}" for told in self.violations(part)]
        return found


def eventually(page: Any, condition: Callable[[], bool]) -> None:
    """Wait until something holds. It is asked from here: the page's policy lets no code in that Playwright would evaluate in it."""
    for _ in range(MOST_LOOKS):
        if condition():
            return
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError(f"it does not come to hold on {page.url}: {page.locator('body').inner_text()[:2_000]}")


@contextmanager
def browsing(browser: Any, served: World, scheme: str = "light") -> Iterator[Browsing]:
    """A browser without cookies and without a cache, in one of the colour schemes."""
    with context_of(browser, scheme) as context, tab(context, served) as one:
        yield one


@contextmanager
def context_of(browser: Any, scheme: str = "light") -> Iterator[Any]:
    """Cookies and a cache of their own."""
    with closing(browser.new_context(viewport=SIZE, color_scheme=scheme, accept_downloads=True)) as context:
        context.set_default_timeout(WAIT_MS)
        yield context


@contextmanager
def tab(context: Any, served: World) -> Iterator[Browsing]:
    """A new page of a context."""
    with closing(context.new_page()) as page:
        one = Browsing(page, served)
        page.on("console", lambda message: _note(one, message.type, message.text))
        page.on("pageerror", lambda error: one.console.append(f"exception: {error}"))
        # Playwright sets an attribute of what it is given, and a set's own method takes none.
        page.on("request", lambda request: one.asked.add(request))  # noqa: PLW0108
        for answered in ("requestfinished", "requestfailed"):
            page.on(answered, lambda request: one.asked.discard(request))  # noqa: PLW0108
        yield one


def _note(one: Browsing, kind: str, text: str) -> None:
    if kind in ("warning", "error", "assert"):
        one.console.append(f"{kind}: {text}")
