"""What prompts, messages, tools and the webhook's address of a call may name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callwright.domain.call_variables import call_variables, local_time
from callwright.domain.execution import Execution, Phase, Status

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
    assert (found["member"], found["none"]) == ("yes", "")
    assert found["to_number"] == "+15550199"
    assert (found["current_date"], found["current_time"]) == ("Thursday, March 19, 2026", "03:00:15 AM")
    assert found["timezone"] == "Asia/Kolkata"


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../etc/passwd", "\x00"])
def test_an_unknown_timezone_is_utc(zone: str) -> None:
    found = call_variables(_execution(user_data={"timezone": zone}), NOW)
    assert (found["current_date"], found["timezone"]) == ("Wednesday, March 18, 2026", "UTC")


def test_a_moment_is_told_in_the_time_zone_of_the_call() -> None:
    assert f"{local_time(NOW, 'Asia/Kolkata'):%H:%M}" == "03:00"
    assert local_time(NOW, "Nowhere/Land") == NOW


def test_the_page_of_agents_lists_the_variables_of_every_call() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/agents.md").read_text()
    section = page.split("## Variables", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(call_variables(_execution(), NOW))
