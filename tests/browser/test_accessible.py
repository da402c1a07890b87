"""Every page can be used by everybody: axe-core has nothing against it, in either colour scheme."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.browser.pages import SCHEMES, Browsing, browsing
from tests.browser.world import World


def test_the_pages_have_no_violation(visitor: Browsing) -> None:
    page = visitor.open("/calls")
    found = {"sign-in": visitor.violations_in_both_schemes()}
    visitor.sign_in()
    visitor.open("/calls")
    found["calls"] = visitor.violations_in_both_schemes()
    visitor.open_call("?turn=2")
    found["call"] = visitor.violations_in_both_schemes()
    for tab in ("Money", "Facts", "Log"):
        page.get_by_role("tab", name=tab).click()
        visitor.settle()
        found[tab] = visitor.violations_in_both_schemes("[role=tabpanel]")
    visitor.open_call("?what_if=1&set=%5B%22task_config.incremental_delay%3D1500%22%5D")
    page.get_by_role("dialog").get_by_role("table").wait_for()
    found["what-if"] = visitor.violations_in_both_schemes("[role=dialog]")
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_placeholders_can_be_read(chromium: Any, served: World, scheme: str) -> None:
    """axe-core does not look at them, and in the form of an agent they are the defaults."""
    with browsing(chromium, served, scheme) as one:
        one.sign_in()
        field = one.open("/calls").locator("input[placeholder]").first
        text, ground = field.evaluate(
            "input => [getComputedStyle(input, '::placeholder').color, getComputedStyle(input).backgroundColor]"
        )
        darker, lighter = sorted((luminance(text), luminance(ground)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, ground)


def luminance(colour: str) -> float:
    """Of ``rgb(...)``, relative to white (WCAG 2.2)."""
    shares = [int(part) / 255 for part in re.findall(r"[0-9]+", colour)[:3]]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_no_page_is_wider_than_a_phone(person: Browsing) -> None:
    served = person.served
    person.page.set_viewport_size({"width": 390, "height": 844})
    calls = ("/calls", f"/calls/{served.call}?turn=2", f"/calls/{served.busy[0]}")
    views = ("", "?section=tools", "?view=json", "?view=versions", "?dialog=call", "?test=browser")
    for path in (*calls, "/agents", "/agents?dialog=new", *(f"/agents/{served.agent}{view}" for view in views)):
        page = person.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page = person.open("/calls")
    page.get_by_role("button", name="More filters").click()
    for one in (page.get_by_role("button", name="Sign out"), page.get_by_label("Cost over")):
        box = one.bounding_box()
        assert box["x"] + box["width"] <= 390
