"""A call scenario made from a call: the caller's lines as rules, what tools answered, and assertions to choose from. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from callwright.conversation.turn import KEYED_AS
from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.insight.doctor_case import Case
from callwright.insight.doctor_rules import RULES
from callwright.insight.interruptions import silenced
from callwright.insight.timeline import AgentSpeech
from callwright.insight.tools import ToolUse, tool_uses
from callwright.insight.view import CallView
from callwright.lab.call_scenario import call_scenario_of

_LEAST_PATIENCE_S = 5
_STEP_MS = 50
_CALLERS_OWN = ("Callee", "Caller")
_CALLED = ("answered", "failed", "late")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An assertion that fits the call. ``text`` says what it means; ``chosen``: the scenario has it."""

    text: str
    expect: Mapping[str, Any]
    chosen: bool


@dataclass(frozen=True, slots=True)
class MadeScenario:
    """A scenario file as its JSON value, the assertions to choose from, and what of the call it lacks."""

    scenario: Mapping[str, Any]
    expectations: tuple[Suggestion, ...]
    remarks: tuple[str, ...]


def scenario_of_call(
    view: CallView, user_data: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]
) -> MadeScenario:
    """The scenario of a call with its findings (as records). Raises BadInputError where the call was not answered, or nothing was said in
    it that could be said again."""
    if view.answered_us is None:
        raise BadInputError("this call was not answered: there is no caller whose lines a scenario could have")
    if not view.header.agent:
        raise BadInputError("this log has no agent that a scenario could call")
    case = Case(view)
    rules = list(_rules(case))
    if not rules:
        raise BadInputError("the caller said and did nothing in this call that a scenario could repeat")
    uses = tool_uses(view)
    scenario: dict[str, Any] = {
        "about": f"Made from the call {view.header.execution_id}, attempt {view.header.attempt}.",
        "agent": dict(view.header.agent),
        "persona": _persona(case, rules),
        "user_data": dict(user_data),
        "tools": _tools(uses),
        "delays": _delays(case),
        "runs": 1,
        "pass_rate": 1.0,
    }
    scenario = {name: value for name, value in scenario.items() if value not in ({}, [])}
    suggested = [one for one in _suggestions(case, uses, findings) if _fits(scenario, one)]
    chosen = [dict(one.expect) for one in suggested if one.chosen]
    return MadeScenario({**scenario, "expect": chosen}, tuple(suggested), tuple(_remarks(case, uses)))


def _fits(scenario: Mapping[str, Any], one: Suggestion) -> bool:
    """Whether the agent of the scenario can meet an assertion, and could fail to."""
    try:
        call_scenario_of({**scenario, "expect": [one.expect]}, "made", lambda name: name)
    except ConfigurationError:
        return False
    return True


# -- the caller ---------------------------------------------------------------------------------------------------------------------


def _persona(case: Case, rules: list[dict[str, Any]]) -> dict[str, Any]:
    longest_s = max((_pause_us(case, one) for one in case.speech), default=0) // 1_000_000
    persona: dict[str, Any] = {
        "goal": "Says what the caller of the call said.",
        "think_ms": _think_ms(case),
        "patience_s": max(_LEAST_PATIENCE_S, longest_s + 3),
    }
    first = case.speech[0] if case.speech else None
    if (
        "say" in rules[0]
        and first is not None
        and not any(a.span.from_us < first.span.from_us for a in case.line.agent)
    ):
        persona["opening"] = rules.pop(0)["say"]
    return {**persona, "rules": rules}


def _rules(case: Case) -> Iterator[dict[str, Any]]:
    """What the caller said or pressed, in order, and how they left."""
    found: list[dict[str, Any]] = []
    for entry in case.view.of("UserSaid"):
        text = str(entry.values["text"])
        if KEYED_AS in text:
            keys = "".join(re.findall(r"[0-9*#A-D]", text.partition(KEYED_AS)[2]))
            found.append({"press": keys} if keys else {"say": text})
        elif text.strip():
            began_us = case.view.audio_began_us + int(entry.values["from_ms"]) * 1000
            found.append({"say": text, **_over(case, began_us)})
    ended = case.view.first("LegEnded")
    if ended is not None and str(ended.values["by"]) in _CALLERS_OWN:
        if found:
            found[-1] |= {"hang_up": True, "linger_ms": _linger_ms(case)}
        else:
            found.append({"hang_up": True})
    yield from found


def _over(case: Case, began_us: int) -> dict[str, Any]:
    """How many words of the agent's sentence were heard when the caller spoke into it and silenced it."""
    cut = dict(silenced(case))
    for speech in case.line.agent:
        if speech.generation in cut and speech.span.from_us < began_us <= speech.span.to_us:
            return {"interrupt_after_words": max(1, len(_heard_by(speech, began_us).split()))}
    return {}


def _heard_by(speech: AgentSpeech, at_us: int) -> str:
    words = speech.text.split()
    share = (at_us - speech.span.from_us) / max(1, speech.span.lasted_us)
    return " ".join(words[: round(len(words) * share)])


def _pause_us(case: Case, heard: Any) -> int:
    """From the agent's last sound before a sound of the caller to that."""
    ends = [one.to_us for speech in case.line.agent for one in speech.sounds if one.to_us <= heard.span.from_us]
    return int(heard.span.from_us - max(ends)) if ends else 0


def _think_ms(case: Case) -> int:
    pauses = [pause for one in case.speech if (pause := _pause_us(case, one))]
    return round(median(pauses) / 1000 / _STEP_MS) * _STEP_MS if pauses else 300


def _linger_ms(case: Case) -> int:
    ends = [one.span.to_us for one in case.speech]
    return max(0, (case.line.ended_us - max(ends)) // 1000) if ends else 0


# -- tools and times ----------------------------------------------------------------------------------------------------------------


def _tools(uses: Sequence[ToolUse]) -> dict[str, Any]:
    """What each tool answered first: a scenario has one answer of each."""
    found: dict[str, Any] = {}
    for use in uses:
        if use.status in _CALLED and use.name not in found:
            found[use.name] = {
                "answer": _json(use.result),
                "ok": use.status != "failed",
                "ms": (use.took_us or 0) // 1000,
            }
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _delays(case: Case) -> dict[str, int]:
    """The usual time of the model and the voice."""
    asked = {int(e.values["request"]): e.at_us for e in case.view.of("AskModel")}
    first = {int(e.values["request"]): e.at_us for e in reversed(case.view.of("ReplyText"))}
    given = {(e.values["generation"], e.values["index"]): e.at_us for e in case.view.of("Speak")}
    ready = {(e.values["generation"], e.values["index"]): e.at_us for e in reversed(case.view.of("VoiceReady"))}
    model = [at_us - asked[request] for request, at_us in first.items() if request in asked]
    voice = [at_us - given[clause] for clause, at_us in ready.items() if clause in given]
    found = {"model_ms": model, "voice_ms": voice}
    return {name: ms for name, us in found.items() if us and (ms := round(median(us)) // 1000)}


# -- assertions ---------------------------------------------------------------------------------------------------------------------


def _suggestions(case: Case, uses: Sequence[ToolUse], findings: Sequence[Mapping[str, Any]]) -> Iterator[Suggestion]:
    rules = {one["rule"] for one in findings}
    if "slow_reply" in rules:
        limit = RULES["slow_reply"].limit("warn_ms")
        expect = {"latency": {"part": "total", "percentile": 100, "at_most_ms": limit}}
        yield Suggestion(f"no answer comes later than {limit:,} ms, as one did", expect, True)
    if rules & {"early_cut", "false_interruption"}:
        yield Suggestion("the agent is never interrupted, as it was", {"interruptions": {"at_most": 0}}, True)
    if "talk_over" in rules:
        limit = RULES["talk_over"].limit("most_ms")
        expect = {"overlap_ms": {"at_most": limit}}
        yield Suggestion(f"both speak for {limit:,} ms at once at most, which was more", expect, True)
    if rules & {"dead_air", "slow_tool", "withdrawn_reply", "missed_answer"}:
        limit = RULES["dead_air"].limit("reply_ms")
        expect = {"silence_ms": {"at_most": limit}}
        yield Suggestion(f"nobody is silent for longer than {limit:,} ms, as was", expect, True)
    for name in dict.fromkeys(use.name for use in uses if use.status in _CALLED):
        times = sum(use.name == name and use.status in _CALLED for use in uses)
        expect = {"tool_called": {"name": name, "times": times}}
        yield Suggestion(
            f"the tool {name} is called {times} times" if times > 1 else f"the tool {name} is called once", expect, True
        )
    turns = len(case.view.of("UserSaid"))
    yield Suggestion(
        f"the caller has about {turns} turns",
        {"turns": {"at_least": max(1, turns - 1), "at_most": turns + 1}},
        not rules,
    )
    yield from _measured(case, rules)
    hung_up = case.view.last("HangUp")
    if hung_up is not None:
        reason = str(hung_up.values["reason"])
        yield Suggestion(f"the call ends with {reason}", {"ended": f"^{re.escape(reason)}$"}, True)


def _measured(case: Case, rules: set[str]) -> Iterator[Suggestion]:
    """What was good in the call and shall stay so."""
    if case.latencies and "slow_reply" not in rules:
        longest_ms = max(one.total_us for one in case.latencies) // 1000
        limit = -(-longest_ms * 6 // 5 // 100) * 100
        expect = {"latency": {"part": "total", "percentile": 100, "at_most_ms": limit}}
        yield Suggestion(f"no answer comes later than {limit:,} ms", expect, False)
    if not any(one.cut for one in case.line.agent):
        yield Suggestion("the agent is never interrupted", {"interruptions": {"at_most": 0}}, False)


def _remarks(case: Case, uses: Sequence[ToolUse]) -> Iterator[str]:
    yield "the caller says the words that the recogniser understood, one line after the other, whatever the agent says"
    again = {use.name for use in uses if sum(other.name == use.name for other in uses) > 1}
    if again:
        yield f"a tool has one answer in a scenario: {', '.join(sorted(again))} always gives its first one"
    if case.view.of("Transfer"):
        yield "the call was transferred: name the persona at the other end in others, or nobody answers there"
