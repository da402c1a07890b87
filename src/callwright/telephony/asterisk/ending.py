"""Why a channel ended, in the words of the one cause table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.platform.executions.rules.causes import CAUSES, Cause, cause_of_q850, cause_of_sip

ENDS = frozenset({"ChannelDestroyed", "StasisEnd"})
"""Events of a channel that is over for us. Of one that came in, the first is not reported once it has left our application."""
_NO_CAUSE = frozenset({0, 16, 127})
"""Causes of Asterisk that say nothing of a call that was not answered: none, normal, interworking."""
_NO_ANSWER = frozenset({408, 480, 487})
"""Statuses of a call that was given up while it rang."""


def unanswered(event: Mapping[str, Any], *, rang: bool) -> Cause:
    """Why a call of ours was not taken, from its ``ChannelDestroyed``. ``rang``: its phone has rung."""
    cause, status = _number(event.get("cause")), _number(event.get("tech_cause"))
    if 300 <= status <= 699 and not (rang and status in _NO_ANSWER):
        # Asterisk makes its cause from the status, and several statuses have the same one.
        return cause_of_sip(status)
    if cause in _NO_CAUSE or status in _NO_ANSWER:
        # Asterisk takes a call back without a cause when its time is over.
        return CAUSES["no_answer" if rang else "request_timeout"]
    return cause_of_q850(cause)


def words_of(event: Mapping[str, Any]) -> str:
    """What Asterisk itself says of the end."""
    cause, status = _number(event.get("cause")), _number(event.get("tech_cause"))
    return str(status or cause or "")


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
