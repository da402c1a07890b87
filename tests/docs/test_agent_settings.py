"""docs/reference/agent-settings.md has every key the parser knows, with its default and range, and a test that proves it."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from pydantic import BaseModel
from tests.agent_of_settings import agent_of
from tests.docs.read_keys import read_keys
from tests.docs.setting_proofs import ROOT, proofs, source_of

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.settings.setting import Setting
from callwright.platform.agent_settings.rules.conversation import read_settings
from callwright.platform.agent_settings.rules.kept import KEPT
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.schemas.agents import (
    AgentConfig,
    LlmAgent,
    ModelConfig,
    Synthesizer,
    Task,
    TaskConfig,
    Transcriber,
    VoiceConfig,
)

ROWS = {row.key: row for row in SETTINGS}
ELSEWHERE: dict[str, str] = {
    "task.task_config": "a section",
    "task.tools_config": "a section",
    "task_1.system_prompt": "in the row of agent_prompts",
    "toolchain": "in the row of task.toolchain",
    "calling_guardrails": "in the row of agent.calling_guardrails",
    "ingest_source_config": "in the row of agent.ingest_source_config",
    "webhook_config": "in the row of agent.webhook_config",
    "vector_store": "in the row of llm_agent.vector_store",
    "llm_agent.llm_config": "a section",
    "llm_agent.rag_config": "in the row of llm_agent.vector_store",
    "synthesizer.provider_config": "a section",
    "tools_config.": "sections",
    "input/output": "another way to name agent.telephony_provider; the format of the sound is the carrier's",
    "tool.function": "a section",
    "tool.value": "a section",
    "tool_params.strict": "in the row of tool.strict",
    "tool_params.transfer_mode": "in the row of tool.transfer_mode",
    "tool_params.briefing": "in the row of tool.briefing",
    "tool_params.confirm": "in the row of tool.confirm",
    "tool_params.bridge": "in the row of tool.bridge",
    "tool_params.pre_call_message": "in the row of tool.pre_call_message",
    "tool.input_schema": "another name of tool.parameters",
}
"""Keys without a row, by how they begin, and why."""

OF_CONVERSATION = [
    row
    for row in SETTINGS
    if row.key.startswith("task_config.") and row.key != "task_config.end_call_tool_mode" and row not in KEPT
]


def settings(**config: Any) -> Any:
    return read_settings(Fields(config, "task_config"))


def test_no_setting_has_two_rows() -> None:
    assert len(ROWS) == len(SETTINGS)


def test_every_key_the_parser_looks_at_has_a_row_or_a_reason() -> None:
    missing = {key for key in read_keys() - set(ROWS) if not key.startswith(tuple(ELSEWHERE))}
    assert missing == set()


def test_every_row_is_looked_at_by_something() -> None:
    assert set(ROWS) - read_keys() == {row.key for row in KEPT}


def test_a_test_of_a_class_is_named_with_it() -> None:
    assert (
        "tests/unit/platform/agents/test_parsing.py::TestModels::test_every_kind_of_agent_is_read_and_what_is_none_is_refused"
        in (proofs()["llm_agent.agent_type"])
    )


def test_every_setting_that_is_acted_on_has_a_proof_and_nothing_else_has() -> None:
    """A kept one is proved with all of them by ``test_api_agents.py``."""
    assert proofs().keys() == {row.key for row in SETTINGS if not row.kept}


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.key)
def test_a_setting_says_what_it_does_and_what_it_may_be(row: Setting) -> None:
    assert row.does.endswith(".")
    assert row.kind.words


@pytest.mark.parametrize("row", OF_CONVERSATION, ids=lambda row: row.key)
def test_a_default_is_the_parsers_own(row: Setting) -> None:
    name = row.key.partition(".")[2]
    given, left_out = settings(**{name: row.default}), settings()
    assert given == left_out
    other = {True: False, False: True}.get(row.default) if isinstance(row.default, bool) else None
    if other is not None:
        assert settings(**{name: other}) != left_out


@pytest.mark.parametrize("row", [row for row in OF_CONVERSATION if row.least is not None], ids=lambda row: row.key)
def test_a_range_is_the_parsers_own(row: Setting) -> None:
    name = row.key.partition(".")[2]
    assert row.least is not None
    assert row.most is not None
    settings(**{name: row.least})
    settings(**{name: row.most})
    for beyond in (row.least - 1, row.most + 1):
        with pytest.raises(InvalidAgentError, match=name):
            settings(**{name: beyond})


@pytest.mark.parametrize("row", [row for row in SETTINGS if row.least is not None], ids=lambda row: row.key)
def test_a_number_outside_of_its_range_is_refused_whether_it_is_acted_on_or_kept(row: Setting) -> None:
    assert row.least is not None
    assert row.most is not None
    for within in (row.least, row.most, str(row.most), None):
        parse_agent(agent_of({row.key: within}))
    for beyond in (row.least - 1, row.most + 1, str(row.most + 1), "many"):
        with pytest.raises(InvalidAgentError, match=row.key.partition(".")[2]):
            parse_agent(agent_of({row.key: beyond}))


#: Acted on outside of the conversation, each with a proof that sets the key itself. The others are followed into its plan by
#: test_settings_in_the_plan.py.
OUTSIDE = {
    *("task_config.speculative_replies", "task_config.inbound_limit", "task_config.whitelist_phone_numbers"),
    *("task_config.disallow_unknown_numbers", "task_config.web_call_origins"),
}


@pytest.mark.parametrize("key", sorted(OUTSIDE))
def test_what_is_acted_on_elsewhere_is_proved_with_its_key(key: str) -> None:
    assert key.partition(".")[2] in source_of(proofs()[key][0])


def test_what_is_only_kept_says_so() -> None:
    page = (ROOT / "docs" / "reference" / "agent-settings.md").read_text(encoding="utf-8")
    acted_on, _, kept = page.partition("## Stored without effect")
    for row in SETTINGS:
        assert (f"\n- `{row.key}` (" in acted_on) != row.kept
        assert (f"`{row.key}`" in kept) == row.kept


#: Parts that act on settings, and not only keep, check or name them.
ACTING = (
    "platform/*/actions/*.py",
    "platform/*/actions.py",
    "call/**/*.py",
    "conversation/**/*.py",
    "providers/**/*.py",
    "telephony/**/*.py",
)
#: Parts that read the agent's JSON.
READING = ("call/**/*.py", "conversation/**/*.py", "providers/**/*.py", "platform/agents/rules/*.py")


@cache
def sources(*patterns: str) -> str:
    paths = [path for pattern in patterns for path in sorted((ROOT / "src" / "callwright").glob(pattern))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("row", [row for row in OF_CONVERSATION if row.kept], ids=lambda row: row.key)
def test_nothing_acts_on_a_setting_that_is_only_kept(row: Setting) -> None:
    name = row.key.partition(".")[2]
    other = not row.default if isinstance(row.default, bool) else row.most if row.most is not None else ["+15550100"]
    given, left_out = settings(**{name: "x" if row.kind.words == "a text" else other}), settings()
    changed = [field.name for field in fields(given) if getattr(given, field.name) != getattr(left_out, field.name)]
    assert len(changed) == 1
    looked_for = rf'"{name}"' if changed == ["extra"] else rf"\.{changed[0]}\b"
    assert not re.search(looked_for, sources(*ACTING)), f"{name} is acted on: give it its own row and test"


@pytest.mark.parametrize("row", KEPT, ids=lambda row: row.key)
def test_nothing_acts_on_a_setting_that_nothing_reads(row: Setting) -> None:
    """Named as a key, that is; some of them are also the name of something else."""
    name = row.key.partition(".")[2]
    looked_up = rf"""(get|raw|text|switch|whole|number|child|list|choice|message)\(\s*"{name}"|options\["{name}"\]"""
    found = {match[0] for match in re.finditer(looked_up, sources(*READING))}
    assert not found, f"{name} is acted on: give it its own row and test"


def test_the_description_of_the_api_has_every_setting_with_its_default_and_its_bounds() -> None:
    sections: dict[str, type[BaseModel]] = {
        "agent": AgentConfig,
        "task": Task,
        "task_config": TaskConfig,
        "transcriber": Transcriber,
        "synthesizer": Synthesizer,
        "provider_config": VoiceConfig,
        "llm_agent": LlmAgent,
        "llm_config": ModelConfig,
    }
    properties = {name: model.model_json_schema()["properties"] for name, model in sections.items()}
    for row in SETTINGS:
        place = row.within or row.section
        if place not in sections or row.key in ("agent.agent_name", "agent.agent_prompts", "agent.tasks"):
            continue
        described = properties[place][row.name]
        assert described["default"] == row.default
        assert row.does.partition(" ([")[0].partition("[")[0] in described["description"]
        numbers = [one for one in described.get("anyOf", ()) if "minimum" in one]
        assert [(one["minimum"], one["maximum"]) for one in numbers] == (
            [] if row.least is None else [(row.least, row.most)]
        )
