"""Extraction and summary after the call: what to ask a model, and which of its answers the transcript supports.

A schema makes an answer valid, not true: small models copy example names into calls where nobody gave one. A value is
accepted only when its words occur in one line that the caller said or confirmed, or, for a choice or a yes/no, when the quote
given as evidence does.
How words are compared is :mod:`callwright.insight.wording`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callwright.domain.limits import MAX_EXTRACTION_KEYS
from callwright.insight.assent import confirms
from callwright.insight.model_json import object_in
from callwright.insight.wording import occurs, words_of
from callwright.platform.agents.rules.parsing import PostCallTask
from callwright.ports.model import Message, ModelRequest, ModelSettings

_KEY_LINE = re.compile(r"^[\s\-*]*([A-Za-z_][A-Za-z0-9_ ]{0,60}?)\s*[:=]\s*(\S.*)$")
_NOTHING = frozenset(
    {"", "null", "none", "unknown", "n/a", "na", "not mentioned", "not provided", "not specified", "undefined"}
)
_YES_NO = re.compile(r"\b(true|false|boolean|yes\s*(?:/|or|and)\s*no|whether|if the)\b", re.IGNORECASE)


EVERY_KEY = "*"
"""The key of a refusal of the whole answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value to extract. ``choice``: it is a yes/no or one of listed values (``options``), so that it needs a quote as evidence."""

    key: str
    description: str
    choice: bool
    options: tuple[str, ...] = ()


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
        found = [(str(key), _description(value), _options(value)) for key, value in source.items()]
    else:
        found = [
            (match.group(1).strip().replace(" ", "_"), match.group(2), ())
            for line in task.details.splitlines()
            if (match := _KEY_LINE.match(line)) is not None
        ]
    return [
        Wanted(key, description, bool(options) or _is_choice(description), options)
        for key, description, options in found[:MAX_EXTRACTION_KEYS]
    ]


def _options(value: Any) -> tuple[str, ...]:
    """The listed values of a JSON schema property."""
    listed = value.get("enum") if isinstance(value, Mapping) else None
    return tuple(str(one) for one in listed if one is not None) if isinstance(listed, list) else ()


def _description(value: Any) -> str:
    if isinstance(value, Mapping):
        if value.get("type") == "boolean":
            return f"true or false: {value.get('description', '')}"
        if options := _options(value):
            return f"one of {', '.join(options)}: {value.get('description', '')}"
        return str(value.get("description", ""))
    return str(value)


def _is_choice(description: str) -> bool:
    return bool(_YES_NO.search(description)) or description.startswith("one of ")


def extraction_request(task: PostCallTask, transcript: str, settings: ModelSettings) -> ModelRequest:
    """The question that fills the wanted values from a transcript, under a JSON schema."""
    wanted = wanted_by(task)
    properties: dict[str, Any] = {}
    for one in wanted:
        properties[one.key] = {"enum": [*one.options, None]} if one.options else {"type": ["string", "null"]}
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
    messages = _about(transcript, instructions)
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
    return ModelRequest(_about(transcript, instructions), settings, purpose="summary")


def _about(transcript: str, instructions: str) -> tuple[Message, ...]:
    """Every question about a call begins with its transcript, so that a model that remembers how prompts begin reads it once."""
    return (
        Message("system", "You work on the transcript of a phone call."),
        Message("user", f"Transcript:\n{transcript}\n\nTask: {instructions}"),
    )


def accept(answer: str, wanted: Sequence[Wanted], transcript: str) -> tuple[dict[str, Any], list[Rejected]]:
    """The supported values of a model's answer, every wanted key present (None when nothing was found), and what was refused."""
    rejected: list[Rejected] = []
    given = object_in(answer)
    if given is None:
        return dict.fromkeys((w.key for w in wanted), None), [
            Rejected(EVERY_KEY, answer[:500], "the model's answer is not a JSON object")
        ]
    lines = [words_of(line) for line in _evidence(transcript)]
    accepted: dict[str, Any] = {}
    for one in wanted:
        value = given.get(one.key)
        accepted[one.key] = None
        if _is_nothing(value):
            continue
        if one.options and str(value) not in one.options:
            rejected.append(Rejected(one.key, value, "it is none of the listed values"))
            continue
        proof = given.get(f"{one.key}_evidence") if one.choice else value
        if _is_nothing(proof) or not occurs(words_of(str(proof)), lines):
            rejected.append(Rejected(one.key, value, "the caller did not say or confirm it"))
            continue
        accepted[one.key] = _typed(value) if one.choice and not one.options else value
    return accepted, rejected


def _evidence(transcript: str) -> list[str]:
    """What counts as said: the caller's lines, and the agent's where the caller's next words confirm them.

    The agent's words alone prove nothing: its own name, an offered day and an example are no facts about the caller.
    """
    lines = [line.partition(": ") for line in transcript.splitlines()]
    proven: list[str] = []
    for index, (role, _, text) in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ("", "", "")
        if role == "user" or (following[0] == "user" and confirms(following[2])):
            proven.append(text)
    return proven


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower().rstrip(".") in _NOTHING)


def _typed(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in {"true", "yes"}:
        return True
    if isinstance(value, str) and value.strip().lower() in {"false", "no"}:
        return False
    return value
