"""The entries of a call's log as the API shows them, a page at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from callwright.insight.view import CallView


def entries_page(
    view: CallView | None, after: int, limit: int, types: Collection[str], *, live: bool
) -> dict[str, Any]:
    """Up to ``limit`` entries behind number ``after``, of ``types`` (empty: of any), with the cursor behind them and how many there are. A
    log that grows (``live``) always has a cursor."""
    entries = [] if view is None else view.entries
    wanted = [one for one in entries if not types or one.type in types]
    behind = [one for one in wanted if one.seq > after]
    page = behind[:limit]
    more = len(behind) > limit
    newest = page[-1].seq if more else max((one.seq for one in entries), default=after)
    return {
        "items": [
            {
                "seq": one.seq,
                "at_ms": one.at_us / 1000,
                "section": one.section,
                "direction": one.direction,
                "type": one.type,
                "values": one.values,
            }
            for one in page
        ],
        "next_after": max(after, newest) if more or live else None,
        "total": len(wanted),
    }
