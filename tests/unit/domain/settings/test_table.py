"""The places of settings are those where the parser reads them."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import InvalidAgentError
from callwright.domain.settings.setting import Setting, sentence_of
from callwright.platform.agent_settings.rules.table import PLACES, SETTINGS, path_of
from callwright.platform.agents.rules.parsing import parse_agent


def wrong_value(one: Setting) -> Any:
    """A value that the kind of a setting refuses."""
    return {"not": {"a": "value"}} if one.kind.words != "a text, or a map of language to text" else 7


def agent_with(path: str, value: Any) -> dict[str, Any]:
    """A flat body with one setting at its place."""
    agent: dict[str, Any] = {"agent_name": "A", "tasks": [{"task_type": "conversation"}]}
    names = path.replace("agent_config.", "").replace("{name}", "look_up").split(".")
    at: Any = agent
    for name in names[:-1]:
        if name.endswith("[]"):
            at = at.setdefault(name[:-2], [{}])[0]
        else:
            at = at.setdefault(name, {})
    if "tools[]" in path or "tools_params" in path:
        tools = agent["tasks"][0]["tools_config"]["api_tools"]
        tools.setdefault("tools", [{}])[0].setdefault("name", "look_up")
        tools["tools"][0].setdefault("parameters", {"type": "object", "properties": {}})
        params = tools.setdefault("tools_params", {}).setdefault("look_up", {})
        params.setdefault("url", "https://x.example")
    at[names[-1]] = value
    return agent


READ = [one for one in SETTINGS if one.kind.read is not None and not one.kept]


def test_most_settings_are_read_by_their_kind() -> None:
    assert len(READ) > 70


@pytest.mark.parametrize("one", READ, ids=lambda one: one.key)
def test_a_wrong_value_is_refused_at_the_path_of_its_setting(one: Setting) -> None:
    path = path_of(one)
    with pytest.raises(InvalidAgentError) as refused:
        parse_agent(agent_with(path, wrong_value(one)), lambda kind: ())
    expected = path.replace("tasks[]", "tasks[0]").replace("tools[]", "tools[0]").replace("{name}", "look_up")
    assert refused.value.field == expected


def test_every_setting_has_a_place_and_a_path_of_its_own() -> None:
    assert {one.section for one in SETTINGS} <= set(PLACES)
    assert len({path_of(one) for one in SETTINGS}) == len(SETTINGS)


def test_sentences_have_no_links() -> None:
    assert not any("](" in sentence_of(one) for one in SETTINGS)
