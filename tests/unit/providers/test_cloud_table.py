"""What vendors of speech are sent for an agent's settings, and what their failures mean. Nothing of their clients is needed for it."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.corpus.bodies import CORPUS, AgentBody

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.settings.provider_option import default_model, read_options, unsent
from callwright.platform.agents.rules.availability import LackKind
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.provider_keys.actions.options import check_options, unsent_options
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, MissingError, ProviderError
from callwright.ports.registry import PluginContext
from callwright.providers.cloud import PLUGINS
from callwright.providers.cloud.bridge import Bridge, Order
from callwright.providers.cloud.failures import failure
from callwright.providers.cloud.languages import bare, indian, longer, nova, regional
from callwright.providers.cloud.provider_table import VENDORS
from callwright.providers.cloud.provider_table_options import boosted, word_list
from callwright.providers.cloud.vendor import Vendor

KEY = "canary-key"


def vendor(kind: str, name: str) -> Vendor:
    return next(one for one in VENDORS if (one.kind, one.name) == (kind, name))


def order(kind: str, name: str, model: str = "", addresses: str = "", **given: Any) -> Order:
    found = vendor(kind, name)
    keys = dict.fromkeys(found.all_keys, '{"project_id": "p"}' if found.name == "google" else KEY)
    if found.address_key:
        keys[found.address_key] = "https://speech.example.org/v1/"
    context = PluginContext({"speech_addresses": addresses}, Path("/nonexistent"))
    return Bridge(found, context).order(model, {"language": "en", **given}, Access(keys))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", ("en", "en", "en-US", "en-IN", "eng")),
        ("hi", ("hi", "hi", "hi-IN", "hi-IN", "hin")),
        ("en-GB", ("en", "en-GB", "en-GB", "en-IN", "eng")),
        ("multi-hi", ("hi", "multi", "hi-IN", "hi-IN", "hin")),
        ("multi", (None, "multi", "en-US", "unknown", "eng")),
        ("unknown", (None, "multi", "en-US", "unknown", "eng")),
        ("or", ("or", "or", "or-OR", "od-IN", "or")),
        ("de", ("de", "de", "de-DE", "de-IN", "ger")),
    ],
)
def test_each_language_is_written_as_a_vendor_wants_it(code: str, expected: tuple[str | None, ...]) -> None:
    assert (bare(code), nova(code), regional(code), indian(code), longer(code)) == expected


def test_keywords_are_a_list_or_a_text_and_may_have_boosts() -> None:
    assert boosted("Turin:2, Oslo , :3,Rome:x") == [("Turin", 2.0), ("Oslo", 1.0), ("Rome", 1.0)]
    assert word_list(["Turin:2", "Oslo"]) == ["Turin", "Oslo"]


@pytest.mark.parametrize("found", VENDORS, ids=lambda one: f"{one.kind}-{one.name}")
def test_each_vendor_has_a_key_a_client_and_its_defaults(found: Vendor) -> None:
    assert found.keys
    assert all(name == name.upper() for name in found.all_keys)
    made = order(found.kind, found.name)
    assert made.model == default_model(found.options)
    assert made.arguments[found.key_argument]
    assert KEY not in repr(made)
    names = [(one.name, one.models, one.not_models) for one in found.options]
    assert len(set(names)) == len(names)


def test_the_model_decides_which_client_and_which_settings_there_are() -> None:
    flux = order("transcriber", "deepgram", "flux-general-en", eot_threshold=0.8, endpointing=300)
    nova_2 = order("transcriber", "deepgram", "", eot_threshold=0.8, endpointing=300)
    assert (flux.client.name, nova_2.client.name) == ("deepgram.STTv2", "deepgram.STT")
    assert (flux.arguments["eot_threshold"], "endpointing_ms" in flux.arguments) == (0.8, False)
    assert ("eot_threshold" in nova_2.arguments, nova_2.arguments["endpointing_ms"]) == (False, 300)


def test_a_setting_that_another_model_takes_is_told_and_not_sent() -> None:
    options = vendor("transcriber", "deepgram").options
    given = {"eot_threshold": 0.7, "eot_timeout_ms": None, "endpointing": 100, "stream": True}
    assert list(unsent(options, options, "nova-3", given)) == ["eot_threshold"]
    assert list(unsent(options, options, "flux-general-en", given)) == ["endpointing"]


@pytest.mark.parametrize(
    ("kind", "name", "given", "path"),
    [
        ("voice", "elevenlabs", {"speed": 3}, "speed"),
        ("voice", "cartesia", {"speed": 0.1}, "speed"),
        ("voice", "sarvam", {"pitch": 4}, "pitch"),
        ("transcriber", "openai", {"noise_reduction": "loud"}, "noise_reduction"),
        ("transcriber", "deepgram", {"smart_format": "perhaps"}, "smart_format"),
    ],
)
def test_a_value_that_a_vendor_does_not_know_is_refused_by_its_path(
    kind: str, name: str, given: dict[str, Any], path: str
) -> None:
    found = vendor(kind, name)
    with pytest.raises(InvalidAgentError) as caught:
        read_options(found.options, found.model, Fields(given, "agent"))
    assert caught.value.field == f"agent.{path}"
    with pytest.raises(ProviderError) as refused:
        order(kind, name, **given)
    assert refused.value.kind is FailureKind.BAD_REQUEST


def test_voices_whose_names_hold_model_and_language_are_put_together() -> None:
    assert order("voice", "deepgram", voice="Asteria").arguments["model"] == "aura-2-asteria-en"
    assert order("voice", "deepgram", "aura", voice="zeus").arguments["model"] == "aura-zeus-en"
    assert order("voice", "deepgram", "aura-zeus-en", voice="Zeus").arguments["model"] == "aura-zeus-en"
    assert order("voice", "deepgram", voice="aura-2-thalia-en").arguments["model"] == "aura-2-thalia-en"
    assert order("voice", "deepgram").arguments["model"] == "aura-2-thalia-en"
    azure = order("voice", "azuretts", "neural", voice="Neerja", language="en-IN")
    assert (azure.arguments["voice"], azure.arguments["speech_region"]) == ("en-IN-NeerjaNeural", KEY)
    assert order("voice", "azuretts", voice="hi-IN-SwaraNeural").arguments["voice"] == "hi-IN-SwaraNeural"


def test_an_operators_address_takes_the_place_of_the_vendors_origin_and_keeps_the_path() -> None:
    here = "deepgram=http://127.0.0.1:9, sarvam=https://eu.example.org"
    assert (
        order("transcriber", "deepgram", "flux-general-en", here).arguments["base_url"] == "ws://127.0.0.1:9/v2/listen"
    )
    assert order("transcriber", "deepgram", "nova-3", here).arguments["base_url"] == "http://127.0.0.1:9/v1/listen"
    assert order("voice", "sarvam", "", here).arguments["ws_url"] == "wss://eu.example.org/text-to-speech/ws"
    assert order("voice", "cartesia", "", here).arguments["base_url"] == "https://api.cartesia.ai"


def test_a_voice_at_an_endpoint_needs_its_address_and_no_key() -> None:
    bridge = Bridge(vendor("voice", "custom"), PluginContext({}, Path("/nonexistent")))
    with pytest.raises(MissingError, match="CUSTOM_VOICE_API_BASE") as lacking:
        bridge.check("", {}, Access({"CUSTOM_VOICE_API_KEY": KEY}))
    assert (lacking.value.lack, lacking.value.reason) == (LackKind.NO_ADDRESS, "has no address")
    made = bridge.order("", {"voice": "desk"}, Access({"CUSTOM_VOICE_API_BASE": "https://speech.example.org/v1/"}))
    assert made.client.ask is not None
    asked = made.client.ask(made.arguments, "Hello.", datetime.now(UTC))
    assert asked.url == "https://speech.example.org/v1/audio/speech"
    assert "authorization" not in asked.headers
    assert json.loads(asked.body) == {"model": "tts-1", "voice": "desk", "input": "Hello.", "response_format": "wav"}


@pytest.mark.parametrize("address", ["http://127.0.0.1:8880/v1", "http://10.0.0.7/v1", "ftp://example.org", "desk"])
def test_an_address_that_may_not_be_reached_is_refused_before_a_call(address: str) -> None:
    keys = Access({"KALPA_API_BASE": address})
    # The operator's address of another vendor opens no private network.
    elsewhere = PluginContext({"speech_addresses": "deepgram=http://10.0.0.5"}, Path("/nonexistent"))
    with pytest.raises(ProviderError, match="in the provider key KALPA_API_BASE") as caught:
        Bridge(vendor("voice", "kalpa"), elsewhere).check("", {}, keys)
    assert caught.value.kind is FailureKind.BAD_REQUEST
    if address.startswith("http:"):
        allowed = PluginContext({"allow_private_urls": "1"}, Path("/nonexistent"))
        Bridge(vendor("voice", "kalpa"), allowed).check("", {}, keys)


def test_gemini_is_told_the_style_as_its_model_takes_it() -> None:
    def asked(model: str) -> dict[str, Any]:
        made = order("voice", "gemini", model, voice="Kore", style="calmly")
        assert made.client.ask is not None
        request = made.client.ask(made.arguments, "Hello.", datetime.now(UTC))
        assert (KEY not in request.url, request.headers["x-goog-api-key"]) == (True, KEY)
        part: dict[str, Any] = json.loads(request.body)["contents"][0]["parts"][0]
        return {"url": request.url, **part}

    old, new = asked("gemini-2.5-flash-tts"), asked("gemini-3.8-flash-tts")
    assert old["text"] == 'Read aloud, calmly: "Hello."'
    assert old["url"].endswith("/v1beta/models/gemini-2.5-flash-preview-tts:streamGenerateContent?alt=sse")
    assert (new["text"], new["speech_metadata"]) == ("Hello.", {"style": "calmly"})


def kalpa_with(**transcriber: Any) -> AgentSpec:
    """The body of the corpus that names a model of Gemini's Live API, with other settings of the recogniser."""
    body = deepcopy(next(body.flat for body in CORPUS if body.name == "voice-kalpa"))
    body["tasks"][0]["tools_config"]["transcriber"] |= transcriber
    return parse_agent(body)


def test_a_model_that_google_shut_down_is_refused_when_the_agent_is_saved() -> None:
    check_options(PLUGINS, kalpa_with())
    with pytest.raises(InvalidAgentError, match=r"name gemini-3\.5-transcribe-live") as caught:
        check_options(PLUGINS, kalpa_with(model="gemini-2.0-flash-live-001"))
    assert str(caught.value.field).endswith("transcriber.model")


def test_a_hint_that_the_live_api_does_not_take_is_a_warning() -> None:
    told = {one.path: one.message for one in unsent_options(PLUGINS, kalpa_with(context="A market.", endpointing=300))}
    (message,) = (words for path, words in told.items() if path.endswith("transcriber.context"))
    assert message == "gemini takes no context with gemini-live-2.5-flash; it is not sent."


@pytest.mark.parametrize(
    ("model", "asked", "client"),
    [
        ("", "gemini-3.5-transcribe-live", "gemini.Live"),
        ("gemini-live-2.5-flash", "gemini-2.5-flash-native-audio-preview-12-2025", "gemini.Live"),
        ("gemini-live-2.5-flash-native-audio", "gemini-2.5-flash-native-audio-preview-12-2025", "gemini.Live"),
        ("gemini-3.1-flash-live-preview", "gemini-3.1-flash-live-preview", "gemini.Live"),
        ("gemini-3.8-live", "gemini-3.8-live", "gemini.Live"),
        ("gemini-2.5-flash", "gemini-2.5-flash", "gemini.Recogniser"),
    ],
)
def test_each_model_of_gemini_is_asked_by_the_apis_name_and_as_it_hears(model: str, asked: str, client: str) -> None:
    made = order("transcriber", "gemini", model)
    assert (made.billed, made.arguments["model"], made.client.name) == (asked, asked, client)


def test_a_key_that_is_no_json_is_refused_where_the_vendor_gives_out_json() -> None:
    bridge = Bridge(vendor("voice", "google"), PluginContext({}, Path("/nonexistent")))
    with pytest.raises(ProviderError) as caught:
        bridge.order("", {}, Access({"GOOGLE_APPLICATION_CREDENTIALS_JSON": "no json"}))
    assert caught.value.kind is FailureKind.REFUSED
    assert "no json" not in str(caught.value)


class _StatusError(Exception):
    def __init__(self, status_code: int) -> None:
        super().__init__(f"Authorization: {KEY}")
        self.status_code = status_code


@pytest.mark.parametrize(
    ("status", "begun", "kind"),
    [
        (401, False, FailureKind.REFUSED),
        (403, True, FailureKind.REFUSED),
        (402, False, FailureKind.LIMIT),
        (429, False, FailureKind.LIMIT),
        (400, False, FailureKind.BAD_REQUEST),
        (404, False, FailureKind.BAD_REQUEST),
        (408, False, FailureKind.UNAVAILABLE),
        (503, False, FailureKind.UNAVAILABLE),
        (503, True, FailureKind.BROKEN_STREAM),
        (1006, False, FailureKind.BROKEN_STREAM),
        (-1, False, FailureKind.UNAVAILABLE),
    ],
)
def test_each_status_means_one_kind_and_no_words_of_the_error_are_repeated(
    status: int, begun: bool, kind: FailureKind
) -> None:
    try:
        try:
            raise _StatusError(status)
        except _StatusError as inner:
            raise RuntimeError(f"wrapped {KEY}") from inner
    except RuntimeError as error:
        found = failure("deepgram", error, begun=begun)
    assert found.kind is kind
    assert KEY not in str(found)


def test_a_timeout_is_told_as_one() -> None:
    found = failure("deepgram", TimeoutError(), begun=False)
    assert (found.kind, found.message) == (FailureKind.UNAVAILABLE, "nothing came in time")


def test_plugins_say_what_they_take_so_that_agents_are_checked_without_the_clients() -> None:
    assert all(plugin.options and plugin.keys for plugin in PLUGINS)


@pytest.mark.parametrize(
    ("given", "sent"), [(True, "near_field"), (False, None), ("far_field", "far_field"), (None, None)]
)
def test_noise_reduction_is_a_switch_or_a_word(given: Any, sent: str | None) -> None:
    assert order("transcriber", "openai", noise_reduction=given).arguments.get("noise_reduction_type") == sent


@pytest.mark.parametrize("body", CORPUS, ids=lambda body: body.shows)
def test_no_agent_of_the_corpus_is_refused_for_a_setting_of_its_vendors(body: AgentBody) -> None:
    check_options(PLUGINS, parse_agent(body.flat))


GUIDE = Path(__file__).resolve().parents[3] / "docs/how-to/cloud-speech.md"
STACKS = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)]


@pytest.mark.parametrize("stack", STACKS, ids=range(len(STACKS)))
def test_each_stack_of_the_guide_is_an_agent_whose_settings_are_all_sent(stack: dict[str, Any]) -> None:
    whole = STACKS[0]
    config = whole["agent_config"]
    tools = stack.get("tools_config") or config["tasks"][0]["tools_config"]
    body = {**config, "tasks": [{**config["tasks"][0], "tools_config": tools}], "agent_prompts": whole["agent_prompts"]}
    spec = parse_agent(body)
    check_options(PLUGINS, spec)
    assert list(unsent_options(PLUGINS, spec)) == []
    for kind, choice in (("transcriber", spec.transcriber), ("voice", spec.voice)):
        found = vendor(kind, choice.provider)
        bridge = Bridge(found, PluginContext({}, Path("/nonexistent")))
        given = {**choice.options, "voice": choice.voice, "language": choice.language}
        named = {name: "us-east-1" for name in found.all_keys if name in GUIDE.read_text()}
        assert bridge.order(choice.model, given, Access(named)).arguments
