"""Every page can be used by everybody: axe-core has nothing against it, in either colour scheme."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.pages import browsing
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
