"""The page of a call: what it shows, playing, seeking, zooming, keys, what-if, and what it weighs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.browser.pages import Browsing, eventually

POSITION = "Position in the call"


def position(page: Any) -> int:
    """Milliseconds since the answer."""
    return int(page.get_by_role("slider", name=POSITION).get_attribute("aria-valuenow"))


def state(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def plot(page: Any) -> Any:
    """The box of the score's axis."""
    return page.locator("[data-lane=caller]").last.bounding_box()


def test_a_call_shows_who_said_what_each_wait_and_what_to_change(person: Browsing) -> None:
    page = person.open_call()
    turns = page.get_by_role("listitem").filter(has_text="Tuesday would be good.")
    assert "interrupted" in page.locator("#turn-2").inner_text()
    assert "book_visit" in turns.first.inner_text()
    page.get_by_role("button", name="Details of turn 2").click()
    opened = page.locator("#turn-2").inner_text()
    assert "End of turn" in opened
    assert '"booked": true' in opened
    assert "HTTP status" in opened
    assert page.get_by_role("tab", name="Findings").inner_text() != "Findings"
    assert page.get_by_role("heading", name="Slow tool").count() >= 1


def test_it_plays_one_side_or_both_and_stops_where_it_is_told(person: Browsing) -> None:
    page = person.open_call()
    page.keyboard.press("2")
    assert page.get_by_role("radio", name="Caller").is_checked()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pause").wait_for()
    eventually(page, lambda: position(page) > 500)
    page.keyboard.press(" ")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    stopped = position(page)
    page.wait_for_url("**t=*")
    assert abs(float(state(page)["t"][0]) * 1_000 - stopped) <= 100


def test_a_click_seeks_and_an_address_with_a_position_opens_there(person: Browsing) -> None:
    page = person.open_call("?t=3.5")
    assert position(page) == 3_500
    box = plot(page)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] + 50)
    middle = position(page)
    assert middle > 4_000
    page.keyboard.press("ArrowLeft")
    assert position(page) == middle - 2_000


def test_a_drag_zooms_in_a_wheel_further_and_0_shows_the_whole_call(person: Browsing) -> None:
    page = person.open_call()
    marks = page.locator("[aria-label='The call on one axis of time'] [aria-hidden] > span")
    whole = marks.all_inner_texts()
    box = plot(page)
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 200, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, y, steps=4)
    page.mouse.up()
    dragged = marks.all_inner_texts()
    assert dragged != whole
    assert position(page) == 0, "a drag is no click"
    page.keyboard.down("Control")
    page.mouse.move(box["x"] + 300, y)
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_timeout(100)
    assert marks.all_inner_texts() != dragged
    page.keyboard.press("0")
    assert marks.all_inner_texts() == whole


def test_keys_walk_through_turns_and_findings(person: Browsing) -> None:
    page = person.open_call()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_url("**turn=1*")
    page.keyboard.press("k")
    page.wait_for_url("**turn=0*")
    page.keyboard.press("n")
    page.wait_for_url(lambda url: "turn=0" not in url)
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_a_what_if_shows_both_conversations_and_can_be_sent_to_a_colleague(person: Browsing) -> None:
    page = person.open_call()
    page.keyboard.press("w")
    dialog = page.get_by_role("dialog", name="What if")
    dialog.get_by_label("Setting", exact=True).fill("task_config.incremental_delay")
    dialog.get_by_label("Value").fill("1500")
    dialog.get_by_role("button", name="Run").click()
    table = dialog.get_by_role("table")
    table.wait_for()
    assert "1.50 s" in table.inner_text()
    shared = page.url
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.goto(shared)
    page.get_by_role("dialog", name="What if").get_by_role("table").wait_for()


def test_the_log_is_searched_and_leads_to_its_moment(person: Browsing) -> None:
    page = person.open_call("?tab=log")
    page.get_by_label("Type or value").fill("UserSaid")
    entry = page.get_by_label("Entries of the log").get_by_role("button").last
    entry.click()
    assert position(page) > 1_000
    page.get_by_text('"text":').wait_for()


def test_a_call_becomes_a_scenario_and_is_replayed_exactly(person: Browsing) -> None:
    page = person.open_call()
    page.get_by_role("button", name="Make a test").click()
    dialog = page.get_by_role("dialog", name="Make a test")
    dialog.get_by_label("the tool book_visit is called once").uncheck()
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Download").click()
    scenario = json.loads(Path(downloading.value.path()).read_text())
    assert {"say": "Tuesday would be good."} in scenario["persona"]["rules"]
    assert [one for one in scenario["expect"] if "tool_called" in one] == []
    assert [one for one in scenario["expect"] if "latency" in one] != []
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Replay exactly").click()
    page.get_by_text("Replayed: the same call").wait_for()


def test_a_call_that_is_not_ours_is_no_call(person: Browsing) -> None:
    page = person.open("/calls/00000000-0000-4000-8000-00000000dead")
    page.get_by_role("heading", name="There is no such call").wait_for()
    person.console[:] = [line for line in person.console if "status of 404" not in line]


TRANSFER = {
    "tool": "transfer_call_billing",
    "to": "+15550177",
    "mode": "blind",
    "provider_call_id": None,
    "status": "busy",
    "reason": "Call recipient was busy",
    "code": 3010,
    "at_ms": 7364,
    "took_ms": 307,
}
SWITCH = {
    "kind": "model",
    "before": "custom",
    "after": "scripted",
    "failure": "unavailable",
    "message": "the endpoint cannot be reached",
    "at_ms": 5727,
}


def test_the_facts_say_where_a_call_was_handed_on_and_who_took_over_from_a_provider(person: Browsing) -> None:
    served = person.served
    execution = served.asked(f"/executions/{served.call}")
    execution["callwright"] |= {"transfers": [TRANSFER], "switches": [SWITCH]}
    execution["error_message"] = "The model custom failed 2 times."
    person.page.route(f"**/executions/{served.call}", lambda route: route.fulfill(json=execution))
    facts = person.open_call("?tab=facts").get_by_role("tabpanel", name="Facts")
    facts.get_by_text("blind, busy, 307 ms. Call recipient was busy").wait_for()
    facts.get_by_text("custom → scripted: the endpoint cannot be reached").wait_for()
    facts.get_by_text("The model custom failed 2 times.").wait_for()
    assert person.violations("[role=tabpanel]") == []


def test_the_agent_that_hung_up_is_named_as_such(person: Browsing) -> None:
    page = person.open_call()
    assert "ended by the agent: end_call_tool" in page.locator("header").first.inner_text()


def test_the_head_says_that_no_phone_rang_and_leads_to_the_reason(person: Browsing) -> None:
    page = person.open_call()
    page.get_by_role("link", name="no phone was rung").click()
    page.get_by_role("tabpanel", name="Facts").get_by_text(
        "a synthetic caller played the call; to call phones, connect a carrier"
    ).wait_for()


def test_the_key_of_the_what_if_does_nothing_in_a_call_that_was_not_answered(person: Browsing) -> None:
    page = person.open(f"/calls/{person.served.busy[0]}")
    page.keyboard.press("w")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    assert "what_if" not in page.url


def test_a_call_that_was_not_answered_is_not_called_a_good_one(person: Browsing) -> None:
    page = person.open(f"/calls/{person.served.busy[0]}?tab=findings")
    page.get_by_text("The call was not answered. The facts say why.").wait_for()
    page.get_by_text("The call was not answered, so there is nothing to hear.").wait_for()


def test_each_attempt_of_a_call_is_reached_and_has_its_own_cost(person: Browsing) -> None:
    served, page = person.served, person.page
    missed = served.busy[0]
    execution = served.asked(f"/executions/{missed}")
    attempts = [{"attempt": 1, "total_cost": 3.5}, {"attempt": 2, "total_cost": 0}]
    execution = {**execution, "total_cost": 3.5, "callwright": {**execution["callwright"], "attempts": attempts}}
    newest = {**served.asked(f"/v1/callwright/executions/{missed}/timeline"), "attempt": 2}
    first = {**served.asked(f"/v1/callwright/executions/{served.call}/timeline"), "attempt": 1, "recording": None}
    page.route(f"**/executions/{missed}", lambda route: route.fulfill(json=execution))
    page.route(f"**/{missed}/timeline", lambda route: route.fulfill(json=newest))
    page.route(f"**/{missed}/timeline?attempt=1", lambda route: route.fulfill(json=first))
    person.open(f"/calls/{missed}?tab=money")
    page.get_by_text("Nothing was spent on this attempt.").wait_for()
    figures = page.locator("main dl").first
    assert "3.50 ¢" not in figures.inner_text()
    page.get_by_label("Attempt").select_option("Attempt 1")
    page.wait_for_url("**attempt=1*")
    page.get_by_role("table", name="Cost of each part in cents").get_by_text("Attempt 1").wait_for()
    assert "3.50 ¢" in figures.inner_text()
    assert page.get_by_label("Attempt").input_value() == "1"
    assert person.violations() == []


def test_a_call_that_is_refused_is_asked_for_once(person: Browsing) -> None:
    path = "/executions/00000000-0000-4000-8000-00000000dead"
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url) if request.url.endswith(path) else None)
    page = person.open("/calls/00000000-0000-4000-8000-00000000dead")
    page.wait_for_timeout(2_500)
    assert len(asked) == 1
    person.console[:] = [line for line in person.console if "status of 404" not in line]


def test_keys_of_the_page_work_after_a_click_on_a_choice(person: Browsing) -> None:
    page = person.open_call()
    page.get_by_role("radio", name="Caller").focus()
    page.keyboard.press("j")
    page.wait_for_url("**turn=0*")
