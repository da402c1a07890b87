"""Every page can be used by everybody: axe-core has nothing against it, in either colour scheme."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.pages import browsing
from tests.browser.world import World

REFUSED = "status of 401"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_violation(chromium: Any, served: World, scheme: str) -> None:
    with browsing(chromium, served, scheme) as one:
        page = one.open("/calls")
        found = {"sign-in": one.violations()}
        one.console[:] = [line for line in one.console if REFUSED not in line]
        one.sign_in()
        one.open("/calls")
        found["calls"] = one.violations()
        for tab in ("findings", "money", "facts", "log"):
            one.open_call(f"?turn=2&tab={tab}")
            found[tab] = one.violations()
        one.open_call("?what_if=1&set=%5B%22task_config.incremental_delay%3D1500%22%5D")
        page.get_by_role("dialog").get_by_role("table").wait_for()
        found["what-if"] = one.violations()
        assert {name: told for name, told in found.items() if told} == {}
        assert one.console == []
