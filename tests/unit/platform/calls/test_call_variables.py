"""What prompts, messages, tools and the webhook's address of a call may name."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callwright.domain.limits import MAX_CONTEXT_NAMES, MAX_NAME_CHARACTERS, MAX_TOOL_VALUE_DEPTH
from callwright.platform.calls.rules import call_variables, given_texts, local_time
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.tools.rules.answer import learned
from callwright.platform.tools.rules.template import value_text

NOW = datetime(2026, 3, 18, 21, 30, 15, tzinfo=UTC)


def _execution(**changes: Any) -> Execution:
    row = Execution(
        "e1", "t", "a1", Status.QUEUED, Phase.CLAIMED, "", 1, "outbound", "loopback", "+15550199", "+15550100", NOW, NOW
    )
    return replace(row, **changes)


def test_variables_are_those_of_the_contract_and_user_data_cannot_replace_the_system_s() -> None:
    data = {"name": "Ann", "member": True, "timezone": "Asia/Kolkata", "to_number": "+1 forged", "none": None}
    found = call_variables(_execution(user_data=data), NOW)
    assert found["name"] == "Ann"
    assert (found["member"], found["none"]) == ("true", "")
    assert found["to_number"] == "+15550199"
    assert (found["current_date"], found["current_time"]) == ("Thursday, March 19, 2026", "03:00:15 AM")
    assert found["timezone"] == "Asia/Kolkata"


def test_values_inside_of_objects_have_names_and_lists_are_json() -> None:
    data = {
        "customer": {"name": "Zoë", "vip": False, "address": {"city": "Köln", "geo": {"lat": 50.9}}, "": 1},
        "customer.name": "Ann",
        "items": ["ä", 1, None],
        "from_number": {"forged": "+1"},
    }
    found = call_variables(_execution(user_data=data), NOW)
    assert found["customer.name"] == "Ann"
    assert (found["customer.vip"], found["customer.address.city"]) == ("false", "Köln")
    assert found["customer.address"] == '{"city":"Köln","geo":{"lat":50.9}}'
    assert found["customer.address.geo"] == '{"lat":50.9}'
    assert "customer.address.geo.lat" not in found
    assert found["items"] == '["ä",1,null]'
    assert found["from_number"] == "+15550100"


def test_what_a_call_was_given_is_the_same_to_its_prompt_as_what_a_tool_answers() -> None:
    data = {"a": {"b": {"c": 1.5, "d": None}, "e": True}, "f": [{"g": "ü"}], "h": "x"}
    assert given_texts(data) == {name: value_text(value) for name, value in learned(json.dumps(data)).items()}


def test_inner_names_are_bounded_and_keys_are_not() -> None:
    most = {f"n{at}": at for at in range(MAX_CONTEXT_NAMES + 1)}
    assert len(given_texts({"o": most})) == 1 + MAX_CONTEXT_NAMES
    assert len(given_texts(most)) == MAX_CONTEXT_NAMES + 1
    fits, key = "k" * (MAX_NAME_CHARACTERS - 2), "k" * 1_000
    assert set(given_texts({"o": {fits: 1, f"{fits}k": 2}, key: {"x": 1}})) == {"o", f"o.{fits}", key}


def test_what_is_nested_too_deep_to_be_written_is_no_variable() -> None:
    deep: Any = "x"
    for _ in range(MAX_TOOL_VALUE_DEPTH):
        deep = [deep]
    assert set(given_texts({"fits": deep, "deep": [deep], "rest": 1})) == {"fits", "rest"}
    for _ in range(100_000):
        deep = {"a": deep}
    assert given_texts({"deep": deep, "rest": 1}) == {"rest": "1"}


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../etc/passwd", "\x00"])
def test_an_unknown_timezone_is_utc(zone: str) -> None:
    found = call_variables(_execution(user_data={"timezone": zone}), NOW)
    assert (found["current_date"], found["timezone"]) == ("Wednesday, March 18, 2026", "UTC")


def test_a_moment_is_told_in_the_time_zone_of_the_call() -> None:
    assert f"{local_time(NOW, 'Asia/Kolkata'):%H:%M}" == "03:00"
    assert local_time(NOW, "Nowhere/Land") == NOW


def test_the_page_of_agents_lists_the_variables_of_every_call() -> None:
    page = (Path(__file__).resolve().parents[4] / "docs/reference/agents.md").read_text()
    section = page.split("## Variables", 1)[1].split("\n## ", 1)[0]
    cells = [line.partition(": ")[0] for line in section.splitlines() if line.startswith("- `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(call_variables(_execution(), NOW))
