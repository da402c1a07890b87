"""The first difference of a replay, for people: after which event, what the log has, what today's core does, and in which fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from callwright.conversation.replay import Difference

LONGEST_VALUE = 100
MOST_FIELDS = 12


def report(difference: Difference) -> list[str]:
    """The difference in lines, the first without an indent."""
    lines = [f"first difference at entry {difference.seq}, {difference.at_us / 1e6:.3f} s into the call"]
    if difference.event:
        lines.append(f"  after  entry {difference.event_seq}, {_shown(difference.event)}")
    logged, now = _parts(difference.logged), _parts(difference.now)
    if logged[0] == now[0]:
        lines.append(f"  both   {logged[0]}")
        fields = list(_differing(logged[1], now[1]))
        lines += [
            f"         {name}: the log has {one}, today's core {other}" for name, one, other in fields[:MOST_FIELDS]
        ]
        if len(fields) > MOST_FIELDS:
            lines.append(f"         and {len(fields) - MOST_FIELDS} fields more")
        return lines
    lines.append(f"  log    {_shown(difference.logged)}")
    lines.append(f"  today  {_shown(difference.now)}")
    return lines


def _parts(item: str) -> tuple[str, Any]:
    """Type and fields of an entry; what is no entry is all type."""
    name, _, text = item.partition(" ")
    try:
        return name, json.loads(text)
    except ValueError:
        return item, None


def _shown(item: str) -> str:
    """An entry with its fields that say something, on one line."""
    name, values = _parts(item)
    if not isinstance(values, Mapping):
        return name or "nothing"
    fields = [f"{key} {_value(value)}" for key, value in _flat(values) if value not in ("", None)]
    more = f", and {len(fields) - MOST_FIELDS} fields more" if len(fields) > MOST_FIELDS else ""
    return f"{name}: {', '.join(fields[:MOST_FIELDS])}{more}" if fields else name


def _flat(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field below ``values`` with its path."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _flat(value, f"{path}.{key}" if path else key)
    elif path != "messages.sha256":
        yield path, values


def _differing(logged: Any, now: Any) -> Iterator[tuple[str, str, str]]:
    """Fields that are not the same, with both values. The digest of messages counts where nothing else tells them apart."""
    one, other = dict(_flat(logged)), dict(_flat(now))
    found = False
    for path in dict.fromkeys((*one, *other)):
        if one.get(path) != other.get(path):
            found = True
            yield path, _value(one.get(path)), _value(other.get(path))
    if not found:
        yield "messages", "another history", "this one (its last message and length are the same)"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
