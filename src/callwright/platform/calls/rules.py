"""The variables of a call (contract 13): what its prompts, messages, tools and webhook address may name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from callwright.platform.executions.rules.execution import Execution
from callwright.platform.tools.rules.named_values import given_values
from callwright.platform.tools.rules.template import value_text


def call_variables(execution: Execution, now: datetime) -> dict[str, str]:
    """``user_data`` as text, and the system's variables at the moment ``now``, which no user data may replace."""
    given = given_texts(execution.user_data)
    return {
        **given,
        "agent_id": execution.agent_id,
        "execution_id": execution.id,
        "call_sid": execution.provider_call_id or "",
        "from_number": execution.from_number,
        "to_number": execution.to_number,
        **moment_variables(given, now),
    }


def moment_variables(given: Mapping[str, str], now: datetime) -> dict[str, str]:
    """``current_date``, ``current_time`` and ``timezone`` of a call with the user data ``given``: in its ``timezone``, UTC for one that is
    not known."""
    zone_name, zone = _zone(given.get("timezone", ""))
    local = now.astimezone(zone)
    return {
        "current_date": f"{local:%A, %B} {local.day}, {local.year}",
        "current_time": f"{local:%I:%M:%S %p}",
        "timezone": zone_name,
    }


def given_texts(user_data: Mapping[str, Any]) -> dict[str, str]:
    """What a call was given as its prompts may name it: as text, values inside of objects also as ``name.inner``."""
    return {name: value_text(value) for name, value in given_values(user_data).items()}


def local_time(now: datetime, zone_name: str) -> datetime:
    """``now`` in the time zone of a call; one that is not known is UTC."""
    return now.astimezone(_zone(zone_name)[1])


def _zone(name: str) -> tuple[str, tzinfo]:
    if name:
        try:
            return name, ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return "UTC", UTC
    return "UTC", UTC
