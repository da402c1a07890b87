"""Fallbacks in an agent's sections, and those of its organisation."""

from __future__ import annotations

from typing import Any

import pytest
from tests.agent_of_settings import agent_of

from callwright.domain.errors import BadInputError, InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_FALLBACKS
from callwright.platform.agents.rules.credentials import credentials_of, kept_credentials
from callwright.platform.agents.rules.fallbacks import FallbacksPolicy
from callwright.platform.agents.rules.known_keys import unknown_keys
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.dialling.rules.policy import parse_policy, policy_wire, stored_policy
from callwright.platform.prices.rules import Price, PriceBook
from callwright.platform.provider_keys.rules.sealing import mask_of, sealed_bytes, sealed_text
from callwright.platform.wallet.rules import worst_price

SECTIONS = ("transcriber", "synthesizer", "llm_agent")
PLACES = {"transcriber": "transcriber", "synthesizer": "synthesizer", "llm_agent": "llm_agent.llm_config"}


def place(section: str) -> str:
    return f"agent_config.tasks[0].tools_config.{PLACES[section]}"


@pytest.mark.proves("synthesizer.fallbacks", "llm_agent.fallbacks")
def test_fallbacks_are_read_as_the_first_is_and_have_what_they_do_not_say_from_it() -> None:
    spec = parse_agent(
        agent_of(
            {
                "transcriber.language": "de",
                "transcriber.fallbacks": [{"provider": "local"}, {"provider": "deepgram", "language": "de-AT"}],
                "synthesizer.pronunciation_rules": [{"word": "Nguyen", "say_as": "win"}],
                "synthesizer.fallbacks": [
                    {
                        "provider": "cartesia",
                        "provider_config": {"voice_id": "v2", "model": "sonic"},
                        "pronunciation_rules": [{"word": "SQL", "say_as": "sequel"}],
                    },
                    {"provider": "local"},
                ],
                "llm_agent.max_tokens": 77,
                "llm_agent.fallbacks": [{"provider": "openai", "model": "gpt-5.4-mini"}, {"provider": "local"}],
            }
        )
    )
    ears, voices, minds = spec.transcriber, spec.voice, spec.model
    assert [(one.provider, one.language) for one in ears.fallbacks] == [("local", "de"), ("deepgram", "de-AT")]
    assert [(one.provider, one.voice, one.model, one.language) for one in voices.fallbacks] == [
        ("cartesia", "v2", "sonic", "de"),
        ("local", "", "", "de"),
    ]
    said_as = [[say_as for _, say_as in voice.options["pronunciation_rules"]] for voice in (voices, *voices.fallbacks)]
    assert said_as == [["win"], ["sequel"], ["win"]]
    assert [(one.provider, one.options["max_tokens"], one.options["temperature"]) for one in minds.fallbacks] == [
        ("openai", 77, 1),
        ("local", 77, 0.1),
    ]
    assert minds.fallbacks[1].path == f"{place('llm_agent')}.fallbacks[1]"
    assert (ears.fallback_after_ms, voices.fallback_after_ms, minds.fallback_after_ms) == (1_000, 800, 1_500)
    everyone = [one for first in (ears, voices, minds) for one in (first, *first.fallbacks)]
    assert not any("fallbacks" in one.options or "fallback_after_ms" in one.options for one in everyone)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("fallbacks", "where"),
    [
        ("local", ""),
        (["local"], "[0]"),
        ([{"provider": "local"}] * (MAX_FALLBACKS + 1), ""),
        ([{"model": "m"}], "[0].provider"),
        ([{"provider": "local", "fallbacks": []}], "[0].fallbacks"),
        ([{"provider": "local", "fallback_after_ms": 5_000}], "[0].fallback_after_ms"),
        ([{"provider": "nobody"}], "[0].provider"),
    ],
)
def test_a_fallback_that_cannot_be_is_refused_where_it_stands(section: str, fallbacks: Any, where: str) -> None:
    with pytest.raises(InvalidAgentError) as caught:
        parse_agent(agent_of({f"{section}.fallbacks": fallbacks}), lambda kind: ("scripted",))
    assert caught.value.field == f"{place(section)}.fallbacks{where}"


@pytest.mark.parametrize("after_ms", [99, 60_001, "soon"])
def test_the_wait_is_bounded(after_ms: Any) -> None:
    with pytest.raises(InvalidAgentError):
        parse_agent(agent_of({"synthesizer.fallback_after_ms": after_ms}))


def test_a_credential_of_a_fallback_is_sent_to_the_fallback_alone() -> None:
    link = {"provider": "custom", "base_url": "https://one.example/v1", "api_key": "secret-1"}
    body = agent_of({"llm_agent.fallbacks": [link]})
    (found,) = credentials_of(body)
    assert found.path == f"{place('llm_agent')}.fallbacks[0].api_key"
    assert "one.example" in found.to
    stored = agent_of({"llm_agent.fallbacks": [{**link, "api_key": sealed_text("secret-1", b"sealed")}]})
    mask = mask_of("secret-1")
    same = agent_of({"llm_agent.fallbacks": [{**link, "api_key": mask, "model": "m2"}]})
    assert sealed_bytes(credentials_of(kept_credentials(same, stored))[0].text) == b"sealed"
    for change in ({"base_url": "https://two.example/v1"}, {"provider": "openai"}):
        moved = agent_of({"llm_agent.fallbacks": [{**link, "api_key": mask, **change}]})
        with pytest.raises(InvalidAgentError):
            kept_credentials(moved, stored)


def test_a_misspelt_key_of_a_fallback_is_told() -> None:
    body = agent_of({"transcriber.fallbacks": [{"provider": "local", "langauge": "de"}]})
    warnings = list(unknown_keys(body))
    assert [(one.path, one.remedy) for one in warnings] == [
        (f"{place('transcriber')}.fallbacks[0].langauge", "Write language.")
    ]


def test_the_worst_price_is_that_of_the_dearest_provider() -> None:
    book = PriceBook({("voice", "cartesia", "*"): Price(10_000_000)})
    alone = worst_price(parse_agent(agent_of({})), "loopback", book)
    chained = parse_agent(agent_of({"synthesizer.fallbacks": [{"provider": "cartesia"}]}))
    assert worst_price(chained, "loopback", book) > alone


# -- those of the organisation --------------------------------------------------------------------------------------------------

POLICY = {
    "voice": [{"provider": "cartesia", "provider_config": {"voice_id": "v2"}}, {"provider": "local"}],
    "model": [{"provider": "local"}],
}


def read(body: dict[str, Any]) -> FallbacksPolicy:
    return FallbacksPolicy.read(Fields(body, "fallbacks", BadInputError))


def test_an_agent_without_fallbacks_has_those_of_its_organisation() -> None:
    spec = read(POLICY).given_to(parse_agent(agent_of({"transcriber.language": "de", "llm_agent.max_tokens": 50})))
    assert [(one.provider, one.language) for one in spec.voice.fallbacks] == [("cartesia", "de"), ("local", "de")]
    assert [one.options["max_tokens"] for one in spec.model.fallbacks] == [50]
    assert spec.transcriber.fallbacks == ()
    assert spec.voice.fallback_after_ms == 800


def test_an_agents_own_fallbacks_and_its_own_provider_go_first() -> None:
    own = agent_of({"synthesizer.fallbacks": [{"provider": "polly"}], "llm_agent.provider": "local", "llm_agent.model": ""})  # fmt: skip
    spec = read(POLICY).given_to(parse_agent(own))
    assert [one.provider for one in spec.voice.fallbacks] == ["polly"]
    assert spec.model.fallbacks == ()


@pytest.mark.parametrize(
    "body",
    [
        {"voice": [{"provider": "cartesia", "api_key": "secret"}]},
        {"voice": [{}]},
        {"voice": ["local"]},
        {"model": [{"provider": "local"}] * (MAX_FALLBACKS + 1)},
        {"model": [{"provider": "openai", "model": "gpt-5.1", "temperature": 0.4}]},
    ],
)
def test_a_policy_with_a_fallback_that_cannot_be_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_policy({"fallbacks": body})
    assert str(caught.value.field).startswith("fallbacks.")


def test_a_stored_policy_is_read_as_it_was_written() -> None:
    policy = parse_policy({"fallbacks": POLICY})
    assert stored_policy(policy_wire(policy)) == policy
