"""What a call must have come to: the assertions of a call scenario, and how each is judged. Pure.

An assertion is an object with one of the keys of ``CHECKS`` and its value; :func:`expectation_of` reads it, :func:`judge` says why a call
does not meet it. ``docs/how-to/simulate.md`` lists them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callwright.conversation.tools import ends_call
from callwright.insight.waterfall import PARTS
from callwright.lab.scenario_values import kind_of, object_of, pattern_of, text_of, whole_of, wrong

_LEAST, _MOST = "at_least", "at_most"
_RANGE = {_LEAST, _MOST}
_LONGEST_SHOWN = 160
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]")


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool the agent called, with the arguments as JSON values."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call when it is over.

    ``agent_said``: what of the agent's words was heard, as the record has it; ``agent_heard``: the caller's turns in the record;
    ``far_end_heard`` and ``caller_said``: the synthetic caller's own account. ``cut``: how often the agent was interrupted.
    ``latency_ms``: of each answered turn its parts and ``total``. ``silence_ms`` and ``overlap_ms``: the longest stretch without any sound
    and with both voices at once, measured in the recording.
    """

    agent_said: Sequence[str] = ()
    agent_heard: Sequence[str] = ()
    far_end_heard: Sequence[str] = ()
    caller_said: Sequence[str] = ()
    tools: Sequence[ToolUse] = ()
    keys: str = ""
    ended_by: str = ""
    ended: str = ""
    extracted: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: Sequence[Mapping[str, float]] = ()
    turns: int = 0
    cut: int = 0
    seconds: float = 0.0
    silence_ms: int = 0
    overlap_ms: int = 0
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """One assertion: a key of ``CHECKS`` and its value, checked when it was read."""

    kind: str
    value: Any

    def __str__(self) -> str:
        return f"{self.kind}: {self.value if isinstance(self.value, str) else _compact(self.value)}"


@dataclass(frozen=True, slots=True)
class Check:
    """How an assertion's value is read (raises ConfigurationError with the path) and judged (a reason, or nothing)."""

    read: Callable[[Any, str], Any]
    judge: Callable[[Any, CallFacts], str]


def expectation_of(body: Any, path: str) -> Expectation:
    """An assertion from its JSON value. Raises ConfigurationError naming the path of what is wrong."""
    given = object_of(body, path, set(CHECKS))
    if len(given) != 1:
        raise wrong(path, f"an assertion has one key, not {len(given)}: {', '.join(given) or 'none'}")
    kind, value = next(iter(given.items()))
    return Expectation(kind, CHECKS[kind].read(value, f"{path}.{kind}"))


def judge(expectation: Expectation, facts: CallFacts) -> str:
    """Why the call does not meet the assertion; nothing when it does."""
    return CHECKS[expectation.kind].judge(expectation.value, facts)


# -- reading ------------------------------------------------------------------------------------------------------------------------


def _telling(value: Any, path: str) -> str:
    """A pattern that some calls meet and others do not."""
    pattern = pattern_of(value, path)
    # What looks around it ("^(?!.*sorry)") may be found in these two and not in other texts.
    if _LOOKS_AROUND.search(pattern) is None and all(re.search(pattern, text) for text in ("", "\0")):
        raise wrong(path, f"{pattern!r} is found in every text: the assertion says nothing of a call")
    return pattern


def _range(value: Any, path: str) -> Mapping[str, int]:
    given = object_of(value, path, _RANGE)
    if not given:
        raise wrong(path, f"needs {_LEAST} or {_MOST}")
    read = {name: whole_of(one, f"{path}.{name}") for name, one in given.items()}
    if read.get(_LEAST, 0) > read.get(_MOST, read.get(_LEAST, 0)):
        raise wrong(path, f"no number is {_LEAST} {read[_LEAST]} and {_MOST} {read[_MOST]}")
    if read == {_LEAST: 0}:
        raise wrong(path, f"every number is {_LEAST} 0: the assertion could never fail")
    return read


def _latency(value: Any, path: str) -> Mapping[str, Any]:
    given = object_of(value, path, {"part", "percentile", "at_most_ms"})
    if "at_most_ms" not in given:
        raise wrong(path, "needs at_most_ms")
    return {
        "part": _part(given.get("part", "total"), f"{path}.part"),
        "percentile": whole_of(given.get("percentile", 95), f"{path}.percentile", 100, least=1),
        "at_most_ms": whole_of(given["at_most_ms"], f"{path}.at_most_ms"),
    }


def _part(value: Any, path: str) -> str:
    if value not in ("total", *PARTS):
        raise wrong(path, f"{value!r} is not one of total, {', '.join(PARTS)}")
    return str(value)


def _tool(value: Any, path: str) -> Mapping[str, Any]:
    if isinstance(value, str):
        return {"name": _named(value, path), "with": {}}
    given = object_of(value, path, {"name", "with", "times"})
    read: dict[str, Any] = {"name": _named(given.get("name", ""), f"{path}.name"), "with": {}}
    for name, pattern in object_of(given.get("with", {}), f"{path}.with").items():
        read["with"][name] = pattern_of(pattern, f"{path}.with.{name}")
    if "times" in given:
        read["times"] = whole_of(given["times"], f"{path}.times")
    return read


def _named(value: Any, path: str) -> str:
    name = text_of(value, path)
    if not name:
        raise wrong(path, "needs the name of the tool")
    return name


def _patterns(value: Any, path: str) -> Mapping[str, str]:
    given = object_of(value, path)
    if not given:
        raise wrong(path, "needs a value that was extracted, by its name")
    return {name: pattern_of(one, f"{path}.{name}") for name, one in given.items()}


def _share(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise wrong(path, f"must be a share above 0, at most 1, not {value!r}")
    return float(value)


def _yes(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(path, f"must be true or false, not {kind_of(value)}")
    return value


def unfit(
    expectations: Sequence[Expectation], tools: Collection[str], values: Collection[str], *, vacuous: bool
) -> str:
    """What is wrong with assertions on an agent with these ``tools``, whose extractions find these ``values``, with its path; or nothing.

    ``vacuous``: only what could never fail (a tool there is not is called 0 times); else also what could never hold.
    """
    for at, one in enumerate(expectations):
        path = f"expect[{at}].{one.kind}"
        never = one.kind == "tool_called" and one.value.get("times") == 0
        if one.kind == "tool_called" and one.value["name"] not in tools and (never or not vacuous):
            return f"{path}: {no_tool(one.value['name'], tools)}"
        if one.kind == "extracted" and not vacuous:
            for name in sorted(set(one.value) - set(values)):
                return f"{path}.{name}: the agent does not extract {name!r}; {listed(values)}"
    return ""


def no_tool(name: str, tools: Collection[str]) -> str:
    """What is wrong with the name of a tool that cannot be asserted."""
    if ends_call(name):
        return f"{name!r} ends the call, which is told otherwise: ended is end_call_tool then"
    return f"the agent has no tool {name!r}; {listed(tools)}"


def listed(names: Collection[str]) -> str:
    """What there is, for a message about what there is not."""
    return f"there is {', '.join(sorted(names))}" if names else "it has none"


# -- judging ------------------------------------------------------------------------------------------------------------------------


def _found(pattern: str, texts: Sequence[str], who: str) -> str:
    """Over all texts in a row, so that a sentence that was cut in two pieces is found."""
    if re.search(pattern, " ".join(texts), re.IGNORECASE):
        return ""
    return f"{who} {pattern!r}, but: {_shown(texts)}"


def _not_found(pattern: str, texts: Sequence[str], who: str) -> str:
    match = re.search(pattern, " ".join(texts), re.IGNORECASE)
    return f"{who} {match.group()!r}" if match else ""


def _within(what: str, number: float, limits: Mapping[str, int]) -> str:
    if number < limits.get(_LEAST, number):
        return f"{what} {number:g}, at least {limits[_LEAST]} expected"
    if number > limits.get(_MOST, number):
        return f"{what} {number:g}, at most {limits[_MOST]} expected"
    return ""


def _tool_called(wanted: Mapping[str, Any], facts: CallFacts) -> str:
    named = [use for use in facts.tools if use.name == wanted["name"]]
    fitting = [use for use in named if all(_matches(p, use.arguments.get(name)) for name, p in wanted["with"].items())]
    if "times" in wanted and len(fitting) != wanted["times"]:
        return f"the tool {wanted['name']} was called {len(fitting)} times so, {wanted['times']} expected"
    if fitting or wanted.get("times") == 0:
        return ""
    if named:
        return f"the tool {wanted['name']} was called with {_compact(named[0].arguments)}, {_compact(wanted['with'])} expected"
    return f"the tool {wanted['name']} was not called; called: {', '.join(use.name for use in facts.tools) or 'none'}"


def _extracted(wanted: Mapping[str, str], facts: CallFacts) -> str:
    for name, pattern in wanted.items():
        value = facts.extracted.get(name)
        if not _matches(pattern, value):
            return f"extracted {name} is {value!r}, {pattern!r} expected"
    return ""


def _matches(pattern: str, value: Any) -> bool:
    """Whether a JSON value fits a pattern. What is missing or null fits none, not even one of everything."""
    return value is not None and re.search(pattern, _text(value), re.IGNORECASE) is not None


def _fast(wanted: Mapping[str, Any], facts: CallFacts) -> str:
    values = sorted(turn[wanted["part"]] for turn in facts.latency_ms if wanted["part"] in turn)
    if not values:
        return f"no turn has the latency {wanted['part']!r}"
    value = values[max(0, -(-len(values) * wanted["percentile"] // 100) - 1)]
    if value <= wanted["at_most_ms"]:
        return ""
    measured = (
        f"latency {wanted['part']} is {value:.0f} ms at the {wanted['percentile']}th percentile of {len(values)} turns"
    )
    return f"{measured}, at most {wanted['at_most_ms']} expected"


def _understood(share: float, facts: CallFacts) -> str:
    said = [_plain(word) for text in facts.caller_said for word in text.split()]
    heard = {_plain(word) for text in facts.agent_heard for word in text.split()}
    known = sum(word in heard for word in said)
    if not said:
        return f"the caller said nothing, {share:.0%} of their words expected in the record"
    if known >= share * len(said):
        return ""
    return f"{known} of the caller's {len(said)} words reached the record, {share:.0%} expected"


def _ended(pattern: str, facts: CallFacts) -> str:
    if re.search(pattern, facts.ended, re.IGNORECASE):
        return ""
    return f"the call ended with {facts.ended!r} ({facts.ended_by}), {pattern!r} expected"


def _ended_by(pattern: str, facts: CallFacts) -> str:
    if re.search(pattern, facts.ended_by, re.IGNORECASE):
        return ""
    return f"the call was ended by {facts.ended_by} ({facts.ended}), {pattern!r} expected"


CHECKS: dict[str, Check] = {
    "agent_said": Check(_telling, lambda v, f: _found(v, f.agent_said, "the caller did not hear the agent say")),
    "agent_never_said": Check(_telling, lambda v, f: _not_found(v, f.agent_said, "the agent said")),
    "agent_heard": Check(_telling, lambda v, f: _found(v, f.agent_heard, "the agent did not hear")),
    "agent_never_heard": Check(_telling, lambda v, f: _not_found(v, f.agent_heard, "the agent heard")),
    "far_end_heard": Check(_telling, lambda v, f: _found(v, f.far_end_heard, "the far end did not hear")),
    "understood": Check(_share, _understood),
    "tool_called": Check(_tool, _tool_called),
    "keys_sent": Check(pattern_of, lambda v, f: _found(f"^(?:{v})$", [f.keys], "the far end did not get the keys")),
    "ended": Check(_telling, _ended),
    "ended_by": Check(_telling, _ended_by),
    "extracted": Check(_patterns, _extracted),
    "latency": Check(_latency, _fast),
    "turns": Check(_range, lambda v, f: _within("turns:", f.turns, v)),
    "interruptions": Check(_range, lambda v, f: _within("interruptions of the agent:", f.cut, v)),
    "seconds": Check(_range, lambda v, f: _within("seconds:", f.seconds, v)),
    "silence_ms": Check(_range, lambda v, f: _within("longest silence in ms:", f.silence_ms, v)),
    "overlap_ms": Check(_range, lambda v, f: _within("longest time both spoke in ms:", f.overlap_ms, v)),
    "machine": Check(_yes, lambda v, f: "" if v == f.machine else f"answered by a machine: {f.machine}, {v} expected"),
}
"""Every assertion: its key, how its value is read, how it is judged."""


def _plain(word: str) -> str:
    return "".join(character for character in word.lower() if character.isalnum())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return str(value)


def _shown(texts: Sequence[str]) -> str:
    text = " | ".join(texts) or "nothing"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} ..."
