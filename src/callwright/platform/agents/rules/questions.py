"""The questions of older agents (``gpt_assistants[].custom_questions``, contract 15), read from whatever shape they have.

The contract does not publish their shape: a text with ``key : question`` in each line, an object of key to question, and lists of questions
or of objects with a name are understood. What is none of these is kept and not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callwright.domain.limits import MAX_EXTRACTION_KEYS, MAX_NAME_CHARACTERS, MAX_QUESTION_CHARACTERS
from callwright.platform.agents.rules.spec import PostCallTask, ProviderChoice

_NAMES = ("name", "key", "id")
_QUESTIONS = ("question", "prompt", "description")


def custom_questions(assistants: Any, model: ProviderChoice) -> PostCallTask | None:
    """An extraction that asks them all of ``model``, None when there are none."""
    found: dict[str, str] = {}
    for one in assistants if isinstance(assistants, list) else ():
        if isinstance(one, Mapping):
            for key, question in _asked(one.get("custom_questions")):
                found.setdefault(key.strip()[:MAX_NAME_CHARACTERS], question[:MAX_QUESTION_CHARACTERS])
    wanted = {key: question for key, question in list(found.items())[:MAX_EXTRACTION_KEYS] if key}
    return PostCallTask("extraction", model, schema={"properties": wanted}) if wanted else None


def _asked(given: Any) -> Iterator[tuple[str, str]]:
    if isinstance(given, str):
        for line in given.splitlines():
            key, _, question = line.partition(":")
            if question.strip():
                yield key, question.strip()
    elif isinstance(given, Mapping):
        for key, question in given.items():
            yield str(key), _text(question)
    elif isinstance(given, list):
        for one in given:
            if isinstance(one, str):
                yield one, one
            elif isinstance(one, Mapping):
                question = _text(one)
                yield next((str(one[name]) for name in _NAMES if one.get(name)), question), question


def _text(question: Any) -> str:
    if isinstance(question, Mapping):
        return next((str(question[name]) for name in _QUESTIONS if question.get(name)), "")
    return str(question)
