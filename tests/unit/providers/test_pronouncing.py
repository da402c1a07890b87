"""Any voice with an agent's pronunciation rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callwright.bootstrap.plugins import PluginInstances
from callwright.domain.errors import InvalidAgentError
from callwright.domain.limits import MAX_PRONUNCIATION_RULES
from callwright.media.tonetext import spoken, word_times
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import Plugin, PluginContext, Registry
from callwright.ports.speech import VoiceSettings
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.testing import VoiceContract

SPEAKER = next(one for one in SCRIPTED if (one.kind, one.name) == ("voice", "scripted"))


def instances(*plugins: Plugin) -> PluginInstances:
    made = PluginInstances(Registry(plugins))
    made.use(PluginContext({}, Path("/nonexistent")))
    return made


class TestPronouncing(VoiceContract):
    plugin = Plugin("voice", "scripted", "pronounced", lambda _: instances(SPEAKER)("voice", "scripted"))
    voice_settings = VoiceSettings(options={"pronunciation_rules": (("Tuesday", "Tewsday"),)})


async def test_the_voice_gets_other_words_and_gives_the_times_of_those_that_were_written() -> None:
    voice = instances(SPEAKER)("voice", "scripted")
    settings = VoiceSettings(options={"pronunciation_rules": (("SQL", "see quel"),)})
    chunks = [chunk async for chunk in voice.speak("Ask SQL now.", settings)]
    assert b"".join(chunk.pcm for chunk in chunks) == spoken("Ask see quel now.")
    times = word_times("Ask see quel now.")
    assert [(one.text, one.start_ms, one.end_ms) for one in chunks[-1].words] == [
        ("Ask", *times[0][1:]),
        ("SQL", times[1][1], times[2][2]),
        ("now.", *times[3][1:]),
    ]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.amount == len("Ask see quel now.")


class _Checked:
    name = "checked"

    def check(self, settings: VoiceSettings) -> None:
        raise ProviderError(FailureKind.BAD_REQUEST, self.name, "no")


def test_what_the_voice_behind_would_refuse_is_refused() -> None:
    with pytest.raises(ProviderError):
        instances(Plugin("voice", "checked", "c", lambda _: _Checked()))("voice", "checked").check(VoiceSettings())
    instances(SPEAKER)("voice", "scripted").check(VoiceSettings())


def agent(rules: Any) -> dict[str, Any]:
    tools = {
        "llm_agent": {},
        "synthesizer": {"provider": "scripted", "provider_config": {"voice": "v"}, "pronunciation_rules": rules},
    }
    return {"agent_name": "Desk", "tasks": [{"task_type": "conversation", "tools_config": tools}]}


@pytest.mark.proves("synthesizer.pronunciation_rules")
def test_an_agents_rules_reach_its_voice() -> None:
    rules = [{"word": " SQL ", "say_as": "sequel"}, {"word": "Dr.", "say_as": "doctor"}]
    spec = parse_agent(json.loads(json.dumps(agent(rules))))
    assert spec.voice.options["pronunciation_rules"] == (("SQL", "sequel"), ("Dr.", "doctor"))
    assert not parse_agent(agent(None)).voice.options.get("pronunciation_rules")


@pytest.mark.parametrize(
    "rules",
    [
        "SQL=sequel",
        ["SQL"],
        [{"word": "SQL"}],
        [{"word": "", "say_as": "x"}],
        [{"word": "w" * 51, "say_as": "x"}],
        [{"word": "w", "say_as": "x" * 101}],
        [{"word": "SQL", "say_as": "a"}, {"word": "sql", "say_as": "b"}],
        [{"word": f"w{n}", "say_as": "x"} for n in range(MAX_PRONUNCIATION_RULES + 1)],
    ],
)
def test_rules_that_cannot_be_followed_are_refused_with_their_place(rules: Any) -> None:
    with pytest.raises(InvalidAgentError) as caught:
        parse_agent(agent(rules))
    assert "synthesizer.pronunciation_rules" in str(caught.value.field)


def test_as_many_rules_as_may_be_are_taken() -> None:
    rules = [{"word": f"w{n}", "say_as": "x"} for n in range(MAX_PRONUNCIATION_RULES)]
    assert len(parse_agent(agent(rules)).voice.options["pronunciation_rules"]) == MAX_PRONUNCIATION_RULES
