"""What a call used: every reported amount with the part of the call it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callwright.insight.view import CallView

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


_CATEGORIES = {"extraction": "extraction", "summary": "summarization", "hangup": "hangup", "analytics": "analytics"}


def used(view: CallView) -> list[Used]:
    """All reported usage in order, live and post-call."""
    heard = _heard_generations(view)
    turns = _turns_of_generations(view)
    found: list[Used] = []
    for entry in view.of("UsageReported", "usage"):
        v = entry.values
        purpose = str(v["purpose"])
        generation = int(v.get("generation", 0))
        part = POST_CALL if entry.type == "usage" else _part(generation, purpose, heard, turns)
        category = _CATEGORIES.get(purpose, "conversation")
        if v["kind"] == "voice" and part == WELCOME:
            category = "welcome_message"
        found.append(
            Used(
                kind=str(v["kind"]),
                provider=str(v["provider"]),
                model=str(v["model"]),
                purpose=purpose,
                part=part,
                category=category,
                amount=int(v["amount"]),
                amount_output=int(v.get("amount_output", 0)),
                amount_cached=int(v.get("amount_cached", 0)),
            )
        )
    return found


def _heard_generations(view: CallView) -> frozenset[int]:
    heard = {int(e.values["generation"]) for e in view.of("AgentSaid") if e.values["heard_ms"] > 0}
    # A model that only called a tool made no sound, yet its work was not wasted: the tool ran.
    heard.update(int(e.values["generation"]) for e in view.of("ReplyTool"))
    return frozenset(heard)


def _turns_of_generations(view: CallView) -> dict[int, int]:
    return {int(e.values["generation"]): int(e.values["turn"]) for e in view.of("AskModel", "Speak", "AgentSaid")}


def _part(generation: int, purpose: str, heard: frozenset[int], turns: dict[int, int]) -> str:
    if generation == 0:
        return "turn:last"
    if generation not in heard:
        return WASTE
    if purpose == "welcome" or turns.get(generation, 0) == 0:
        return WELCOME
    return f"turn:{turns[generation]}"


def usage_breakdown(view: CallView) -> dict[str, Any]:
    """The contract's ``usage_breakdown`` (5.1) with the keys of both documented spellings. Seconds, characters, tokens."""
    items = used(view)
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
    transcriber_provider, transcriber_model = view.provider("transcriber")
    voice_provider, voice_model = view.provider("voice")
    return {
        "llm_tokens": tokens,
        "llmTokens": tokens,
        "llm_model": models,
        "llmModel": models,
        "llm_usage_breakdown": by_purpose,
        "synthesizer_characters": characters,
        "synthesizerCharacters": characters,
        "synthesizer_model": voice_model,
        "synthesizer_provider": voice_provider,
        "synthesizer_usage_breakdown": {
            "welcome_message": sum(i.amount for i in items if i.kind == "voice" and i.category == "welcome_message"),
            "conversation": sum(i.amount for i in items if i.kind == "voice" and i.category != "welcome_message"),
        },
        "transcriber_duration": seconds,
        "transcriber_model": transcriber_model,
        "transcriber_provider": transcriber_provider,
        "transcriber_usage_breakdown": {"conversation": seconds, "analytics": 0},
    }
