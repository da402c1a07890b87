"""Names of time zones, as people and files write them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def _names() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones()}


def known_zone(name: str) -> str:
    """Returns the name of a zone as the time zone database writes it, in whatever case it came; empty for an unknown one."""
    return _names().get(name.strip().lower(), "")


@cache
def zone(name: str) -> ZoneInfo:
    """Returns a zone that :func:`known_zone` knows."""
    return ZoneInfo(name)
