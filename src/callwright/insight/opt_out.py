"""Whether the caller asked not to be called any more, by the log: also by one that breaks off before the conversation could answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.conversation.opt_out import said
from callwright.insight.view import CallView


def opt_out(view: CallView) -> dict[str, Any] | None:
    """``{"turn", "said"}`` of the first turn that asks for it, or None. What the conversation understood stays, whatever a recogniser
    made of the words later."""
    noticed = view.first("OptedOut")
    if noticed is not None:
        return {"turn": int(noticed.values["turn"]), "said": str(noticed.values["text"])}
    language = _language(view)
    latest: dict[int, str] = {int(e.values["turn"]): str(e.values["text"]) for e in view.of("UserSaid")}
    for turn, text in latest.items():
        if said(text, language):
            return {"turn": turn, "said": text}
    across = _across_the_goodbye(view, latest)
    if said(across, language):
        return {"turn": max(latest), "said": across}
    rest = _not_taken(view)
    if said(rest, language):
        return {"turn": max(latest, default=0) + 1, "said": rest}
    return None


def _language(view: CallView) -> str:
    started = view.first("Started")
    plan = started.values.get("plan") if started is not None else None
    return str(plan.get("language", "en")) if isinstance(plan, dict) else "en"


def _across_the_goodbye(view: CallView, turns: Mapping[int, str]) -> str:
    """The last two turns as one, where the last one was taken when the call was over: the goodbye parted them, and not the caller."""
    over, last, spoken = view.first("LegEnded"), view.last("UserSaid"), view.last("AgentSaid")
    if over is None or last is None or last.seq < over.seq or spoken is None or spoken.values["purpose"] != "goodbye":
        return ""
    return " ".join(turns[turn] for turn in sorted(turns)[-2:])


def _not_taken(view: CallView) -> str:
    """Final words behind the last turn that was taken, in a log whose conversation did not come to its end."""
    if view.first("LegEnded") is not None:
        return ""
    taken = view.last("UserSaid")
    finals: dict[int, str] = {}
    for entry in view.of("TranscriptFinal"):
        if taken is None or entry.seq > taken.seq:
            finals[int(entry.values["segment"])] = str(entry.values["text"])
    return " ".join(finals[segment] for segment in sorted(finals)).strip()
