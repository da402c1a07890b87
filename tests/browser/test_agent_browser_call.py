"""A call from the editor of an agent: the microphone is Chromium's, which beeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser.conftest import CHROMIUM
from tests.browser.pages import Browsing, browsing, eventually
from tests.browser.test_agents import new_agent
from tests.browser.world import World

BEEPING = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


@pytest.fixture
def caller(chromium: Any, served: World) -> Iterator[Browsing]:
    """Somebody who is signed in and has a microphone."""
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=BEEPING)
    with browsing(browser, served) as one:
        one.sign_in()
        yield one
        assert one.console == []
    browser.close()


def test_the_draft_is_called_from_the_page_that_edits_it(caller: Browsing) -> None:
    agent_id = new_agent(caller.served)
    page = caller.open(f"/agents/{agent_id}?test=browser")
    page.get_by_label("Welcome message", exact=True).fill("Hello, this is the draft.")
    page.get_by_role("button", name="Check the microphone").click()
    meter = page.get_by_label("Level")
    eventually(page, lambda: float(meter.evaluate("meter => meter.value")) > 0.01)
    assert page.get_by_label("Microphone").locator("option").count() > 0
    assert caller.violations() == []
    page.get_by_role("button", name="Call from here").click()
    page.get_by_text("Connected. Speak.").wait_for()
    page.get_by_role("list", name="Turns of the test").get_by_text("Hello, this is the draft.").wait_for()
    assert caller.violations() == []
    page.get_by_role("button", name="Mute").click()
    page.get_by_role("button", name="Unmute").wait_for()
    page.get_by_role("button", name="Hang up").click()
    page.get_by_text("The call is over.").wait_for()
    page.get_by_text("over", exact=True).wait_for()


def test_a_page_without_a_microphone_says_so(person: Browsing) -> None:
    page = person.open(f"/agents/{new_agent(person.served)}?test=browser")
    page.get_by_role("button", name="Check the microphone").click()
    said = page.get_by_role("alert").inner_text()
    assert said.startswith(("There is no microphone", "The microphone is blocked"))
