"""docs/reference/agent-settings.md has every key the parser knows, with its default and range, and a test that proves it."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.agent_of_settings import agent_of
from tests.docs.read_keys import read_keys

from callwright.domain.agent.parsing import parse_agent
from callwright.domain.agent.task_config import read_settings
from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.settings.kept import KEPT_ROWS
from callwright.domain.settings.rows import ELSEWHERE, SETTINGS
from callwright.domain.settings.setting import AgentSetting

ROOT = Path(__file__).resolve().parents[2]
ROWS = {row.key: row for row in SETTINGS}
OF_CONVERSATION = [
    row
    for row in SETTINGS
    if row.key.startswith("task_config.") and row.key != "task_config.end_call_tool_mode" and row not in KEPT_ROWS
]


def settings(**config: Any) -> Any:
    return read_settings(Fields(config, "task_config"))


def test_no_setting_has_two_rows() -> None:
    assert len(ROWS) == len(SETTINGS)


def test_every_key_the_parser_looks_at_has_a_row_or_a_reason() -> None:
    missing = {key for key in read_keys() - set(ROWS) if not key.startswith(tuple(ELSEWHERE))}
    assert missing == set()


def test_every_row_is_looked_at_by_something() -> None:
    assert set(ROWS) - read_keys() == {row.key for row in KEPT_ROWS}


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    classes = {f"{node.name}::": node.body for node in tree.body if isinstance(node, ast.ClassDef)}
    return frozenset(
        f"{of}{node.name}"
        for of, body in {"": tree.body, **classes}.items()
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_a_test_of_a_class_is_named_with_it() -> None:
    names = names_in("tests/unit/domain/agent/test_parsing.py")
    assert "TestModels::test_the_older_flat_form_is_read" in names
    assert "test_the_older_flat_form_is_read" not in names


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.key)
def test_the_test_that_proves_it_exists(row: AgentSetting) -> None:
    assert row.proofs
    for path, _, name in (proof.partition("::") for proof in row.proofs):
        assert name in names_in(path)
    assert row.does.endswith(".")
    assert row.values or row.least is not None


@pytest.mark.parametrize("row", OF_CONVERSATION, ids=lambda row: row.key)
def test_a_default_is_the_parsers_own(row: AgentSetting) -> None:
    name = row.key.partition(".")[2]
    given, left_out = settings(**{name: row.default}), settings()
    assert given == left_out
    other = {True: False, False: True}.get(row.default) if isinstance(row.default, bool) else None
    if other is not None:
        assert settings(**{name: other}) != left_out


@pytest.mark.parametrize("row", [row for row in OF_CONVERSATION if row.least is not None], ids=lambda row: row.key)
def test_a_range_is_the_parsers_own(row: AgentSetting) -> None:
    name = row.key.partition(".")[2]
    assert row.least is not None
    assert row.most is not None
    settings(**{name: row.least})
    settings(**{name: row.most})
    for beyond in (row.least - 1, row.most + 1):
        with pytest.raises(InvalidAgentError, match=name):
            settings(**{name: beyond})


@pytest.mark.parametrize("row", [row for row in SETTINGS if row.least is not None], ids=lambda row: row.key)
def test_a_number_outside_of_its_range_is_refused_whether_it_is_acted_on_or_kept(row: AgentSetting) -> None:
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
    "task_config.disallow_unknown_numbers",
}


@pytest.mark.parametrize("key", sorted(OUTSIDE))
def test_what_is_acted_on_elsewhere_is_proved_with_its_key(key: str) -> None:
    path, _, proof = ROWS[key].proofs[0].partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(text)
    (function,) = [node for node in tree.body if getattr(node, "name", "") == proof]
    assert key.partition(".")[2] in (ast.get_source_segment(text, function) or "")


def test_what_is_only_kept_says_so() -> None:
    page = (ROOT / "docs" / "reference" / "agent-settings.md").read_text(encoding="utf-8")
    acted_on, _, kept = page.partition("## Stored without effect")
    for row in SETTINGS:
        assert (f"\n- `{row.key}` (" in acted_on) != row.kept
        assert (f"`{row.key}`" in kept) == row.kept


#: Parts that act on settings, and not only keep, check or name them.
ACTING = ("actions/**/*.py", "call/**/*.py", "conversation/**/*.py", "providers/**/*.py", "telephony/**/*.py")
#: Parts that read the agent's JSON.
READING = ("call/**/*.py", "conversation/**/*.py", "providers/**/*.py", "domain/agent*.py")


@cache
def sources(*patterns: str) -> str:
    paths = [path for pattern in patterns for path in sorted((ROOT / "src" / "callwright").glob(pattern))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("row", [row for row in OF_CONVERSATION if row.kept], ids=lambda row: row.key)
def test_nothing_acts_on_a_setting_that_is_only_kept(row: AgentSetting) -> None:
    name = row.key.partition(".")[2]
    other = not row.default if isinstance(row.default, bool) else row.most if row.most is not None else ["+15550100"]
    given, left_out = settings(**{name: "x" if row.values == "a text" else other}), settings()
    changed = [field.name for field in fields(given) if getattr(given, field.name) != getattr(left_out, field.name)]
    assert len(changed) == 1
    looked_for = rf'"{name}"' if changed == ["extra"] else rf"\.{changed[0]}\b"
    assert not re.search(looked_for, sources(*ACTING)), f"{name} is acted on: give it its own row and test"


@pytest.mark.parametrize("row", KEPT_ROWS, ids=lambda row: row.key)
def test_nothing_acts_on_a_setting_that_nothing_reads(row: AgentSetting) -> None:
    """Named as a key, that is; some of them are also the name of something else."""
    name = row.key.partition(".")[2]
    looked_up = rf"""(get|raw|text|switch|whole|number|child|list|choice|message)\(\s*"{name}"|options\["{name}"\]"""
    found = {match[0] for match in re.finditer(looked_up, sources(*READING))}
    assert not found, f"{name} is acted on: give it its own row and test"
