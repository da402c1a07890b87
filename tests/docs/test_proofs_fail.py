"""The tests that are marked as proofs of settings prove what they are marked for: a core that ignores the setting fails one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import MISSING, fields
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from tests.docs.setting_proofs import ROOT, proofs
from tests.docs.test_settings_in_the_plan import FIELDS

from callwright.conversation import core, history
from callwright.conversation.plan import CallPlan, TransferTool
from callwright.outbox import publication
from callwright.platform.agents.rules import parsing as agent
from callwright.platform.webhooks.rules import address as webhook_address
from callwright.ports.model import ModelSettings, Tool
from callwright.ports.speech import TranscriberSettings, VoiceSettings

pytestmark = pytest.mark.long


#: The core only hands these on, or the field has more to it than the setting. Each has a proof where it is acted on, which sets the key.
ACTED_ON_ELSEWHERE = {
    "task_config.auto_reschedule",  # of the prompt it is a part of; who is called back is settled behind the call
    "agent.calling_guardrails",
    *("tool.description", "tool.strict"),  # of what the model is offered: TOLD
    *("tool_params.strict", "tool_params.pre_call_message"),  # in the rows of tool.strict and tool.pre_call_message
    "tool.transfer_mode",  # of a transfer: PARTS; how the line transfers needs a telephone (tests/phone)
    *("tool.briefing", "tool.confirm", "tool.bridge"),  # of a warm transfer, which the shell makes
    "task_config.ambient_noise_track",  # which of the tracks (the track itself: ambient_noise)
}


class _Outcomes:
    """A plugin of pytest that counts tests by how they ended."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.when == "call":
            self.passed.append(report.nodeid)


def run(*tests: str) -> _Outcomes:
    """How tests end that are run from within this one."""
    outcomes = _Outcomes()
    plain = ("-q", "-p", "no:cacheprovider", "-p", "no:faulthandler")
    with redirect_stdout(StringIO()):
        code = pytest.main([*plain, *tests], plugins=[outcomes])
    assert code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), f"{tests} cannot be run"
    assert outcomes.passed or outcomes.failed
    return outcomes


def proofs_in_the_core(key: str) -> list[str]:
    """The named tests that are about what the setting does, and not only about where it is kept."""
    return [proof for proof in proofs()[key] if "test_settings_in_the_plan" not in proof]


@contextmanager
def ignored(settings: type, name: str) -> Iterator[None]:
    """All of ``settings`` have the default of the field ``name``, whatever they are made with, as though it were written into who
    reads it; of another ``name`` they have no option."""
    slots = vars(settings)
    where = name if name in slots else "options"
    slot = slots[where]
    if where == name:
        default = next(field.default for field in fields(settings) if field.name == name)
        default = "" if default is MISSING else default
        instead = property(lambda _: default, lambda _, _value: None)
    else:
        instead = property(lambda one: {key: it for key, it in slot.__get__(one).items() if key != name}, slot.__set__)
    setattr(settings, where, instead)
    try:
        yield
    finally:
        setattr(settings, where, slot)


@pytest.mark.parametrize("key", sorted(FIELDS.keys() - ACTED_ON_ELSEWHERE))
def test_a_core_that_ignores_a_setting_fails_a_test_that_is_named_for_it(key: str) -> None:
    with ignored(CallPlan, FIELDS[key]):
        assert run(*proofs_in_the_core(key)).failed, f"no test of {key} notices that it is ignored"


@contextmanager
def taken_for(name: str, other: Callable[[int], int]) -> Iterator[None]:
    """Whoever reads the field ``name`` of a plan takes it for an ``other`` number."""
    slot = vars(CallPlan)[name]
    setattr(CallPlan, name, property(lambda one: other(slot.__get__(one)), slot.__set__))
    try:
        yield
    finally:
        setattr(CallPlan, name, slot)


NUMBERS = {field.name for field in fields(CallPlan) if type(field.default) is int}


@pytest.mark.parametrize("key", sorted(key for key, name in FIELDS.items() if name in NUMBERS))
def test_a_core_that_takes_a_number_for_twice_or_half_of_it_fails_a_test_that_is_named_for_it(key: str) -> None:
    for other in (lambda number: number * 2, lambda number: number // 2):
        with taken_for(FIELDS[key], other):
            assert run(*proofs_in_the_core(key)).failed, (
                f"no test of {key} notices that it comes too early, or too late"
            )


@pytest.mark.parametrize("key", sorted(ACTED_ON_ELSEWHERE & proofs().keys()))
def test_what_is_acted_on_elsewhere_has_a_proof_that_sets_it(key: str) -> None:
    paths = {proof.partition("::")[0] for proof in proofs()[key]}
    assert any(re.search(rf"\b{key.partition('.')[2]}\b", (ROOT / path).read_text()) for path in paths)


#: A key and a part of a field of the plan that is it alone.
PARTS: dict[str, tuple[type, str]] = {"tool.transfer_mode": (TransferTool, "attended")}


@pytest.mark.parametrize("key", sorted(PARTS))
def test_a_core_that_ignores_a_part_fails_a_test_that_is_named_for_it(key: str) -> None:
    of_the_core = [proof for proof in proofs()[key] if proof.startswith("tests/unit/conversation/")]
    with ignored(*PARTS[key]):
        assert run(*of_the_core).failed, f"no test of {key} notices that it is ignored"


#: A key, something that its row says, and a defect in the function of a module that does it.
BROKEN: dict[tuple[str, str], tuple[ModuleType, str, Callable[..., Any]]] = {
    ("agent.agent_prompts", "the model is told it"): (core, "system_text", lambda _plan, _values: ""),
    ("agent.agent_prompts", "with variables"): (history, "render", lambda template, _values: template),
    ("agent.webhook_url", "with variables"): (publication, "webhook_address", lambda url, _values: url),
    ("agent.webhook_url", "percent-encoded"): (webhook_address, "quote", lambda value, **_how: value),
    ("agent.webhook_url", "its host has none"): (agent, "has_fixed_host", lambda _url: True),
}


@pytest.mark.parametrize(("key", "says"), sorted(BROKEN))
def test_what_a_row_says_beside_fails_a_test_that_is_named_for_it(
    key: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not run(*proofs_in_the_core(key)).failed
    monkeypatch.setattr(*BROKEN[key, says])
    assert run(*proofs_in_the_core(key)).failed, f"no test of {key} notices that this is not so: {says}"


#: A key and where a plugin is told of it: a field of its settings, or an option.
TOLD: dict[str, tuple[type, str]] = {
    **{f"tool.{name}": (Tool, name) for name in ("description", "strict")},
    "transcriber.endpointing": (TranscriberSettings, "endpointing_ms"),
    **{f"transcriber.{name}": (TranscriberSettings, name) for name in ("model", "language", "keywords")},
    **{f"synthesizer.{name}": (VoiceSettings, name) for name in ("voice", "model", "language", "speed")},
    "synthesizer.voice_id": (VoiceSettings, "voice"),
    "llm_agent.temperature": (ModelSettings, "temperature_milli"),
    **{
        f"llm_agent.{name}": (ModelSettings, name)
        for name in ("model", "max_tokens", "top_p", "min_p", "top_k", "stop")
    },
    **{f"llm_agent.{name}": (ModelSettings, name) for name in ("seed", "verbosity", "reasoning_effort")},
    **{f"llm_agent.{name}": (ModelSettings, name) for name in ("presence_penalty", "frequency_penalty")},
}

#: The tests that begin at the agent's key.
FROM_THE_KEY = ("tests/contract/test_agent_to_request.py", "tests/unit/call/live/test_equipment.py")


@pytest.mark.parametrize("key", sorted(TOLD))
def test_a_setting_no_plugin_is_told_of_fails_a_test_that_is_named_for_it(key: str) -> None:
    from_the_key = [proof for proof in proofs()[key] if proof.startswith(FROM_THE_KEY)]
    with ignored(*TOLD[key]):
        failed = run(*(case for proof in from_the_key for case in cases(proof, key))).failed
    assert failed, f"no test of {key} notices that it is ignored"


def cases(proof: str, key: str) -> list[str]:
    """The case of ``key`` where a test has a case for each key: the others would fail for reasons of their own."""
    path, _, name = proof.partition("::")
    return [f"{path}::{name}[{key}]"] if path == FROM_THE_KEY[0] else [proof]


def test_a_named_test_passes_where_nothing_is_ignored() -> None:
    outcomes = run(*proofs_in_the_core("task_config.dtmf_interrupts"))
    assert len(outcomes.passed) == 2
    assert not outcomes.failed
