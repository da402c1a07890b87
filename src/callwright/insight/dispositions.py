"""Dispositions asked of a model after the call, and what its answers are worth (contract 15).

Questions go to the model a few at a time (:func:`groups`), under a JSON schema. An answer is read whatever its form: a value that is not of
its type is kept and marked, a choice that is no option is not taken, and a confidence counts only as far as the model's evidence is in
the transcript.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from callwright.domain.limits import MAX_SUBJECTIVE_CHARACTERS
from callwright.domain.variables import render
from callwright.insight.answer_form import in_form
from callwright.insight.model_json import object_in
from callwright.insight.wording import occurs, words_of
from callwright.platform.dispositions.rules import (
    BOOLEAN,
    CALL_SUMMARY,
    DEFAULT_CATEGORY,
    EMAIL,
    NUMERIC,
    REGEX,
    TEXT,
    TIMESTAMP,
    Disposition,
    Option,
    is_valid,
    label_of,
    paths,
)
from callwright.ports.model import Message, ModelRequest, ModelSettings

NOT_APPLICABLE = "null"
"""The contract's word for a subjective answer to a question that does not apply to the call."""

ARROW = " > "
"""Between the values of a path of options."""

UNPROVEN = 0.5
"""The most that a confidence counts whose evidence is not in the transcript."""

CONTESTED = 0.3
"""The most that a confidence counts where the model chose something else when it was asked again."""

PURPOSE = "extraction"
DAYS_NAMED = 14

SUMMARY = Disposition(
    name=CALL_SUMMARY,
    question="What did the caller want, and what came of it? Answer in two short sentences, with what was said only.",
    category=DEFAULT_CATEGORY,
    is_subjective=True,
)
"""Asked of every call that is asked anything, unless the agent has a question of that name."""

_NOTHING = frozenset(
    {
        "",
        "none",
        "unknown",
        "not mentioned",
        "not provided",
        "not specified",
        "not stated",
        "nothing",
        "not in the call",
    }
)
_NOT_APPLICABLE = frozenset({"null", "n/a", "na", "not applicable", "does not apply"})
_WORDS = {"high": 0.9, "certain": 0.9, "medium": 0.6, "likely": 0.6, "low": 0.3, "unsure": 0.3}
_NO_CHOICE = frozenset({"", "null", "none", "n/a", "none of these"})

_SAID, _UNSAID, _BESIDE = "in the call", "not in the call", "does not apply"

_FORMS = {
    TEXT: "a short text",
    TIMESTAMP: "a date, or a date and time, in the form 2026-01-31 or 2026-01-31T15:00 (the list of days says which date a day is)",
    NUMERIC: "a number in digits, without unit or commas",
    BOOLEAN: "true or false",
    EMAIL: "an e-mail address in the form name@example.com",
}


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the questions of one call are about. ``moment``: when it began, in its own time zone."""

    transcript: str
    moment: datetime
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One disposition of one call: ``name`` is its key in the result (two of the same name must not hide each other)."""

    name: str
    asked: Disposition


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that go to one model in one request. ``model`` and ``system_prompt`` are those of all of them."""

    questions: tuple[Question, ...]

    @property
    def model(self) -> str:
        """The model their dispositions name."""
        return self.questions[0].asked.model


def questions_of(dispositions: Sequence[Disposition], variables: Mapping[str, str]) -> list[Question]:
    """The questions of a call: with its variables filled in, the summary after them, every name once within its category."""
    if not dispositions:
        return []
    listed = list(dispositions)
    if not any((one.category, one.name) == (DEFAULT_CATEGORY, CALL_SUMMARY) for one in listed):
        listed.append(replace(SUMMARY, model=listed[0].model))
    taken: set[tuple[str, str]] = set()
    found: list[Question] = []
    for one in listed:
        number, name = 1, one.name
        while (one.category, name) in taken:
            number += 1
            name = f"{one.name} ({number})"
        taken.add((one.category, name))
        found.append(Question(name, _rendered(one, variables)))
    return found


def _rendered(one: Disposition, variables: Mapping[str, str]) -> Disposition:
    return replace(
        one,
        question=render(one.question, variables),
        system_prompt=render(one.system_prompt, variables),
        options=_options(one.options, variables),
    )


def _options(options: Sequence[Option], variables: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(
        Option(one.value, render(one.condition, variables), _options(one.sub_options, variables)) for one in options
    )


def groups(questions: Sequence[Question], size: int) -> list[Group]:
    """Questions that may go together, at most ``size``: for the same model and under the same system prompt, in their order."""
    alike: dict[tuple[str, str], list[Question]] = {}
    for one in questions:
        alike.setdefault((one.asked.model, one.asked.system_prompt), []).append(one)
    return [Group(tuple(ones[at : at + size])) for ones in alike.values() for at in range(0, len(ones), size)]


# -- asking ------------------------------------------------------------------------------------------------------------------


def request(group: Group, call: CallFacts, settings: ModelSettings, *, small: bool = False) -> ModelRequest:
    """The question to the model. It begins with the transcript, so that a model that remembers how prompts begin reads it once.

    A ``small`` model takes the call's own date for the one that was asked for, and cannot count days: it is told none, answers in the
    words of the call, and the date is worked out from them (``insight.answer_form``).
    """
    single = len(group.questions) == 1
    parts = [_question(one, small) for one in group.questions]
    if single:
        told = f"Task: Answer one question about this call as JSON.\n\n{parts[0]}"
        schema = _schema(group.questions[0].asked)
    else:
        listed = "\n\n".join(f"q{number}\n{part}" for number, part in enumerate(parts, 1))
        told = f"Task: Answer {len(parts)} questions about this call as JSON, each under its key.\n\n{listed}"
        schema = _object({f"q{number}": _schema(one.asked) for number, one in enumerate(group.questions, 1)})
    about = [f"Transcript:\n{call.transcript}"]
    if not small:
        about.append(f"The call was on {_day(call.moment)} at {call.moment:%H:%M}.")
    if not small and any(one.asked.subjective_type == TIMESTAMP for one in group.questions):
        about.append(_days(call.moment))
    messages = [Message("system", "You work on the transcript of a phone call.")]
    if group.questions[0].asked.system_prompt:
        told = f"{group.questions[0].asked.system_prompt}\n\n{told}"
    messages.append(Message("user", "\n\n".join([*about, told])))
    return ModelRequest(tuple(messages), settings, purpose=PURPOSE, schema=json.dumps(schema, sort_keys=False))


def _question(question: Question, small: bool) -> str:
    asked = question.asked
    lines = [f"Question: {asked.question}", "Keys:"]
    if asked.is_subjective:
        lines.append(
            f'found: "{_SAID}", "{_UNSAID}" when nobody said it, or "{_BESIDE}" when the question does not fit this call'
        )
    lines.append("evidence: the words of the transcript that answer the question, copied, or null")
    lines.append("reason: one short sentence about those words")
    if asked.is_subjective:
        lines.append(f"answer: {_form(asked, small)}; empty when nobody said it")
    if asked.is_objective:
        lines.append("choice: the option that fits, word for word, or null when none does. The options:")
        lines.extend(_listed(asked.options))
    lines.append("confidence: from 0 (a guess) to 1 (it was said word for word)")
    return "\n".join(lines)


def _form(asked: Disposition, small: bool) -> str:
    if small and asked.subjective_type == TIMESTAMP:
        return 'the day and the time in the words of the call, such as "Monday at 4 pm"'
    if asked.subjective_type == REGEX:
        return asked.config.description or f"a text of the form {asked.config.pattern}"
    return _FORMS[asked.subjective_type]


def _listed(options: Sequence[Option], above: tuple[str, ...] = ()) -> list[str]:
    lines: list[str] = []
    for one in options:
        path = (*above, one.value)
        when = f" - when: {one.condition}" if one.condition else ""
        lines.append(f"- {json.dumps(ARROW.join(path), ensure_ascii=False)}{when}")
        lines.extend(_listed(one.sub_options, path))
    return lines


def _schema(asked: Disposition) -> dict[str, Any]:
    """The keys in the order in which small models do best: what there is, the words, the reason, and only then the answer."""
    keys: dict[str, Any] = {"found": {"enum": [_SAID, _UNSAID, _BESIDE]}} if asked.is_subjective else {}
    keys |= {"evidence": {"type": ["string", "null"]}, "reason": {"type": "string"}}
    if asked.is_subjective:
        keys["answer"] = {"enum": ["true", "false", ""]} if asked.subjective_type == BOOLEAN else {"type": "string"}
    if asked.is_objective:
        keys["choice"] = {"enum": [*(ARROW.join(path) for path in paths(asked.options)), None]}
    keys["confidence"] = {"type": "number"}
    return _object(keys)


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }


def _day(moment: datetime) -> str:
    return f"{moment:%A}, {moment:%Y-%m-%d}"


def _days(moment: datetime) -> str:
    """Models are bad at counting days: which date a day has is told."""
    named = [f"today is {_day(moment)}", f"tomorrow is {_day(moment + timedelta(days=1))}"]
    named.extend(_day(moment + timedelta(days=ahead)) for ahead in range(2, DAYS_NAMED))
    return f"Days: {'; '.join(named)}."


# -- reading -----------------------------------------------------------------------------------------------------------------


def read_answers(answer: str, group: Group, call: CallFacts) -> list[dict[str, Any] | None]:
    """The result of each question of the group, None where the answer holds none."""
    given = object_in(answer)
    if given is None:
        return [None] * len(group.questions)
    spoken = [words_of(line.partition(": ")[2]) for line in call.transcript.splitlines()]
    if len(group.questions) == 1:
        alone = given.get("q1")
        return [_result(group.questions[0].asked, alone if isinstance(alone, Mapping) else given, spoken, call)]
    found: list[dict[str, Any] | None] = []
    for number, question in enumerate(group.questions, 1):
        one = given.get(f"q{number}", given.get(question.name))
        found.append(_result(question.asked, one, spoken, call) if isinstance(one, Mapping) else None)
    return found


def unanswered(asked: Disposition, why: str) -> dict[str, Any]:
    """The result of a question that has no answer, and why it has none."""
    return {**_shape(asked), "answered": False, "error": why}


def summarised(text: str) -> dict[str, Any]:
    """The result of the summary that another task of the agent has written already."""
    return {**_shape(SUMMARY), "subjective": text, "confidence": 1, "confidence_label": label_of(1)}


def other_way_round(question: Question) -> Question:
    """The same question with its options in the opposite order: a model that does not know chooses by place."""
    return replace(question, asked=replace(question.asked, options=_turned(question.asked.options)))


def _turned(options: Sequence[Option]) -> tuple[Option, ...]:
    return tuple(replace(one, sub_options=_turned(one.sub_options)) for one in reversed(options))


def doubted(result: Mapping[str, Any], second: Mapping[str, Any] | None) -> dict[str, Any]:
    """A result in the light of what the same model chose when it was asked the other way round: of two choices neither is certain."""
    if second is None or second["objective"] == result["objective"]:
        return dict(result)
    confidence = min(float(result["confidence"]), CONTESTED)
    return {
        **result,
        "second_choice": second["objective"] or "none of them",
        "confidence": confidence,
        "confidence_label": label_of(confidence),
    }


def _shape(asked: Disposition) -> dict[str, Any]:
    return {
        "subjective": "" if asked.is_subjective else None,
        "objective": None,
        "confidence": 0,
        "confidence_label": label_of(0),
        "reasoning_subjective": None,
        "reasoning_objective": None,
        "validation": None,
        "objective_path": None,
        "evidence": None,
        "second_choice": None,
        "answered": True,
        "error": None,
    }


def _result(
    asked: Disposition, given: Mapping[str, Any], spoken: Sequence[Sequence[str]], call: CallFacts
) -> dict[str, Any] | None:
    """What the contract calls a result; None when the model gave neither an answer nor a choice."""
    result = _shape(asked)
    found = str(given.get("found") or "").strip().lower()
    said = {_UNSAID: "", _BESIDE: NOT_APPLICABLE}.get(found, _first(given, "answer", "subjective", "value"))
    chosen = _first(given, "choice", "objective", "option")
    if not any(key in given for key in ("answer", "subjective", "value", "choice", "objective", "option")):
        return None
    if asked.is_subjective:
        text = _subjective(asked, said, call.moment)
        result["subjective"] = text
        result["reasoning_subjective"] = _text(_first(given, "reasoning_subjective", "reason", "reasoning"))
        if asked.subjective_type != TEXT and text not in ("", NOT_APPLICABLE):
            valid = is_valid(asked.subjective_type, text, asked.config.pattern)
            result["validation"] = {"is_valid": valid, "expected_type": asked.subjective_type}
    if asked.is_objective:
        path = _choice(asked.options, chosen)
        result["objective"] = None if path is None else ARROW.join(path)
        result["objective_path"] = None if path is None else list(path)
        result["reasoning_objective"] = _text(_first(given, "reasoning_objective", "reason", "reasoning"))
        if path is None and not _is_no_choice(chosen):
            result["error"] = f"the model chose {json.dumps(str(chosen)[:200], ensure_ascii=False)}, which is no option"
    _weigh(result, asked, given, spoken)
    return result


def _weigh(
    result: dict[str, Any], asked: Disposition, given: Mapping[str, Any], spoken: Sequence[Sequence[str]]
) -> None:
    """The model's confidence, as far as there is something to be confident of and words that show it."""
    confidence = _confidence(given.get("confidence"))
    evidence = _text(given.get("evidence"))
    proven = evidence is not None and occurs(words_of(evidence), spoken)
    result["evidence"] = evidence if proven else None
    free_text = asked.subjective_type == TEXT and not asked.is_objective
    if not proven and not free_text:
        confidence = min(confidence, UNPROVEN)
    validation = result["validation"]
    if result["error"] is not None or (validation is not None and not validation["is_valid"]):
        confidence = 0
    result["confidence"], result["confidence_label"] = confidence, label_of(confidence)


def _first(given: Mapping[str, Any], *names: str) -> Any:
    return next((given[name] for name in names if given.get(name) is not None), None)


def _text(value: Any) -> str | None:
    """A text, or None for nothing and for anything else."""
    if not isinstance(value, str) or value.strip().lower().rstrip(".") in _NOTHING | _NOT_APPLICABLE:
        return None
    return value.strip()[:MAX_SUBJECTIVE_CHARACTERS]


def _subjective(asked: Disposition, value: Any, moment: datetime) -> str:
    if value is None:
        return ""
    text = (
        json.dumps(value)
        if isinstance(value, bool | int | float)
        else value
        if isinstance(value, str)
        else json.dumps(value)
    )
    text = text.strip()[:MAX_SUBJECTIVE_CHARACTERS]
    plain = text.lower().rstrip(".")
    if plain in _NOTHING:
        return ""
    if plain in _NOT_APPLICABLE:
        return NOT_APPLICABLE
    return in_form(asked.subjective_type, text, moment)


def _is_no_choice(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _NO_CHOICE)


def _choice(options: Sequence[Option], value: Any) -> tuple[str, ...] | None:
    """The path that a model's choice names: word for word, else without regard to case, else by a value that only one path ends with,
    else by the longest option it begins with ("yes - they agreed")."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ARROW.join(value)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if not isinstance(value, str):
        return None
    known = paths(options)
    wanted = value.strip().strip("\"'").casefold()
    for of in (ARROW.join, lambda path: path[-1]):
        matches = [path for path in known if of(path).casefold() == wanted]
        exact = [path for path in matches if of(path) == value]
        if len(exact) == 1 or len(matches) == 1:
            return (exact or matches)[0]
    begun = [path for path in known if _begins(wanted, ARROW.join(path).casefold())]
    return max(begun, key=lambda path: len(ARROW.join(path)), default=None)


def _begins(text: str, with_: str) -> bool:
    following = text[len(with_) : len(with_) + 1]
    return text.startswith(with_) and not following.isalnum()


def _confidence(value: Any) -> float:
    """From 0 to 1, also from words, percentages and texts; what says nothing is a Medium."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _WORDS:
            return _WORDS[word]
        try:
            value = float(word.removesuffix("%"))
        except ValueError:
            return UNPROVEN
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return UNPROVEN
    found = float(value) / 100 if value > 1 else float(value)
    return round(min(1.0, max(0.0, found)), 3)
