"""What a call used: every reported amount with the part of the call it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callwright.insight.view import CallView
from callwright.platform.prices.rules import Tokens

WELCOME = "welcome"
WASTE = "waste"
POST_CALL = "post_call"


@dataclass(frozen=True, slots=True)
class Used:
    """One reported amount. ``part`` is welcome, ``turn:<n>``, waste or post_call; ``category`` the contract's sub-leg."""

    kind: str
    provider: str
    model: str
    purpose: str
    part: str
    category: str
    amount: int
    amount_output: int
    amount_cached: int
    amount_reasoning: int
    amount_cache_written: int

    @property
    def tokens(self) -> Tokens:
        """The same of a model."""
        return Tokens(
            self.amount, self.amount_output, self.amount_cached, self.amount_reasoning, self.amount_cache_written
        )


_MODEL_CATEGORIES = {
    "extraction": "extraction",
    "summary": "summarization",
    "hangup": "hangup",
    "analytics": "analytics",
    "voicemail": "voicemail",
}


def used(view: CallView) -> list[Used]:
    """All reported usage in order, live and post-call."""
    heard = _heard_generations(view)
    turns = _turns_of_generations(view)
    begun = [(entry.seq, int(entry.values["turn"])) for entry in view.of("AskModel", "UserSaid")]
    found: list[Used] = []
    for entry in view.of("UsageReported", "usage"):
        v = entry.values
        purpose = str(v["purpose"])
        generation = int(v.get("generation", 0))
        if entry.type == "usage":
            part = POST_CALL
        elif generation == 0:
            # A question about the conversation (is it over?) belongs to the turn it was asked in.
            part = _turn_part(next((turn for seq, turn in reversed(begun) if seq < entry.seq), 0))
        else:
            part = _turn_part(turns.get(generation, 0)) if generation in heard else WASTE
        found.append(
            Used(
                kind=str(v["kind"]),
                provider=str(v["provider"]),
                model=str(v["model"]),
                purpose=purpose,
                part=part,
                category=category_of(str(v["kind"]), purpose),
                amount=int(v["amount"]),
                amount_output=int(v.get("amount_output", 0)),
                amount_cached=int(v.get("amount_cached", 0)),
                amount_reasoning=int(v.get("amount_reasoning", 0)),
                amount_cache_written=int(v.get("amount_cache_written", 0)),
            )
        )
    return found


def _heard_generations(view: CallView) -> frozenset[int]:
    heard = {int(e.values["generation"]) for e in view.of("AgentSaid", "PlayoutStarted")}
    # What began to play and was given up before a word of it was out is told by a later fact.
    heard.difference_update(int(e.values["generation"]) for e in view.of("Withdrawn"))
    # Words that were cut before one was heard, and said again when the cut turned out to be nothing, were not wasted.
    for released in reversed(view.of("Release")):
        if int(released.values["generation"]) in heard:
            heard.add(int(released.values.get("resumes", 0)))
    # A model that only called a tool made no sound, yet its work was not wasted: the tool ran, unless the reply was given up before.
    given_up = {int(e.values["generation"]) for e in view.of("Withdrawn") if e.values["reason"] != "unheard"}
    heard.update({int(e.values["generation"]) for e in view.of("ReplyTool")} - given_up)
    return frozenset(heard)


def _turns_of_generations(view: CallView) -> dict[int, int]:
    return {int(e.values["generation"]): int(e.values["turn"]) for e in view.of("AskModel", "Speak", "AgentSaid")}


def _turn_part(turn: int) -> str:
    return f"turn:{turn}" if turn else WELCOME


def category_of(kind: str, purpose: str) -> str:
    """The contract's sub-leg (chapter 7); each leg has its own."""
    if kind == "model":
        return _MODEL_CATEGORIES.get(purpose, "conversation")
    if kind == "voice":
        return "welcome_message" if purpose == "welcome" else "conversation"
    return "conversation"


def usage_breakdown(view: CallView) -> dict[str, Any]:
    """The contract's ``usage_breakdown`` (5.1) with the keys of both documented spellings. Seconds, characters, tokens."""
    return _breakdown(used(view), view.connected("transcriber"), view.connected("model"), view.connected("voice"))


def no_usage() -> dict[str, Any]:
    """The ``usage_breakdown`` of a call that used nothing, or not yet."""
    return _breakdown([], {}, {}, {})


def _breakdown(
    items: Sequence[Used], transcriber: Mapping[str, Any], model: Mapping[str, Any], voice: Mapping[str, Any]
) -> dict[str, Any]:
    """Names are empty where nothing was connected."""
    models: dict[str, dict[str, int]] = {}
    by_purpose: dict[str, dict[str, int]] = {}
    for item in items:
        if item.kind == "model":
            for table, key in ((models, item.model), (by_purpose, item.category)):
                row = table.setdefault(key, {"input": 0, "output": 0})
                row["input"] += item.amount
                row["output"] += item.amount_output
    tokens = sum(row["input"] + row["output"] for row in models.values())
    characters = sum(i.amount for i in items if i.kind == "voice")
    seconds = round(sum(i.amount for i in items if i.kind == "transcriber") / 1000, 3)
    return {
        "llm_tokens": tokens,
        "llmTokens": tokens,
        "llm_model": models,
        "llmModel": models,
        "llm_usage_breakdown": by_purpose,
        "synthesizer_characters": characters,
        "synthesizerCharacters": characters,
        "synthesizer_model": _model(voice, items, "voice"),
        "synthesizer_provider": _name(voice, "provider"),
        "voice_id": _name(voice, "voice"),
        "synthesizer_usage_breakdown": {
            "welcome_message": sum(i.amount for i in items if i.kind == "voice" and i.category == "welcome_message"),
            "conversation": sum(i.amount for i in items if i.kind == "voice" and i.category != "welcome_message"),
        },
        "transcriber_duration": seconds,
        "transcriber_model": _model(transcriber, items, "transcriber"),
        "transcriber_provider": _name(transcriber, "provider"),
        "transcriber_language": _name(transcriber, "language"),
        "transcriber_usage_breakdown": {"conversation": seconds, "analytics": 0},
        "provider_source": {
            "llm": _name(model, "provider"),
            "synthesizer": _name(voice, "provider"),
            "transcriber": _name(transcriber, "provider"),
        },
    }


def _model(connected: Mapping[str, Any], items: Sequence[Used], kind: str) -> str:
    """The model that the agent names, else the one that its provider billed last."""
    billed = (item.model for item in reversed(items) if item.kind == kind)
    return _name(connected, "model") or next(billed, "")


def _name(connected: Mapping[str, Any], key: str) -> str:
    return str(connected.get(key) or "")
