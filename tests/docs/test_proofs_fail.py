"""The tests that docs/agent-settings.md names prove what they are named for: a core that ignores the setting fails one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import fields
from io import StringIO

import pytest
from tests.docs.test_settings_in_the_plan import CASES

from callwright.conversation.plan import CallPlan
from callwright.domain.setting_rows import SETTINGS
from callwright.ports.model import ModelSettings
from callwright.ports.speech import TranscriberSettings, VoiceSettings

ROWS = {row.key: row for row in SETTINGS}

#: A key and the field of the plan it is (the first one, where it is several): what it does, it does in the core.
IN_THE_CORE = {case.key: next(iter(case.changes)) for case in CASES if case.changes}

#: The core only hands these on, or the field has more to it than the setting; each has a proof where it is acted on.
ACTED_ON_ELSEWHERE = {
    *("task_config.auto_reschedule", "agent.calling_guardrails", "agent.agent_prompts"),  # parts of the prompt
    *("tool.description", "tool.strict", "tool_params.strict"),  # of what the model is offered (test_agent_to_request)
    "tool.transfer_mode",  # how the line transfers
    "task_config.ambient_noise_track",  # which of the tracks (the track itself: ambient_noise)
    "synthesizer.language",  # which of the texts; the language itself: transcriber.language
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
    return [proof for proof in ROWS[key].proofs if "test_settings_in_the_plan" not in proof]


@contextmanager
def ignored(settings: type, name: str) -> Iterator[None]:
    """All of ``settings`` have the default of the field ``name``, whatever they are made with, as though it were written into who
    reads it; of another ``name`` they have no option."""
    slots = vars(settings)
    where = name if name in slots else "options"
    slot = slots[where]
    if where == name:
        default = next(field.default for field in fields(settings) if field.name == name)
        instead = property(lambda _: default, lambda _, _value: None)
    else:
        instead = property(lambda one: {key: it for key, it in slot.__get__(one).items() if key != name}, slot.__set__)
    setattr(settings, where, instead)
    try:
        yield
    finally:
        setattr(settings, where, slot)


@pytest.mark.parametrize("key", sorted(IN_THE_CORE.keys() - ACTED_ON_ELSEWHERE))
def test_a_core_that_ignores_a_setting_fails_a_test_that_is_named_for_it(key: str) -> None:
    with ignored(CallPlan, IN_THE_CORE[key]):
        assert run(*proofs_in_the_core(key)).failed, f"no test of {key} notices that it is ignored"


#: A key and where a plugin is told of it: a field of its settings, or an option.
TOLD: dict[str, tuple[type, str]] = {
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
FROM_THE_KEY = ("tests/contract/test_agent_to_request.py", "tests/unit/call/test_equipment.py")


@pytest.mark.parametrize("key", sorted(TOLD))
def test_a_setting_no_plugin_is_told_of_fails_a_test_that_is_named_for_it(key: str) -> None:
    proofs = [proof for proof in ROWS[key].proofs if proof.startswith(FROM_THE_KEY)]
    with ignored(*TOLD[key]):
        failed = run(*(case for proof in proofs for case in cases(proof, key))).failed
    assert failed, f"no test of {key} notices that it is ignored"


def cases(proof: str, key: str) -> list[str]:
    """The case of ``key`` where a test has a case for each key: the others would fail for reasons of their own."""
    path, _, name = proof.partition("::")
    return [f"{path}::{name}[{key}]"] if path == FROM_THE_KEY[0] else [proof]


def test_a_named_test_passes_where_nothing_is_ignored() -> None:
    outcomes = run(*proofs_in_the_core("task_config.dtmf_interrupts"))
    assert len(outcomes.passed) == 2
    assert not outcomes.failed
