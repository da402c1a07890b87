"""What of an agent cannot be used here, for whom, and which accounts are connected."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from callwright.bootstrap.plugins import PluginInstances
from callwright.call.live.access import TenantAccess
from callwright.call.live.availability import AvailabilitySettings, PluginAvailability
from callwright.call.live.equipment import LocalEars
from callwright.domain.errors import LackingError
from callwright.domain.number import Destination
from callwright.platform.agents.rules.availability import WRITTEN, Lack, Line
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import ProviderChoice, ProviderDefaults
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.ports.registry import Plugin, PluginContext, Registry
from callwright.ports.vault import Vault
from callwright.ports.world import Clock
from callwright.providers.local import PLUGINS as LOCAL
from callwright.providers.openai_compatible import PLUGINS as ENDPOINTS
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK
from callwright.telephony.sip import PLUGINS as SIP

ORGANISATION, SUB_ACCOUNT = "organisation", "sub-account"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
STORE_OPENAI = 'POST /providers {"provider_name": "OPENAI_API_KEY", "provider_value": "..."}'
EXTRA = "pip install 'callwright[local]'"
MODELS = "callwright models install --default"
PLUGIN = "see docs/how-to/write-a-plugin.md, or name one that is installed"


class Tables:
    """The unit of a ledger with one organisation and its sub-account."""

    def __init__(self, keys: Iterable[str] = (), trunks: Iterable[bool] = ()) -> None:
        self.accounts = self.provider_keys = self.custom_models = self
        self._keys, self._active = keys, trunks

    async def tenant(self, tenant_id: str) -> Any:
        return SimpleNamespace(parent_id=ORGANISATION if tenant_id == SUB_ACCOUNT else None)

    async def all(self, tenant_id: str) -> list[Any]:
        here = tenant_id == ORGANISATION
        return [SimpleNamespace(name=name, sealed=b"") for name in self._keys] if here else []

    async def data_key(self, tenant_id: str) -> Any:
        return object()

    async def lines(self, tenant_id: str) -> tuple[frozenset[str], list[bool]]:
        here = tenant_id in (ORGANISATION, SUB_ACCOUNT)
        return frozenset(name.upper() for name in self._keys if here), list(self._active) if here else []


def availability(
    folder: Path,
    *,
    plugins: Iterable[Plugin] = (*ENDPOINTS, *SCRIPTED, *LOCAL, *LOOPBACK, *SIP),
    sandbox: str = "auto",
    defaults: ProviderDefaults | None = None,
) -> PluginAvailability:
    instances = PluginInstances(Registry(plugins))
    instances.use(PluginContext({}, folder))
    vault = cast(Vault, SimpleNamespace(open=lambda data_key, name, sealed: "a key"))
    access = TenantAccess(cast(Ledger, None), vault, cast(Clock, None), instances.key_names_of)
    own = defaults or ProviderDefaults()
    settings = AvailabilitySettings(defaults=own, ears=LocalEars("energy", "none"), sandbox=sandbox)
    return PluginAvailability(instances.registry, instances, access, settings)


def in_sandbox(folder: Path) -> PluginAvailability:
    """A server whose own providers are scripted."""
    return availability(folder, defaults=ProviderDefaults("scripted", "scripted", "scripted"))


def unit(keys: Iterable[str] = (), trunks: Iterable[bool] = ()) -> Unit:
    tables = Tables(keys, trunks)
    tables.custom_models = cast(Any, SimpleNamespace(all=_none))
    return cast(Unit, tables)


async def _none(tenant_id: str) -> list[Any]:
    return []


def agent(**sections: Mapping[str, Any]) -> dict[str, Any]:
    """An agent of scripted providers but for ``transcriber``, ``synthesizer`` and ``llm_agent``."""
    tools: dict[str, Any] = {
        "transcriber": {"provider": "scripted"},
        "synthesizer": {"provider": "scripted"},
        "llm_agent": {"llm_config": {"provider": "scripted"}},
        **sections,
    }
    return {"agent_name": "Ada", "tasks": [{"task_type": "conversation", "tools_config": tools}]}


async def lacks_of(found: PluginAvailability, body: Mapping[str, Any], tables: Unit) -> tuple[Lack, ...]:
    spec = parse_agent(body)
    return await found.lacks(tables, ORGANISATION, spec, spec.telephony_provider)


@pytest.mark.parametrize(
    ("body", "keys", "expected"),
    [
        (agent(), (), []),
        (
            agent(transcriber={"provider": "deepgram", "model": "nova-3", "language": "hi"}),
            (),
            [
                (
                    "transcriber", "transcriber.provider", "deepgram", "not_installed",
                    "no plugin for the recogniser 'deepgram' is installed; installed are local, scripted", PLUGIN,
                )
            ],
        ),
        (
            agent(synthesizer={"provider": "elevenlabs", "provider_config": {"voice": "Rachel"}}),
            ("ELEVENLABS_API_KEY",),
            [
                (
                    "voice", "synthesizer.provider", "elevenlabs", "not_installed",
                    "no plugin for the voice 'elevenlabs' is installed; installed are kokoro, local, scripted", PLUGIN,
                )
            ],
        ),
        (
            agent(llm_agent={"llm_config": {"provider": "openai", "model": "gpt-4.1-mini"}}),
            (),
            [("model", "llm_agent.llm_config.provider", "openai", "no_key", "the model 'openai' has no key", STORE_OPENAI)],
        ),
        (agent(llm_agent={"llm_config": {"provider": "openai", "model": "gpt-4.1-mini"}}), ("OPENAI",), []),
        (
            {**agent(), "telephony_provider": "twilio"},
            ("TWILIO_ACCOUNT_SID",),
            [
                (
                    "line", "telephony_provider", "twilio", "not_installed",
                    "no plugin for the carrier 'twilio' is installed; installed are loopback, sip, sip-trunk", PLUGIN,
                )
            ],
        ),
        (
            {**agent(), "telephony_provider": "sip-trunk"},
            (),
            [
                (
                    "line", "telephony_provider", "sip-trunk", "no_trunk",
                    "the carrier 'sip-trunk' has no active SIP trunk", "POST /sip-trunks/trunks",
                )
            ],
        ),
    ],
)  # fmt: skip
async def test_what_an_agent_lacks(
    tmp_path: Path, body: Mapping[str, Any], keys: tuple[str, ...], expected: list[tuple[str, ...]]
) -> None:
    found = await lacks_of(availability(tmp_path), body, unit(keys))
    base = "agent_config.tasks[0].tools_config."
    assert [(one.leg, one.path, one.wanted, one.kind, one.message, one.remedy) for one in found] == [
        (leg, f"agent_config.{path}" if leg == "line" else base + path, *rest) for leg, path, *rest in expected
    ]


async def test_every_model_that_is_asked_after_the_call_is_looked_at(tmp_path: Path) -> None:
    body = agent()
    summary = {"tools_config": {"llm_agent": {"llm_config": {"provider": "openai", "model": "gpt-4.1-mini"}}}}
    body["tasks"].append({"task_type": "summarization", **summary})
    (lack,) = await lacks_of(availability(tmp_path), body, unit())
    assert (lack.path, lack.kind) == ("agent_config.tasks[1].tools_config.llm_agent.llm_config.provider", "no_key")


LOCAL_AGENT = agent(transcriber={"provider": "local"}, synthesizer={"provider": "local"}, llm_agent={})


async def test_local_providers_without_their_packages_name_the_extra_and_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = await lacks_of(availability(tmp_path), LOCAL_AGENT, unit())
    assert [(one.leg, one.kind, one.remedy) for one in found] == [
        (leg, "no_extra", EXTRA) for leg in ("transcriber", "voice", "model")
    ]
    assert found[0].sentence == f"the recogniser 'local' lacks the packages of the extra local: {EXTRA}"


async def test_local_providers_without_their_files_name_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    found = await lacks_of(availability(tmp_path), LOCAL_AGENT, unit())
    assert [(one.leg, one.kind, one.remedy) for one in found] == [
        (leg, "no_model_files", MODELS) for leg in ("transcriber", "voice", "model")
    ]
    assert found[0].message == "the recogniser 'local' lacks its model whisper-tiny.en"


def _english(kind: str, plugin: Any) -> Plugin:
    return Plugin(kind, "english", "knows English", lambda _: plugin, languages=("en",))


@pytest.mark.parametrize(
    ("language", "lacking"),
    [("en", False), ("en-IN", False), ("english", False), ("multi", False), ("hi", True), ("multi-hi", True), ("hindi", True)],
)  # fmt: skip
async def test_a_language_that_a_provider_does_not_know_is_lacking(
    tmp_path: Path, language: str, lacking: bool
) -> None:
    plugins = (
        *SCRIPTED,
        *LOOPBACK,
        _english("transcriber", object()),
        _english("voice", SimpleNamespace(name="english")),
    )
    body = agent(transcriber={"provider": "english", "language": language}, synthesizer={"provider": "english"})
    found = await lacks_of(availability(tmp_path, plugins=plugins), body, unit())
    assert [(one.leg, one.kind) for one in found] == (
        [("transcriber", "language"), ("voice", "language")] if lacking else []
    )
    if lacking:
        assert found[0].sentence == (
            f"the recogniser 'english' hears only en, not {language!r}: name a recogniser that hears it"
        )


@pytest.mark.parametrize("account", [ORGANISATION, SUB_ACCOUNT])
@pytest.mark.parametrize(
    ("keys", "trunks", "connected"),
    [
        ((), (), False),
        (("OPENAI_API_KEY", "DEEPGRAM_AUTH_TOKEN"), (), False),
        (("TWILIO_ACCOUNT_SID",), (), True),
        (("plivo_auth_id",), (), True),
        ((), (False,), True),
    ],
)
async def test_an_account_is_connected_by_a_carriers_key_or_a_trunk_of_its_organisation(
    tmp_path: Path, account: str, keys: tuple[str, ...], trunks: tuple[bool, ...], connected: bool
) -> None:
    assert await availability(tmp_path).connected(unit(keys, trunks), account) is connected
    assert await availability(tmp_path, sandbox="never").connected(unit(keys, trunks), account)
    assert not await availability(tmp_path, sandbox="always").connected(unit(keys, trunks), account)


async def test_a_carriers_own_keys_connect_too_and_their_absence_is_lacking(tmp_path: Path) -> None:
    carrier = Plugin("carrier", "house", "our own carrier", lambda _: object(), keys=("HOUSE_TOKEN",))
    found = availability(tmp_path, plugins=(*SCRIPTED, carrier))
    assert await found.connected(unit(("HOUSE_TOKEN",)), ORGANISATION)
    body = {**agent(), "telephony_provider": "house"}
    (lack,) = await lacks_of(found, body, unit())
    assert lack.remedy == 'POST /providers {"provider_name": "HOUSE_TOKEN", "provider_value": "..."}'
    assert await lacks_of(found, body, unit(("HOUSE_TOKEN",))) == ()


async def test_an_agent_that_names_no_carrier_is_told_early_that_a_connected_account_calls_no_number_with_it(
    tmp_path: Path,
) -> None:
    found = in_sandbox(tmp_path)
    assert await lacks_of(found, agent(), unit()) == ()
    (lack,) = await lacks_of(found, agent(), unit(("PLIVO_AUTH_ID",)))
    assert (lack.leg, lack.message) == ("line", "the carrier 'loopback' rings no phones, it plays synthetic callers")
    # No plugin here knows which keys make that carrier complete.
    assert lack.remedy.startswith("to call phones, connect a carrier")


async def test_an_agent_on_the_test_line_is_told_which_connected_carriers_it_may_name(tmp_path: Path) -> None:
    carrier = Plugin("carrier", "house", "our own carrier", lambda _: object(), keys=("HOUSE_TOKEN",))
    found = availability(tmp_path, plugins=(*SCRIPTED, carrier))
    for keys, trunks, names in [
        (("HOUSE_TOKEN",), (), "'house'"),
        ((), (False, True), "'sip-trunk'"),
        (("HOUSE_TOKEN",), (True,), "'sip-trunk' or 'house'"),
        # An inactive trunk connects the account, and cannot be named.
        (("HOUSE_TOKEN",), (False,), "'house'"),
    ]:
        (lack,) = await lacks_of(found, agent(), unit(keys, trunks))
        assert lack.remedy == f"set the agent's telephony_provider to {names}"


PAIR = Plugin("carrier", "plivo", "a carrier", lambda _: object(), keys=("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN", "PLIVO_API_URL"),
              needed_keys=("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"))  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "connected", "lacking"),
    [
        ((), False, "has no key"),
        (("PLIVO_AUTH_ID",), False, "lacks PLIVO_AUTH_TOKEN"),
        (("plivo_auth_token",), False, "lacks PLIVO_AUTH_ID"),
        (("PLIVO_API_URL", "PLIVO_OTHER"), False, "lacks PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN"),
        (("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"), True, ""),
        (("EXOTEL_API_KEY",), True, "has no key"),
    ],
)
async def test_an_account_is_connected_by_all_keys_that_its_carrier_needs(
    tmp_path: Path, keys: tuple[str, ...], connected: bool, lacking: str
) -> None:
    """Of a carrier that is not installed nobody knows which it needs: one of its keys connects."""
    found = availability(tmp_path, plugins=(*SCRIPTED, PAIR))
    assert await found.connected(unit(keys), ORGANISATION) is connected
    lacks = await lacks_of(found, {**agent(), "telephony_provider": "plivo"}, unit(keys))
    assert [lack.message for lack in lacks] == ([f"the carrier 'plivo' {lacking}"] if lacking else [])
    missing = "PLIVO_AUTH_TOKEN" if keys == ("PLIVO_AUTH_ID",) else "PLIVO_AUTH_ID"
    assert all(f'"{missing}"' in lack.remedy for lack in lacks)


def hosted(**more: Any) -> dict[str, Any]:
    """An agent of which nothing is here."""
    return {
        **agent(
            transcriber={"provider": "deepgram", "model": "nova-3", "language": "en", "endpointing": 100},
            synthesizer={"provider": "elevenlabs", "provider_config": {"voice": "Rachel", "voice_id": "21m", "speed": 0.9}},
            llm_agent={"llm_config": {"provider": "openai", "model": "gpt-4.1-mini", "temperature": 0.7, "max_tokens": 150}},
        ),
        "telephony_provider": "twilio",
        **more,
    }  # fmt: skip


PHONE, TEST_LINE = Destination("e164", "+15550199"), Destination("loopback", "loopback:demo")
CARRIER = "no plugin for the carrier 'twilio' is installed; installed are loopback, sip, sip-trunk"


async def test_what_stands_in_has_nothing_of_what_it_stands_in_for_but_its_place_and_the_agents_limit(
    tmp_path: Path,
) -> None:
    found = await in_sandbox(tmp_path).provide(unit(), ORGANISATION, parse_agent(hosted()), Line(PHONE))
    spec = found.spec
    assert (found.sandbox, found.carrier) == (True, "loopback")
    assert spec.transcriber == ProviderChoice("scripted", language="en")
    assert spec.voice == ProviderChoice("scripted", language="en")
    assert spec.model == ProviderChoice("scripted", options={"max_tokens": 150})
    assert spec.endpointing_ms == parse_agent(agent()).endpointing_ms
    assert [(one.leg, one.wanted, one.used) for one in found.stand_ins] == [
        ("line", "twilio", "loopback"),
        ("transcriber", "deepgram", "scripted"),
        ("voice", "elevenlabs", "scripted"),
        ("model", "openai", "scripted"),
    ]


@pytest.mark.parametrize(
    ("line", "legs"),
    [
        (Line(TEST_LINE), ["transcriber", "voice", "model"]),
        (Line(Destination("sip", "sip:desk@example.org")), ["transcriber", "voice", "model"]),
        (Line(), ["transcriber", "voice", "model"]),
        (WRITTEN, ["model"]),
    ],
    ids=["loopback", "sip", "inbound", "chat"],
)
async def test_only_what_a_call_needs_is_stood_in_for(tmp_path: Path, line: Line, legs: list[str]) -> None:
    found = await in_sandbox(tmp_path).provide(unit(), ORGANISATION, parse_agent(hosted()), line)
    assert [one.leg for one in found.stand_ins] == legs


async def test_what_can_be_used_stays_in_a_sandbox_too(tmp_path: Path) -> None:
    spec = parse_agent(hosted())
    found = await in_sandbox(tmp_path).provide(unit(("OPENAI",)), ORGANISATION, spec, Line(TEST_LINE))
    assert (found.spec.model.provider, found.spec.model.options["temperature"]) == ("openai", 0.7)
    assert found.spec.model.access.keys == {"OPENAI": "a key"}
    assert [one.leg for one in found.stand_ins] == ["transcriber", "voice"]


async def test_models_that_are_asked_after_the_call_are_stood_in_for_once(tmp_path: Path) -> None:
    body = hosted()
    model = {
        "llm_agent": {"llm_config": {"provider": "openai", "model": "gpt-4.1", "extraction_json": {"name": "who"}}}
    }
    body["tasks"].append({"task_type": "extraction", "tools_config": model})
    found = await in_sandbox(tmp_path).provide(unit(), ORGANISATION, parse_agent(body), WRITTEN)
    (task,) = found.spec.post_call
    assert (task.model.provider, task.schema) == ("scripted", {"name": "who"})
    assert len(found.stand_ins) == 1


async def test_the_servers_own_that_cannot_be_used_either_refuse_the_call_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LackingError) as refused:
        await availability(tmp_path).provide(unit(), ORGANISATION, parse_agent(hosted()), Line(PHONE))
    assert refused.value.message == f"the recogniser 'local' lacks the packages of the extra local: {EXTRA}"
    assert await availability(tmp_path).foresee(unit(), ORGANISATION, hosted(), Line(PHONE)) == {
        "sandbox": True,
        "stand_ins": [],
    }


@pytest.mark.parametrize(
    ("named", "chosen", "keys", "trunks", "expected"),
    [
        # An agent that names no carrier, or one that is not here, in a sandbox: nobody's phone rings.
        ("default", "", (), (), ("loopback", "default")),
        ("twilio", "", (), (), ("loopback", "twilio")),
        ("sip-trunk", "", (), (), ("loopback", "sip-trunk")),
        # The same in a connected account.
        ("default", "", ("PLIVO_AUTH_ID",), (), "the carrier 'loopback' rings no phones"),
        ("twilio", "", ("TWILIO_AUTH_TOKEN",), (), CARRIER),
        ("sip-trunk", "", ("PLIVO_AUTH_ID",), (False,), "the carrier 'sip-trunk' has no active SIP trunk"),
        ("sip-trunk", "", (), (True,), ("sip-trunk", None)),
        # A call that was placed before.
        ("twilio", "loopback", (), (), ("loopback", "twilio")),
        ("twilio", "loopback", ("TWILIO_AUTH_TOKEN",), (), CARRIER),
        ("sip-trunk", "sip-trunk", (), (False,), "the carrier 'sip-trunk' has no active SIP trunk"),
        ("sip-trunk", "sip-trunk", (), (True,), ("sip-trunk", None)),
        # A call back over the trunk that the first call came by.
        ("default", "sip-trunk", (), (True,), ("sip-trunk", None)),
        ("twilio", "sip-trunk", (), (True,), ("sip-trunk", None)),
    ],
)
async def test_the_line_of_a_phone_call(
    tmp_path: Path, named: str, chosen: str, keys: tuple[str, ...], trunks: tuple[bool, ...], expected: Any
) -> None:
    spec = parse_agent({**agent(), "telephony_provider": named})
    providing = in_sandbox(tmp_path).provide(unit(keys, trunks), ORGANISATION, spec, Line(PHONE, chosen))
    if isinstance(expected, str):
        with pytest.raises(LackingError, match=expected) as refused:
            await providing
        assert (refused.value.field, refused.value.http_status) == ("agent_config.telephony_provider", 400)
        return
    found = await providing
    carrier, wanted = expected
    assert found.carrier == carrier
    assert [one.wanted for one in found.stand_ins] == ([] if wanted is None else [wanted])
    assert all(one.reason.endswith("no phone was rung: a synthetic caller played the call") for one in found.stand_ins)


@pytest.mark.parametrize("named", ["default", "sip-trunk", "twilio"])
async def test_where_every_account_is_a_sandbox_no_phone_rings_over_a_trunk_either(tmp_path: Path, named: str) -> None:
    spec = parse_agent({**agent(), "telephony_provider": named})
    found = availability(tmp_path, sandbox="always")
    tables = unit(trunks=(True,))
    provision = await found.provide(tables, ORGANISATION, spec, Line(PHONE))
    (entry,) = provision.stand_ins
    assert (provision.carrier, provision.sandbox) == ("loopback", True)
    assert (entry.leg, entry.wanted, entry.used) == ("line", named, "loopback")
    with pytest.raises(LackingError, match="set CALLWRIGHT_SANDBOX=auto"):
        await found.provide(tables, ORGANISATION, spec, Line(PHONE, "sip-trunk"))


@pytest.mark.parametrize(
    ("own", "provider", "used", "language", "entries"),
    [
        ("english", "english", "english", "en", [("hi", "en")]),
        ("scripted", "english", "scripted", "hi", [("english", "scripted")]),
        ("english", "deepgram", "english", "en", [("deepgram", "english"), ("hi", "en")]),
        ("scripted", "scripted", "scripted", "hi", []),
    ],
    ids=["own provider", "another knows it", "both", "nothing"],
)
async def test_a_language_is_told_apart_where_nothing_here_knows_it(
    tmp_path: Path, own: str, provider: str, used: str, language: str, entries: list[tuple[str, str]]
) -> None:
    plugins = (*SCRIPTED, *LOOPBACK, _english("transcriber", object()))
    spec = parse_agent(agent(transcriber={"provider": provider, "language": "hi"}))
    defaults = ProviderDefaults(own, "scripted", "scripted")
    found = await availability(tmp_path, plugins=plugins, defaults=defaults).provide(unit(), ORGANISATION, spec, Line())
    heard = found.spec.transcriber
    assert (heard.provider, heard.language, found.spec.voice.language) == (used, language, "hi")
    assert [(one.wanted, one.used) for one in found.stand_ins] == entries


async def test_the_server_knows_what_of_its_own_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_sandbox(tmp_path).of_this_server() == ()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert [one.leg for one in availability(tmp_path).of_this_server()] == ["transcriber", "voice", "model"]


# -- fallbacks ------------------------------------------------------------------------------------------------------------------

CHAINED = agent(
    transcriber={"provider": "scripted", "fallbacks": [{"provider": "deepgram"}]},
    synthesizer={"provider": "scripted", "fallbacks": [{"provider": "elevenlabs", "provider_config": {"voice": "R"}}]},
    llm_agent={
        "llm_config": {
            "provider": "scripted",
            "fallbacks": [{"provider": "openai", "model": "gpt-4.1-mini"}, {"provider": "scripted", "model": "m2"}],
        }
    },
)


async def test_a_fallback_that_lacks_something_is_told_and_left_out_and_nothing_is_refused(tmp_path: Path) -> None:
    found, tables = availability(tmp_path, sandbox="never"), unit()
    lacks = [lack for lack in await lacks_of(found, CHAINED, tables) if lack.leg != "line"]
    assert [(lack.path.rpartition("tools_config.")[2], lack.kind) for lack in lacks] == [
        ("transcriber.fallbacks[0].provider", "not_installed"),
        ("synthesizer.fallbacks[0].provider", "not_installed"),
        ("llm_agent.llm_config.fallbacks[0].provider", "no_key"),
    ]
    provision = await found.provide(tables, ORGANISATION, parse_agent(CHAINED), WRITTEN)
    assert not provision.spec.voice.fallbacks
    assert [one.model for one in provision.spec.model.fallbacks] == ["m2"]


async def test_a_fallback_gets_the_keys_of_its_own_provider(tmp_path: Path) -> None:
    tables = unit(("OPENAI_API_KEY",))
    provision = await availability(tmp_path).provide(tables, ORGANISATION, parse_agent(CHAINED), WRITTEN)
    first, *_ = provision.spec.model.fallbacks
    assert dict(first.access.keys) == {"OPENAI_API_KEY": "a key"}
    assert not provision.spec.model.access.keys
