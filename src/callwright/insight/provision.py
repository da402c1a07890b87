"""Whether a call ran in a sandbox and what stood in for what, from its log and its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.domain.number import LOOPBACK
from callwright.insight.view import CallView

SANDBOX = "sandbox"
"""The fact of a call in a sandbox: ``stand_ins``, as the execution has them. A call of a connected account has none."""
STAND_IN = "stand_in"
"""The fact of a model that stood in after the call, for one that was to be asked about it: one of ``stand_ins``."""

_KEYS = ("sandbox", "stand_ins")


def provision_of(view: CallView) -> dict[str, Any]:
    """Keys of the record, from the log: what stood in during the call, then what else stood in after it."""
    found = stand_ins_in_call(view)
    for fact in view.of(STAND_IN):
        if fact.values not in found:
            found.append(fact.values)
    return {"sandbox": bool(found) or view.first(SANDBOX) is not None, "stand_ins": found}


def stand_ins_in_call(view: CallView) -> list[Mapping[str, Any]]:
    """What stood in during the call."""
    fact = view.first(SANDBOX)
    return [] if fact is None else list(fact.values["stand_ins"])


def known_provision(record: Mapping[str, Any]) -> dict[str, Any]:
    """Those keys as far as a record has them."""
    return {key: record[key] for key in _KEYS if key in record}


def shown_provision(record: Mapping[str, Any]) -> dict[str, Any]:
    """``callwright.sandbox`` and ``callwright.stand_ins``. An execution from before the keys, and one of a batch that was not released yet,
    has neither: false and none."""
    return {"sandbox": False, "stand_ins": [], **known_provision(record)}


def provision_text(shown: Mapping[str, Any]) -> list[str]:
    """``callwright.sandbox`` and ``callwright.stand_ins`` as lines for a terminal; none for a call of a connected account."""
    if not shown["sandbox"]:
        return []
    lines = ["sandbox     see docs/reference/compatibility.md"]
    for one in shown["stand_ins"]:
        remedy = f" ({one['remedy']})" if one["remedy"] else ""
        if one["used"] == LOOPBACK:
            lines.append(f"line        {one['reason']}{remedy}")
            continue
        lines.append(f"stand-in    {one['leg']}: {one['used']} for {one['wanted']}, because {one['reason']}{remedy}")
    return lines
