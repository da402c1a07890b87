"""Extraction and summary after the call: what to ask a model, and which of its answers the transcript supports.

A schema makes an answer valid, not true: small models copy example names into calls where nobody gave one. A value is
accepted only when its words occur in one line of the transcript, or, for a choice or a yes/no, when the quote given as evidence does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callwright.domain.agent import PostCallTask
from callwright.ports.model import Message, ModelRequest, ModelSettings

MAX_KEYS = 40
_KEY_LINE = re.compile(r"^[\s\-*]*([A-Za-z_][A-Za-z0-9_ ]{0,60}?)\s*[:=]\s*(\S.*)$")
_NOTHING = frozenset(
    {"", "null", "none", "unknown", "n/a", "na", "not mentioned", "not provided", "not specified", "undefined"}
)
_YES_NO = re.compile(r"\b(true|false|boolean|yes\s*(?:/|or|and)\s*no|whether|if the)\b", re.IGNORECASE)
_DIGITS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
    "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20",
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
}  # fmt: skip
_SMALL_WORDS = frozenset({"a", "an", "the", "at", "on", "in", "of", "for", "to", "is", "and", "o'clock", "oclock"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value to extract. ``choice``: it is a yes/no or one of listed values, so that it needs a quote as evidence."""

    key: str
    description: str
    choice: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """A value the model gave that the transcript does not support."""

    key: str
    value: Any
    reason: str


def wanted_by(task: PostCallTask) -> list[Wanted]:
    """What the task asks for, from its JSON (``extraction_json``) or its text (``key : description`` a line)."""
    if task.schema:
        properties = task.schema.get("properties")
        source = properties if isinstance(properties, Mapping) else task.schema
        pairs = [(str(key), _description(value)) for key, value in source.items()]
    else:
        pairs = [
            (match.group(1).strip().replace(" ", "_"), match.group(2))
            for line in task.details.splitlines()
            if (match := _KEY_LINE.match(line)) is not None
        ]
    return [Wanted(key, description, _is_choice(description)) for key, description in pairs[:MAX_KEYS]]


def _description(value: Any) -> str:
    if isinstance(value, Mapping):
        if value.get("type") == "boolean":
            return f"true or false: {value.get('description', '')}"
        if "enum" in value:
            return f"one of {', '.join(map(str, value['enum']))}: {value.get('description', '')}"
        return str(value.get("description", ""))
    return str(value)


def _is_choice(description: str) -> bool:
    return bool(_YES_NO.search(description)) or description.startswith("one of ")


def extraction_request(task: PostCallTask, transcript: str, settings: ModelSettings) -> ModelRequest:
    """The question that fills the wanted values from a transcript, under a JSON schema."""
    wanted = wanted_by(task)
    properties: dict[str, Any] = {}
    for one in wanted:
        properties[one.key] = {"type": ["string", "null"]}
        if one.choice:
            properties[f"{one.key}_evidence"] = {"type": ["string", "null"]}
    schema = {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}
    asked = "\n".join(f"- {one.key}: {one.description}" for one in wanted)
    instructions = (
        "Read the phone call and fill in the values as JSON. Copy the caller's own words; use null for everything that was not "
        "said. A key ending in _evidence takes the exact words of the call that prove the value.\n" + asked
    )
    if task.system_prompt:
        instructions = f"{task.system_prompt}\n\n{instructions}"
    messages = (Message("system", instructions), Message("user", transcript))
    return ModelRequest(messages, settings, purpose="extraction", schema=json.dumps(schema, sort_keys=True))


def summary_request(task: PostCallTask, transcript: str, settings: ModelSettings) -> ModelRequest:
    """The question for a short summary."""
    instructions = (
        task.details
        or task.system_prompt
        or (
            "Summarise the phone call in two short sentences: what the caller wanted and what was agreed. Use only what was said."
        )
    )
    return ModelRequest((Message("system", instructions), Message("user", transcript)), settings, purpose="summary")


def accept(answer: str, wanted: Sequence[Wanted], transcript: str) -> tuple[dict[str, Any], list[Rejected]]:
    """The supported values of a model's answer, every wanted key present (None when nothing was found), and what was refused."""
    rejected: list[Rejected] = []
    given = _parse(answer)
    if given is None:
        return dict.fromkeys((w.key for w in wanted), None), [
            Rejected("*", answer[:500], "the model's answer is not a JSON object")
        ]
    lines = [_tokens(line.partition(":")[2]) for line in transcript.splitlines()]
    accepted: dict[str, Any] = {}
    for one in wanted:
        value = given.get(one.key)
        accepted[one.key] = None
        if _is_nothing(value):
            continue
        proof = given.get(f"{one.key}_evidence") if one.choice else value
        if _is_nothing(proof) or not _supported(_tokens(str(proof)), lines):
            rejected.append(Rejected(one.key, value, "its words do not occur in the transcript"))
            continue
        accepted[one.key] = _typed(value) if one.choice else value
    return accepted, rejected


def _parse(answer: str) -> dict[str, Any] | None:
    begin, end = answer.find("{"), answer.rfind("}")
    if begin < 0 or end < begin:
        return None
    try:
        value = json.loads(answer[begin : end + 1])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower().rstrip(".") in _NOTHING)


def _typed(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in {"true", "yes"}:
        return True
    if isinstance(value, str) and value.strip().lower() in {"false", "no"}:
        return False
    return value


def _tokens(text: str) -> list[str]:
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower().replace("a.m.", "am").replace("p.m.", "pm"))
    return [_DIGITS.get(word, word) for word in words]


def _supported(value: Sequence[str], lines: Sequence[Sequence[str]]) -> bool:
    """Whether all content words of ``value`` occur, in their order, within one line."""
    needed = [word for word in value if word not in _SMALL_WORDS]
    if not needed:
        return False
    return any(_in_order(needed, line) for line in lines)


def _in_order(needed: Sequence[str], line: Sequence[str]) -> bool:
    position = iter(line)
    return all(word in position for word in needed)
