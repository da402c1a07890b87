"""Every plugin that comes with Callwright passes the public contract suite of its kind, as an outsider's would (``callwright.testing``)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.sip.carrier_world import ANSWERED, COMMAND, DIALLED
from tests.number_vendors import AUTH_ID, SID, TOKEN, Vendor, plivo, twilio
from tests.vendors.models import GOOD, KEYS, model_vendors

from callwright.bootstrap.plugins import PluginInstances, installed_plugins
from callwright.net.client import GuardedClient
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.leg import DialRequest
from callwright.ports.model import Message, ModelRequest, ModelSettings, Tool
from callwright.ports.registry import KINDS, HttpClient, Plugin, PluginContext
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.providers.cloud.provider_table import VENDORS as CLOUD
from callwright.providers.hosted_models import VENDORS as HOSTED
from callwright.providers.hosted_models import anthropic
from callwright.providers.hosted_models.anthropic import AnthropicModel
from callwright.providers.local.manifest import DEFAULTS
from callwright.providers.local.store import ModelStore
from callwright.providers.openai_compatible.endpoints import EndpointModels
from callwright.providers.openai_compatible.provider_table import VENDORS
from callwright.telephony.number_markets.plivo import PlivoMarket
from callwright.telephony.number_markets.twilio import TwilioMarket
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.configuration import SipSettings
from callwright.testing import (
    CarrierContract,
    HostedModelContract,
    MarketContract,
    ModelContract,
    PluginContract,
    TranscriberContract,
    TurnContract,
    VadContract,
    VoiceContract,
)

REGISTRY = installed_plugins()
MODELS = Path(os.environ.get("CALLWRIGHT_MODELS") or "~/.cache/callwright/models").expanduser()
WITH_MODELS = [
    pytest.mark.voice,
    pytest.mark.skipif(
        bool(ModelStore(MODELS).missing(DEFAULTS)), reason="the default local models are not installed: make models"
    ),
]
TESTED: set[tuple[str, str]] = {
    *(("carrier", name) for name in ("twilio", "plivo", "vobiz", "telnyx", "exotel", "vonage", "asterisk")),
    *(("market", name) for name in ("telnyx", "exotel", "vonage", "asterisk")),
}
"""Kind and name of every plugin on which a suite is run; those of the first ones have files of their own (test_media_stream_carriers.py,
test_listed_numbers.py)."""
LEFT_OUT = {
    ("voice", "kokoro"): "its model is no default one",
    ("carrier", "web-call"): "a browser calls it: tests/acceptance/test_web_calls.py",
    ("market", "vobiz"): "it rents nothing: test_number_markets.py",
    ("carrier", "sip-trunk"): "its legs are those of the carrier sip; tests/phone calls through trunks",
}


def held(kind: str, name: str) -> Plugin:
    """The plugin of the registry; noted as tested."""
    plugin = REGISTRY.find(kind, name)
    TESTED.add((plugin.kind, plugin.name))
    return plugin


# -- scripted ------------------------------------------------------------------------------------------------------------------


class TestScriptedVoice(VoiceContract):
    plugin = held("voice", "scripted")
    wrong_settings = VoiceSettings(options={"first_audio_ms": "soon"})


class TestScriptedTranscriber(TranscriberContract):
    plugin = held("transcriber", "scripted")
    wrong_settings = TranscriberSettings(options={"drop": "first"})


class TestScriptedTurn(TurnContract):
    plugin = held("turn", "scripted")


class TestEnergyVad(VadContract):
    plugin = held("vad", "energy")


TOOL = Tool("book", "book a cleaning", json.dumps({"type": "object", "properties": {"day": {"type": "string"}}}))
CALLS_TOOL = ModelRequest((Message("user", "Please book Tuesday."),), ModelSettings(), tools=(TOOL,))


class TestScriptedModel(ModelContract):
    plugin = held("model", "scripted")
    tool_request = replace(
        CALLS_TOOL, settings=ModelSettings(options={"rules": [{"when": "book", "tool": {"name": "book"}}]})
    )
    wrong_settings = ModelSettings(options={"rules": "x"})


# -- local ---------------------------------------------------------------------------------------------------------------------


CLAUSE = "I would like to book a cleaning on Tuesday, please."


@cache
def said_locally() -> bytes:
    """The clause, said by the local voice."""
    suite = PluginContract()
    suite.plugin, suite.models_folder = REGISTRY.find("voice", "local"), MODELS

    async def said() -> bytes:
        async with suite.opened() as voice:
            return b"".join([chunk.pcm async for chunk in voice.speak(CLAUSE, VoiceSettings(voice="robin"))])

    return asyncio.run(said())


class Local:
    """With the models of this machine."""

    pytestmark = WITH_MODELS
    models_folder = MODELS
    seconds = 120.0


class LocalEars(Local):
    """Hears what the local voice says."""

    words: tuple[str, ...] = ("cleaning", "tuesday")

    @pytest.fixture(autouse=True)
    def clause(self) -> None:
        """Said before the suite's event loop runs."""
        said_locally()

    def speech(self) -> bytes:
        return said_locally()


class TestLocalVoice(Local, VoiceContract):
    plugin = held("voice", "local")
    voice_settings = VoiceSettings(voice="robin")
    wrong_settings = VoiceSettings(voice="nobody")


class TestLocalTranscriber(LocalEars, TranscriberContract):
    plugin = held("transcriber", "local")
    wrong_settings = TranscriberSettings(language="hi")


class TestLocalVad(LocalEars, VadContract):
    plugin = held("vad", "local")


class TestLocalTurn(LocalEars, TurnContract):
    plugin = held("turn", "local")

    def finished(self) -> bytes:
        return said_locally()

    def unfinished(self) -> None:
        """What the real model thinks of a half sentence is no contract."""


class TestLocalModel(Local, ModelContract):
    plugin = held("model", "local")
    model_settings = ModelSettings(max_tokens=60, temperature_milli=0)


class TestIntentModel(Local, ModelContract):
    plugin = held("model", "intents")
    model_settings = ModelSettings(max_tokens=60, temperature_milli=0)


# -- models of vendors ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtVendor:
    """How a vendor is asked: with these settings of the agent, and these provider keys beside its key."""

    vendor: Any
    model: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The vendor's name, with what is special."""
        return "-".join([self.vendor.name, *self.options, *self.beside])


RESPONSES = {"use_responses_api": True}
AT_VENDORS = (
    *(AtVendor(vendor, EndpointModels) for vendor in VENDORS),
    *(
        AtVendor(one, EndpointModels, RESPONSES)
        for one in VENDORS
        if "use_responses_api" in {o.name for o in one.options}
    ),
    *(
        AtVendor(one, EndpointModels, beside={one.version_key: "2025-04-01-preview"})
        for one in VENDORS
        if one.version_key
    ),
    *(AtVendor(vendor, model) for vendor, model in HOSTED),
    AtVendor(anthropic.VENDOR, AnthropicModel, {"thinking_budget": 2_000}),
)


class TestVendorModel(HostedModelContract):
    secret = GOOD

    @pytest.fixture(autouse=True, params=AT_VENDORS, ids=lambda at: at.name)
    def vendor(self, request: pytest.FixtureRequest) -> None:
        self.at: AtVendor = request.param
        self.plugin = held("model", self.at.vendor.name)

    def opened(self) -> AbstractAsyncContextManager[Any]:
        return self._at_stand_in()

    def settings_with(self, fault: str) -> ModelSettings:
        return self._settings(KEYS[fault])

    def connections(self) -> int:
        return self.place.open

    def _settings(self, key: str) -> ModelSettings:
        vendor, url = self.at.vendor, f"{self.place.url}/v1"
        address = getattr(vendor, "address_key", "")
        keys = {vendor.keys[0]: key, **({address: url} if address else {}), **self.at.beside}
        access = Access(keys, base_url=url if vendor.name == "custom" else "")
        return ModelSettings("m-1", max_tokens=60, options=self.at.options, access=access)

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[Any]:
        async with model_vendors() as self.place, GuardedClient(allow_private=True) as client:
            vendor = self.at.vendor
            self.model_settings = self._settings(GOOD)
            self.tool_request = replace(CALLS_TOOL, settings=self.model_settings)
            if vendor.name != "azure-openai":
                elsewhere = Access({vendor.keys[0]: GOOD}, refused_url="http://elsewhere.example")
                self.wrong_settings = replace(self.model_settings, access=elsewhere)
            here = vendor if vendor.name == "custom" else replace(vendor, base_url=f"{self.place.url}/v1")
            settings = {"model_base_url": "", "model_api_key": "", "model_name": ""}
            model = self.at.model(here, PluginContext(settings, MODELS), client.stream_client())
            try:
                yield model
            finally:
                await model.aclose()


# -- carriers ------------------------------------------------------------------------------------------------------------------


def dialled(to: str, **options: Any) -> DialRequest:
    return DialRequest("execution-1.1", to, "+15550100", 20, options)


def caller(**persona: Any) -> dict[str, Any]:
    """A synthetic caller who says nothing by itself."""
    return {
        "default": "x",
        "personas": {"x": {"answer": {"after_s": 0}, "patience_s": 0, "fallback": [], "think_ms": 0} | persona},
    }


class TestLoopback(CarrierContract):
    plugin = held("carrier", "loopback")
    answers = dialled("+15550111", scenario=caller())
    rings = dialled("+15550111", scenario=caller(answer={"after_s": 15}))
    refused = dialled("busy")
    impossible = dialled("+15550111", user_data={"persona": "nobody"})

    def context(self, client: HttpClient) -> PluginContext:
        """With the scripted voice and ears of the caller."""
        plugins = PluginInstances(REGISTRY)
        context = PluginContext(self.settings, self.models_folder, plugins, client)
        plugins.use(context)
        return context


PHONE = "sip:phone@127.0.0.1:15101"


def scripted(*steps: list[Any], to: str = PHONE) -> DialRequest:
    """A SIP call that goes as the steps say."""
    return dialled(to, sip_headers={"X-Script": json.dumps(steps)})


class TestSip(CarrierContract):
    """The carrier over a gateway process without SIP: no stack and no phone is needed."""

    plugin = replace(
        held("carrier", "sip"), factory=lambda context: SipCarrier(SipSettings("127.0.0.1:15100"), command=COMMAND)
    )
    answers = scripted(*ANSWERED)
    second = scripted(["dialled", {"call_id": "def@127.0.0.1"}], *ANSWERED[1:])
    rings = scripted(DIALLED, ["ringing"])
    refused = scripted(DIALLED, ["closed", {"by": "them", "sip_status": 486, "q850": None, "reason": "Busy Here"}])
    impossible = scripted(to="sip:phone@192.0.2.1")


# -- markets -------------------------------------------------------------------------------------------------------------------

NUMBERS = {"US": ["+14155550101", "+12125550102"], "IN": ["+918041234567", "+912241234567"]}


class TestTwilio(MarketContract):
    plugin = held("market", "twilio")
    access = Access({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN})
    wrong_access = Access({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": "wrong-token"})
    rents = True

    def opened(self) -> AbstractAsyncContextManager[TwilioMarket]:
        return self._at_stand_in()

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[TwilioMarket]:
        vendor = Vendor(stock=list(NUMBERS[self.country]))
        async with twilio(vendor), GuardedClient(allow_private=True) as client:
            yield TwilioMarket(client, vendor.url)


class TestPlivo(MarketContract):
    plugin = held("market", "plivo")
    access = Access({"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN})
    wrong_access = Access({"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": "wrong-token"})
    country = "IN"
    rents = True

    def opened(self) -> AbstractAsyncContextManager[PlivoMarket]:
        return self._at_stand_in()

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[PlivoMarket]:
        vendor = Vendor(stock=list(NUMBERS[self.country]))
        async with plivo(vendor), GuardedClient(allow_private=True) as client:
            yield PlivoMarket(client, vendor.url)


def test_every_kind_and_every_plugin_has_its_suite() -> None:
    installed = {(plugin.kind, plugin.name) for plugin in REGISTRY.all()}
    of_vendors = {("model", at.vendor.name) for at in AT_VENDORS} | {(one.kind, one.name) for one in CLOUD}
    assert installed - TESTED - of_vendors == set(LEFT_OUT), (
        "those of vendors have their suites in test_cloud_speech.py"
    )
    assert {kind for kind, _ in TESTED} == set(KINDS)
