"""Whom a call that died has left on the line. That is the last dialog of each leg and target without an end in the log. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_OWN = -1
"""In place of the number of a transfer's request: the call's own leg."""
_TELLING = (b'"dialog"', b'"target_dialog"', b'"LegEnded"', b'"target"')


@dataclass(slots=True)
class OpenLeg:
    """A leg without an end. ``dialog``: empty where its carrier knows none; ``target``: whom it calls, where that is the target of a warm
    transfer."""

    dialog: Mapping[str, Any] = field(default_factory=dict)
    target: str = ""


def open_legs(log: bytes) -> Sequence[OpenLeg]:
    """The legs that a log leaves open, the call's own first. Damaged lines are passed over."""
    legs: dict[int, OpenLeg] = {}
    others: dict[str, OpenLeg] = {}
    for kind, values in _facts(log):
        match kind, values:
            case "LegEnded", _:
                legs.pop(_OWN, None)
                others.clear()
            case "target_dialog", {"call_id": str(call_id), **rest}:
                others.pop(call_id, None)
                if rest:
                    others[call_id] = OpenLeg(values)
            case "dialog", _:
                legs.setdefault(_OWN, OpenLeg()).dialog = values
            case "target", {"request": int(request), "event": "closed"}:
                legs.pop(request, None)
            case "target", {"request": int(request), "event": "bridged"}:
                legs.pop(request, None)
                legs.pop(_OWN, None)
            case "target", {"request": int(request), "event": "dialled", "to": str(target)}:
                legs.setdefault(request, OpenLeg()).target = target
            case "target", {"request": int(request), "event": "line", "what": "dialog", "values": dict(dialog)}:
                legs.setdefault(request, OpenLeg()).dialog = dialog
    return [*(legs[request] for request in sorted(legs) if legs[request].dialog), *others.values()]


def _facts(log: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a log tells of legs: the kind of an entry and its values."""
    for line in log.splitlines():
        # Most of a log is of no interest here: only lines that can be one of these are read.
        if not any(word in line for word in _TELLING):
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("sec") == "leg":
            kind, values = entry.get("type"), entry.get("v")
            if kind == "LegEnded":
                yield "LegEnded", {}
            elif (
                kind in ("dialog", "target_dialog", "target")
                and entry.get("dir") == "fact"
                and isinstance(values, dict)
            ):
                yield kind, values
