"""The plugins that a server has of those installed."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.bootstrap.plugins import plugins_of_server
from callwright.ops.settings import Settings
from callwright.ports.registry import Registry
from callwright.providers.scripted import PLUGINS

SCRIPTED = [(kind, "scripted") for kind in ("transcriber", "voice", "model", "turn")]


def test_a_server_has_no_scripted_provider_unless_a_setting_names_one() -> None:
    served = plugins_of_server(Registry(PLUGINS), Settings(vad="energy"))
    assert [kind for kind, name in SCRIPTED if served.has(kind, name)] == []
    assert served.has("vad", "energy")


@pytest.mark.parametrize("setting", ["transcriber", "model", "voice", "turn", "loopback_voice", "loopback_ears"])
def test_a_setting_that_names_one_turns_all_of_them_on(setting: str) -> None:
    named: dict[str, Any] = {setting: "scripted"}
    served = plugins_of_server(Registry(PLUGINS), Settings(**named))
    assert [one for one in SCRIPTED if not served.has(*one)] == []
