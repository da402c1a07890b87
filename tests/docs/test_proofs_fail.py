"""The tests that docs/agent-settings.md names prove what they are named for: a core that ignores the setting fails one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import fields
from io import StringIO
from typing import Any

import pytest
from tests.docs.test_settings_in_the_plan import CASES

from callwright.conversation.plan import CallPlan
from callwright.domain.setting_rows import SETTINGS

ROWS = {row.key: row for row in SETTINGS}
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(CallPlan)}

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
def ignored(name: str) -> Iterator[None]:
    """Every plan has the default of the field ``name``, whatever it is made with: as though the core had it written into it."""
    slot = CallPlan.__dict__[name]
    setattr(CallPlan, name, property(lambda _plan: DEFAULTS[name], lambda _plan, _value: None))
    try:
        yield
    finally:
        setattr(CallPlan, name, slot)


@pytest.mark.parametrize("key", sorted(IN_THE_CORE.keys() - ACTED_ON_ELSEWHERE))
def test_a_core_that_ignores_a_setting_fails_a_test_that_is_named_for_it(key: str) -> None:
    with ignored(IN_THE_CORE[key]):
        assert run(*proofs_in_the_core(key)).failed, f"no test of {key} notices that it is ignored"


def test_a_named_test_passes_where_nothing_is_ignored() -> None:
    outcomes = run(*proofs_in_the_core("task_config.dtmf_interrupts"))
    assert len(outcomes.passed) == 2
    assert not outcomes.failed
