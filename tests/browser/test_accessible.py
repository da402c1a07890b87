"""Every page can be used by everybody: axe-core has nothing against it, in either colour scheme."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.pages import Browsing, browsing
from tests.browser.world import World


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_violation(chromium: Any, served: World, scheme: str) -> None:
    with browsing(chromium, served, scheme) as one:
        page = one.open("/calls")
        found = {"sign-in": one.violations()}
        one.sign_in()
        one.open("/calls")
        found["calls"] = one.violations()
        one.open_call("?turn=2")
        found["call"] = one.violations()
        for tab in ("Money", "Facts", "Log"):
            page.get_by_role("tab", name=tab).click()
            page.wait_for_load_state("networkidle")
            found[tab] = one.violations("[role=tabpanel]")
        one.open_call("?what_if=1&set=%5B%22task_config.incremental_delay%3D1500%22%5D")
        page.get_by_role("dialog").get_by_role("table").wait_for()
        found["what-if"] = one.violations("[role=dialog]")
        assert {name: told for name, told in found.items() if told} == {}
        assert one.console == []


def test_no_page_is_wider_than_a_phone(person: Browsing) -> None:
    served = person.served
    person.page.set_viewport_size({"width": 390, "height": 844})
    calls = ("/calls", f"/calls/{served.call}?turn=2", f"/calls/{served.busy[0]}")
    views = ("", "?section=tools", "?view=json", "?view=versions", "?dialog=call", "?test=browser")
    for path in (*calls, "/agents", "/agents?dialog=new", *(f"/agents/{served.agent}{view}" for view in views)):
        page = person.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    box = person.open("/calls").get_by_role("button", name="Sign out").bounding_box()
    assert box["x"] + box["width"] <= 390
