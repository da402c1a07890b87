"""A language model that follows a script: rules on what the caller said, or replies in order."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from callwright.domain.patterns import PatternError, Searches
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, ToolCall
from callwright.ports.speech import UsageAmount
from callwright.providers.scripted import options as script

DEFAULT_REPLY = "I see. Please tell me more."
DEFAULT_GOODBYE = "Goodbye."
END_CALL_TOOL = "end_call"
RULE_KEYS = frozenset({"when", "say", "tool", "end_call", "json", "fail"})

_Filling = Callable[[str], str]
"""Puts what was found into a template."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the script says: words, tools to call, and a failure instead of everything."""

    text: str = ""
    tools: tuple[ToolCall, ...] = ()
    fail: str = ""


class ScriptedModel:
    """A model by script. Options of the agent's model settings:

    ``rules``: list of ``{"when": regex, "say": text, "tool": {"name", "arguments"}, "end_call": true, "json": value, "fail": kind}``; the
    first rule whose ``when`` (RE2's syntax, any case) is found in the last user message answers, a rule without ``when`` always does.
    ``\\1`` and ``\\g<name>`` in ``say`` and in the strings of ``json`` stand for what the groups matched. ``replies``: list of texts or
    rules, one per user message so far, the last one repeated. ``answers``: purpose (extraction, summary, hangup, ...) -> list of rules
    for requests of that purpose. ``first_token_ms``, ``token_ms``: delays. Stateless: the same request gives the same answer.
    """

    name = "scripted"

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer word by word."""
        given = request.settings.options
        first_ms, token_ms = script.whole(given, "first_token_ms"), script.whole(given, "token_ms")
        said = _find(request)
        if said.fail:
            kind = script.failure({"fail": said.fail}, "fail", FailureKind.UNAVAILABLE)
            raise ProviderError(kind, self.name, f"the script makes this answer fail with {kind}")
        # Without spaces at the end: the expression would look at them once for each of them.
        words = re.findall(r"\s*\S+", said.text.rstrip())
        reason = "tool" if said.tools else "stop"
        if len(words) > request.settings.max_tokens and not request.schema:
            words, reason = words[: request.settings.max_tokens], "length"
        for number, word in enumerate(words):
            await asyncio.sleep((token_ms if number else first_ms) / 1000)
            yield ModelDelta(text=word)
        for tool in said.tools:
            yield ModelDelta(tool_call=tool)
        asked = sum(len(message.content.split()) for message in request.messages)
        usage = UsageAmount("model", self.name, request.settings.model or "scripted", asked, amount_output=len(words))
        yield ModelDelta(ended=reason, usage=usage)

    async def warm(self, request: ModelRequest) -> None:
        """Nothing to prepare."""


def _find(request: ModelRequest) -> _Answer:
    """The script's answer to a request. Raises ProviderError(BAD_REQUEST) for a wrong script."""
    given = request.settings.options
    heard = next((m.content for m in reversed(request.messages) if m.role == "user"), "")
    if request.purpose not in ("reply", "warm"):
        rules = _answers(given, request.purpose)
        return _by_rules(rules, heard, request) or _Answer("{}" if request.schema else "")
    if request.messages and request.messages[-1].role == "tool":
        heard = request.messages[-1].content
    by_rules = _by_rules(script.listing(given, "rules"), heard, request)
    if by_rules:
        return by_rules
    replies = script.listing(given, "replies")
    if replies:
        turns = sum(1 for message in request.messages if message.role == "user")
        reply = replies[min(max(turns, 1), len(replies)) - 1]
        answer = _Answer(reply) if isinstance(reply, str) else _by_rules([reply], heard, request)
        return answer or _Answer(DEFAULT_REPLY)
    return _Answer(DEFAULT_REPLY)


def _answers(given: Mapping[str, Any], purpose: str) -> list[Any]:
    answers = given.get("answers", {})
    if not isinstance(answers, Mapping):
        raise script.bad("option answers must be an object of purpose to rules")
    return script.listing(answers, purpose)


def _by_rules(rules: list[Any], heard: str, request: ModelRequest) -> _Answer | None:
    searches = Searches()
    for number, rule in enumerate(rules):
        if not isinstance(rule, Mapping) or not set(rule) <= RULE_KEYS:
            raise script.bad(f"rule {number} must be an object with some of {', '.join(sorted(RULE_KEYS))}")
        try:
            found = searches.find(str(rule.get("when", "")), heard)
            if found is not None:
                return _answer(rule, partial(searches.filled, found=found), request)
        except PatternError as error:
            raise script.bad(f"rule {number}: {error}") from error
    return None


def _answer(rule: Mapping[str, Any], filled: _Filling, request: ModelRequest) -> _Answer:
    text = filled(str(rule.get("say", "")))
    if "json" in rule:
        text = json.dumps(_filled(rule["json"], filled), ensure_ascii=False)
    turn = len(request.messages)
    tools: list[ToolCall] = []
    tool = rule.get("tool")
    if isinstance(tool, Mapping):
        arguments = json.dumps(_filled(tool.get("arguments", {}), filled), ensure_ascii=False)
        tools.append(ToolCall(f"scripted-{turn}-{len(tools)}", str(tool.get("name", "")), arguments))
    if rule.get("end_call"):
        tools.append(ToolCall(f"scripted-{turn}-{len(tools)}", END_CALL_TOOL, '{"reason": "the conversation is over"}'))
        if not text:
            text = DEFAULT_GOODBYE
    return _Answer(text, tuple(tools), str(rule.get("fail", "")))


def _filled(value: Any, filled: _Filling) -> Any:
    """``value`` with what was found put into its strings."""
    if isinstance(value, str):
        return filled(value)
    if isinstance(value, Mapping):
        return {key: _filled(item, filled) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, filled) for item in value]
    return value
