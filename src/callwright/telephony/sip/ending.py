"""How a SIP call ended, in the words of the one cause table, from what the gateway says and what we did ourselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from callwright.platform.executions.rules.causes import CAUSES, Cause, cause_of_sip
from callwright.ports.leg import LegClosed, closed_by

US, THEM, LINE = "us", "them", "line"
_REQUEST_TIMEOUT = 408


@dataclass(slots=True)
class Story:
    """What has happened on a leg so far. ``hang_up_reason``: ours, None while we have not hung up."""

    inbound: bool
    rang: bool = False
    answered: bool = False
    transferred: bool = False
    hang_up_reason: str | None = None


def ending(story: Story, message: Mapping[str, Any]) -> LegClosed:
    """The end of a leg from the values of a ``closed`` message."""
    status = _number(message.get("sip_status"))
    cause = _answered(story, message) if story.answered else _unanswered(story, message, status)
    closed = closed_by(cause, str(status) if status and not story.answered else "")
    if story.answered and cause.key == "hung_up_by_us" and story.hang_up_reason:
        return replace(closed, reason=story.hang_up_reason)
    return closed


def facts_of_end(message: Mapping[str, Any], call_id: str) -> dict[str, Any]:
    """The ``sip`` fact of a ``closed`` message."""
    return {
        "status": _number(message.get("sip_status")),
        "q850": message.get("q850"),
        "reason": str(message.get("reason") or "")[:500],
        "by": str(message.get("by") or "")[:10],
        "call_id": call_id,
    }


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _answered(story: Story, message: Mapping[str, Any]) -> Cause:
    by = message.get("by")
    if story.transferred:
        return CAUSES["transferred"]
    if story.hang_up_reason is not None or by == US:
        return CAUSES["hung_up_by_us"]
    if by == THEM:
        return CAUSES["caller_hung_up" if story.inbound else "normal_clearing"]
    return CAUSES["media_timeout"]


def _unanswered(story: Story, message: Mapping[str, Any], status: int) -> Cause:
    by = message.get("by")
    if story.inbound:
        return CAUSES["declined_by_us" if by == US else "caller_abandoned"]
    if story.hang_up_reason is not None:
        return CAUSES["originator_cancel"]
    if by == US or (status == _REQUEST_TIMEOUT and story.rang):
        # The ring time we gave it is over: the gateway took the call back, or a server on the way did.
        return CAUSES["no_answer"]
    if not status:
        return CAUSES["request_timeout"]
    return cause_of_sip(status, message.get("q850"))
