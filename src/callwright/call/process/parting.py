"""Whom a call that died has left on the line: the last ``dialog`` fact of its log, unless the log also tells the end. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def open_dialog(log: bytes) -> Mapping[str, Any] | None:
    """The dialog that a log leaves open; None when its carrier knows none, or when the leg ended. Damaged lines are passed over."""
    for line in reversed(log.splitlines()):
        # Most of a log is of no interest here: only lines that can be one of the two are read.
        if b'"dialog"' not in line and b'"LegEnded"' not in line:
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict) or entry.get("sec") != "leg":
            continue
        if entry.get("type") == "LegEnded":
            return None
        if entry.get("type") == "dialog" and entry.get("dir") == "fact" and isinstance(entry.get("v"), dict):
            found: Mapping[str, Any] = entry["v"]
            return found
    return None
