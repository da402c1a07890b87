"""What a call works with: plugins by the agent's names, settings, variables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.agent_of_settings import agent_of

from callwright.call.live.equipment import (
    LocalEars,
    Needs,
    equip,
    fitting,
    keywords_of,
    model_settings,
    transcriber_settings,
    with_options,
)
from callwright.call.live.failover import Chain
from callwright.call.live.tools import NoTools
from callwright.conversation.plan import CallPlan, plan_for
from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_KEYWORDS
from callwright.media.vad import EnergyVad
from callwright.platform.agent_settings.rules.conversation import ConversationSettings
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import UnknownPluginError

SPEC = AgentSpec(
    "A", "Hi", "Be kind", ProviderChoice("ears"), ProviderChoice("mind", "m1", options={"max_tokens": 70, "temperature": 0}),
    ProviderChoice("mouth", voice="v1"), ConversationSettings(),
)  # fmt: skip


class _Vad:
    def open(self) -> EnergyVad:
        return EnergyVad()


class _Named(str):
    """A plugin that has nothing but its name."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return self.partition(":")[2]


class Shelf:
    """Plugins by kind and name; anything else is unknown, ``broken`` cannot be used."""

    def __init__(self, *names: tuple[str, str]) -> None:
        self.names = names

    def __call__(self, kind: str, name: str) -> Any:
        if name == "broken":
            raise ProviderError(FailureKind.UNAVAILABLE, name, "its weights are missing")
        if (kind, name) not in self.names:
            raise UnknownPluginError(f"there is no {kind} named {name!r}")
        return _Vad() if kind == "vad" else _Named(f"{kind}:{name}")


BASE = (("transcriber", "ears"), ("model", "mind"), ("voice", "mouth"), ("vad", "energy"))


def test_the_recogniser_brings_its_own_ears_when_it_has_them() -> None:
    shelf = Shelf(*BASE, ("turn", "smart"), ("turn", "ears"))
    assert equip(Needs(SPEC, shelf, LocalEars("energy", "smart")), {}, NoTools()).ears.turn_model_name == "ears"
    shelf = Shelf(*BASE, ("turn", "smart"))
    assert equip(Needs(SPEC, shelf, LocalEars("energy", "smart")), {}, NoTools()).ears.turn_model_name == "smart"


@pytest.mark.parametrize("setting", ["none", "missing", "broken"])
def test_without_a_turn_model_the_plan_goes_by_the_pause(setting: str) -> None:
    shelf = Shelf(*BASE, ("turn", "smart"))
    equipment = equip(Needs(SPEC, shelf, LocalEars("energy", setting)), {}, NoTools())
    assert equipment.ears.turn_model is None
    assert not fitting(CallPlan(), equipment).turn_model
    assert fitting(CallPlan(), equip(Needs(SPEC, shelf, LocalEars("energy", "smart")), {}, NoTools())).turn_model


class Unprepared:
    """A turn model that lacks its files."""

    def check(self) -> None:
        raise ProviderError(FailureKind.BAD_REQUEST, "smart", "its weights are missing")


def test_a_turn_model_that_cannot_be_used_is_left_out() -> None:
    shelf = Shelf(*BASE)

    def plugin(kind: str, name: str) -> Any:
        return Unprepared() if (kind, name) == ("turn", "smart") else shelf(kind, name)

    assert equip(Needs(SPEC, plugin, LocalEars("energy", "smart")), {}, NoTools()).ears.turn_model is None


class FreeMind:
    """A model that costs nothing."""

    costs_nothing = True


class QuickEars:
    """A recogniser that reads after short pauses."""

    reading_pause_ms = 100


@pytest.mark.proves("task_config.speculative_replies")
@pytest.mark.parametrize(
    ("wanted", "free", "speculates"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True), (True, True, True)],
)
def test_the_model_is_asked_in_vain_where_the_agent_says_so_or_it_costs_nothing(
    wanted: bool | None, free: bool, speculates: bool
) -> None:
    spec = replace(SPEC, settings=replace(SPEC.settings, speculative_replies=wanted))
    equipment = equip(Needs(spec, Shelf(*BASE), LocalEars("energy", "none")), {}, NoTools())
    free_mind: Any = FreeMind()
    if free:
        equipment = replace(equipment, thinker=replace(equipment.thinker, model=free_mind))
    assert fitting(plan_for(spec), equipment, wanted).speculate is speculates


def test_a_recogniser_says_how_early_it_wants_to_know_of_a_pause() -> None:
    shelf = Shelf(*BASE)
    assert equip(Needs(SPEC, shelf, LocalEars("energy", "none")), {}, NoTools()).ears.reading_pause_ms == 0

    def quick(kind: str, name: str) -> Any:
        return QuickEars() if kind == "transcriber" else shelf(kind, name)

    assert equip(Needs(SPEC, quick, LocalEars("energy", "none")), {}, NoTools()).ears.reading_pause_ms == 100


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"voice": ProviderChoice("other")}, "the voice 'other', which is not installed"),
        ({"model": ProviderChoice("broken")}, "its weights are missing"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        equip(Needs(replace(SPEC, **changes), Shelf(*BASE), LocalEars("energy", "none")), {}, NoTools())


def test_the_agent_s_settings_reach_the_plugins() -> None:
    equipment = equip(Needs(SPEC, Shelf(*BASE), LocalEars("energy", "none")), {"a": "b"}, NoTools())
    assert equipment.thinker.settings.max_tokens == 70
    assert equipment.thinker.settings.temperature_milli == 0, "0 is a temperature and no missing one"
    assert model_settings(ProviderChoice("m")).temperature_milli == 100
    assert equipment.speaker.settings.voice == "v1"
    assert with_options(SPEC, {"agent_data": {"voice_id": "v2"}}).voice.voice == "v2"
    assert with_options(SPEC, {}) is SPEC


def test_model_voice_language_and_the_rest_of_ears_and_voice_reach_the_plugins() -> None:
    ears = ProviderChoice("ears", model="e2", language="hi", options={"keywords": "Ada"})
    mouth = ProviderChoice("mouth", model="v3", voice="v1", language="ta", options={"speed": 1.5})
    equipment = equip(
        Needs(replace(SPEC, transcriber=ears, voice=mouth), Shelf(*BASE), LocalEars("energy", "none")), {}, NoTools()
    )
    heard, said = equipment.listening.settings, equipment.speaker.settings
    assert (heard.model, heard.language, heard.options["keywords"]) == ("e2", "hi", "Ada")
    assert (said.model, said.voice, said.language, said.options["speed"]) == ("v3", "v1", "ta", 1.5)


SCRIPTED = (*((kind, "scripted") for kind in ("transcriber", "model", "voice")), ("vad", "energy"))


@pytest.mark.proves(
    "transcriber.model",
    "transcriber.language",
    "transcriber.endpointing",
    "transcriber.keywords",
    "synthesizer.voice",
    "synthesizer.voice_id",
    "synthesizer.model",
    "synthesizer.language",
    "synthesizer.speed",
)
@pytest.mark.parametrize(
    ("key", "value", "name", "told"),
    [
        ("transcriber.model", "e2", "model", "e2"),
        ("transcriber.language", "hi", "language", "hi"),
        ("transcriber.endpointing", 430, "endpointing_ms", 430),
        ("transcriber.keywords", ["Ada", "Callwright:3"], "keywords", ("Ada", "Callwright")),
        ("transcriber.keywords", "Ada, Callwright:3", "keywords", ("Ada", "Callwright")),
        ("synthesizer.voice", "v7", "voice", "v7"),
        ("synthesizer.voice_id", "v8", "voice", "v8"),
        ("synthesizer.model", "m3", "model", "m3"),
        ("synthesizer.language", "ta", "language", "ta"),
        ("synthesizer.speed", 1.5, "options", {"speed": 1.5}),
    ],
)
def test_what_an_agent_says_of_ears_and_voice_is_told_to_their_plugins(
    key: str, value: Any, name: str, told: Any
) -> None:
    spec = parse_agent(agent_of({key: value}))
    equipment = equip(Needs(spec, Shelf(*SCRIPTED), LocalEars("energy", "none")), {}, NoTools())
    settings = equipment.listening.settings if key.startswith("transcriber.") else equipment.speaker.settings
    found = getattr(settings, name)
    assert (found if name != "options" else {one: found.get(one) for one in told}) == told


def test_keywords_may_be_text_or_a_list() -> None:
    assert keywords_of({"keywords": "Acme:5, dentist ,"}) == ("Acme", "dentist")
    assert keywords_of({"keywords": ["a", "b:2"]}) == ("a", "b")
    assert keywords_of({}) == ()


def test_no_more_keywords_are_given_than_allowed() -> None:
    words = [f"word{number}" for number in range(MAX_KEYWORDS + 1)]
    assert keywords_of({"keywords": words}) == tuple(words[:-1])
    assert keywords_of({"keywords": words[:-1]}) == tuple(words[:-1])


def chained(**fallbacks: list[dict[str, Any]]) -> AgentSpec:
    sections = {"voice": "synthesizer", "model": "llm_agent"}
    return parse_agent(agent_of({f"{sections.get(kind, kind)}.fallbacks": links for kind, links in fallbacks.items()}))


def test_an_agent_with_fallbacks_gets_chains_and_one_without_the_plugins_themselves() -> None:
    shelf = Shelf(*SCRIPTED, ("voice", "local"), ("model", "local"), ("transcriber", "local"))
    links = [{"provider": "local"}]
    spec = chained(transcriber=links, voice=links, model=links)
    equipment = equip(Needs(spec, shelf, LocalEars("energy", "none")), {}, NoTools())
    for chain in (equipment.listening.transcriber, equipment.speaker.voice, equipment.thinker.model):
        assert isinstance(chain, Chain)
        assert [link.provider for link in chain.links] == ["scripted", "local"]
        assert chain.failover is equipment.failover
    alone = equip(Needs(chained(), shelf, LocalEars("energy", "none")), {}, NoTools())
    assert str(alone.speaker.voice) == "voice:scripted"


def test_fallbacks_that_cannot_be_had_are_left_out() -> None:
    spec = chained(voice=[{"provider": "polly"}, {"provider": "local"}])
    shelf = Shelf(*SCRIPTED, ("voice", "local"))
    chain = equip(Needs(spec, shelf, LocalEars("energy", "none")), {}, NoTools()).speaker.voice
    assert isinstance(chain, Chain)
    assert [link.provider for link in chain.links] == ["scripted", "local"]
    alone = equip(Needs(spec, Shelf(*SCRIPTED), LocalEars("energy", "none")), {}, NoTools())
    assert str(alone.speaker.voice) == "voice:scripted"


def test_links_are_told_apart_by_their_models_and_breakers_by_address_and_keys() -> None:
    def fitted(choice: ProviderChoice, key: str) -> ProviderChoice:
        return replace(choice, access=Access({"LOCAL": key}))

    spec = chained(model=[{"provider": "scripted", "model": "m2", "base_url": "https://spare.example/v1"}])
    first = fitted(spec.model, "k1")
    spec = replace(spec, model=replace(first, fallbacks=tuple(fitted(one, "k2") for one in first.fallbacks)))
    chain = equip(Needs(spec, Shelf(*SCRIPTED), LocalEars("energy", "none")), {}, NoTools()).thinker.model
    assert isinstance(chain, Chain)
    one, other = chain.links
    assert [link.label for link in chain.links] == ["scripted m", "scripted m2"]
    assert (one.service.address, other.service.address) == ("", "https://spare.example/v1")
    assert one.service.account != other.service.account
    assert "k1" not in repr(one.service)


def test_a_fallback_hears_with_the_pauses_and_words_of_the_first() -> None:
    spec = parse_agent(
        agent_of(
            {
                "transcriber.endpointing": 430,
                "transcriber.keywords": "Ada",
                "transcriber.fallbacks": [{"provider": "local"}, {"provider": "local", "keywords": "Bob"}],
            }
        )
    )
    first, second = spec.transcriber.fallbacks
    assert transcriber_settings(spec, first).endpointing_ms == 430
    assert transcriber_settings(spec, first).keywords == ("Ada",)
    assert transcriber_settings(spec, second).keywords == ("Bob",)
