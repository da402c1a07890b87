"""Which model answers a disposition: the one it names where that can be asked, else the agent's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callwright.call.afterwards.examiner import Examiner
from callwright.call.afterwards.post_log import RESULT
from callwright.insight.dispositions import CallFacts, Group, Question
from callwright.insight.provision import STAND_IN
from callwright.ops.clock import SystemClock
from callwright.platform.agents.rules.spec import ProviderChoice
from callwright.platform.dispositions.rules import Disposition
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, ModelSettings
from callwright.ports.registry import UnknownPluginError

OWN = ProviderChoice("own", "mine")
CALL = CallFacts("user: hello\nassistant: hi", datetime(2026, 3, 1, tzinfo=UTC), {})


class Asked:
    """A model that keeps by whom it was asked, for which model and with which key."""

    def __init__(self, name: str, asked: list[tuple[str, str, str]], needs_key: bool) -> None:
        self.name = name
        self._asked = asked
        self._needs_key = needs_key

    def check(self, settings: ModelSettings) -> None:
        if self._needs_key and not settings.access.keys:
            raise ProviderError(FailureKind.REFUSED, self.name, "no key is known")

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        key = next(iter(request.settings.access.keys.values()), "")
        self._asked.append((self.name, request.settings.model, key))
        yield ModelDelta(text='{"subjective": "fine"}', ended="stop")

    async def warm(self, request: ModelRequest) -> None:
        """Nothing to prepare."""


class Paper:
    """Notes that keep what was found and what failed."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.results: list[dict[str, Any]] = []
        self.stand_ins: list[dict[str, Any]] = []

    def fact(self, name: str, values: dict[str, Any]) -> None:
        if name == RESULT:
            self.results.append(values)
        if name == STAND_IN:
            self.stand_ins.append(values)

    def failed(self, what: str, reason: str) -> None:
        self.failures.append(reason)

    async def keep(self) -> None:
        """Nowhere."""


async def asked_of(
    model: str, keys: Mapping[str, str], *, sandbox: bool = False, paper: Paper | None = None
) -> tuple[tuple[str, str, str] | None, list[str]]:
    """Who was asked a disposition with that model by an organisation with these keys, and what failed."""
    paper = paper or Paper()
    asked: list[tuple[str, str, str]] = []
    models = {
        "own": Asked("own", asked, False),
        "openai": Asked("openai", asked, True),
        "groq": Asked("groq", asked, True),
    }

    def plugin(kind: str, name: str) -> Any:
        if name not in models:
            raise UnknownPluginError(f"there is no {kind} named {name!r}")
        return models[name]

    def fitted(choice: ProviderChoice) -> ProviderChoice:
        name = choice.provider.upper()
        return replace(choice, access=Access({name: keys[name]})) if name in keys else choice

    question = Question("Mood", Disposition("Mood", "How was it?", model=model, is_subjective=True))
    examiner = Examiner(plugin, SystemClock(), fitted, stands_in=sandbox)
    await examiner.dispositions(Group((question,)), CALL, OWN, paper)
    return (asked[0] if asked else None), paper.failures


@pytest.mark.parametrize(
    ("model", "keys", "who"),
    [
        ("gpt-4.1-mini", {}, ("own", "mine", "")),
        ("gpt-4.1-mini", {"OPENAI": "k-1"}, ("openai", "gpt-4.1-mini", "k-1")),
        ("groq/llama", {"GROQ": "k-2"}, ("groq", "llama", "k-2")),
        ("own", {"OPENAI": "k-1"}, ("own", "", "")),
    ],
)
async def test_a_model_that_is_named_is_asked_with_the_organisations_key_where_it_can_be(
    model: str, keys: dict[str, str], who: tuple[str, str, str]
):
    assert await asked_of(model, keys) == (who, [])


async def test_a_provider_that_is_named_and_has_no_key_is_the_reason_of_the_failure():
    who, failures = await asked_of("groq/llama", {})
    assert who is None
    assert "no key is known" in failures[0]


@pytest.mark.parametrize("model", ["groq/llama", "openai", "house/any"])
async def test_in_a_sandbox_the_agents_own_model_is_asked_for_one_that_lacks_something(model: str):
    assert await asked_of(model, {}, sandbox=True) == (("own", "mine", ""), [])


@pytest.mark.parametrize(
    ("model", "wanted"), [("groq/llama", "groq"), ("gpt-4.1-mini", "openai"), ("openai", "openai")]
)
async def test_a_model_that_stands_in_for_a_dispositions_is_noted_with_the_reason(model: str, wanted: str):
    paper = Paper()
    await asked_of(model, {}, sandbox=True, paper=paper)
    reason = f"the model {wanted!r} cannot be used, no key is known"
    assert paper.stand_ins == [{"leg": "model", "wanted": wanted, "used": "own", "reason": reason, "remedy": ""}]


@pytest.mark.parametrize(
    ("model", "keys", "sandbox"),
    [("", {}, True), ("own", {}, True), ("groq/x", {"GROQ": "k"}, True), ("bare", {}, False)],
)
async def test_a_model_that_is_asked_as_the_rules_say_stands_in_for_none(
    model: str, keys: dict[str, str], sandbox: bool
):
    paper = Paper()
    await asked_of(model, keys, sandbox=sandbox, paper=paper)
    assert (paper.stand_ins, len(paper.results)) == ([], 1)


async def test_in_a_sandbox_too_a_model_that_has_its_key_is_asked_itself():
    assert await asked_of("groq/llama", {"GROQ": "k-2"}, sandbox=True) == (("groq", "llama", "k-2"), [])


async def test_a_fallback_of_the_agents_model_answers_a_disposition_that_its_own_model_cannot():
    asked: list[tuple[str, str, str]] = []
    models = {"own": Asked("own", asked, True), "spare": Asked("spare", asked, False)}

    def plugin(kind: str, name: str) -> Any:
        if name not in models:
            raise UnknownPluginError(f"there is no {kind} named {name!r}")
        return models[name]

    paper = Paper()
    question = Question("Mood", Disposition("Mood", "How was it?", model="gpt-4.1-mini", is_subjective=True))
    own = replace(OWN, fallbacks=(ProviderChoice("spare", "s"),))
    await Examiner(plugin, SystemClock()).dispositions(Group((question,)), CALL, own, paper)
    assert (asked, paper.failures) == ([("spare", "s", "")], [])
    assert paper.results[0]["result"]["model"] == "spare/s"
