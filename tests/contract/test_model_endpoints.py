"""Which endpoint and which key a model of a vendor is asked with: the tenant's before the settings', and never the one's key at the
other's endpoint."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_openai_compatible import ASK, DONE, Script, chunk, streaming
from tests.http_server import Exchange, LocalServer, serving
from tests.vendors.models import ARGUMENTS, GOOD, USED, WORDS, model_vendors

from callwright.domain.limits import MAX_ENDPOINT_CLIENTS
from callwright.net.client import GuardedClient
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.registry import PluginContext, Registry
from callwright.ports.speech import UsageAmount
from callwright.providers.openai_compatible import PLUGINS
from callwright.providers.openai_compatible.endpoints import EndpointModels
from callwright.providers.openai_compatible.provider_table import VENDORS

REGISTRY = Registry(PLUGINS)
SAYS = streaming(chunk({"content": "x"}, "stop"), DONE)
OPERATORS = "operators-own-key-1f2e"


def plugin(name: str, *, private: bool = True, **settings: str) -> Any:
    given = {
        "model_base_url": "",
        "model_api_key": OPERATORS,
        "model_name": "house",
        "allow_private_urls": "01"[private],
    }
    return REGISTRY.find("model", name).factory(PluginContext({**given, **settings}, Path()))


async def ask(asked: Any, base_url: str = "", keys: dict[str, str] | None = None, **settings: Any) -> list[ModelDelta]:
    return [delta async for delta in asking(asked, base_url, keys, **settings)]


def asking(
    asked: Any, base_url: str = "", keys: dict[str, str] | None = None, **settings: Any
) -> AsyncIterator[ModelDelta]:
    chosen = ModelSettings(access=Access(keys or {}, base_url), **{"model": "m-1", **settings})
    asked.check(chosen)
    answer: AsyncIterator[ModelDelta] = asked.answer(ModelRequest(ASK.messages, chosen))
    return answer


def key_of(server: LocalServer) -> str:
    return server.requests[-1].headers["authorization"].removeprefix("Bearer ")


def at_address(server: LocalServer) -> dict[str, str]:
    """A vendor's key with the address that belongs to it."""
    return {"AZURE_OPENAI_API_KEY": "tenants-own-key", "AZURE_OPENAI_API_BASE": server.url}


async def test_the_key_of_the_settings_goes_to_no_endpoint_a_tenant_chose():
    async with serving(SAYS) as server:
        model = plugin("custom", model_base_url="https://llm.operator.example/v1")
        await ask(model, f"{server.url}/v1")
        await model.aclose()
        assert key_of(server) == "none"


async def test_the_tenants_key_is_used_before_the_one_of_the_settings():
    async with serving(SAYS) as server:
        model = plugin("custom", model_base_url=f"{server.url}/v1", private=False)
        await ask(model)
        assert (key_of(server), server.requests[-1].json()["model"]) == (OPERATORS, "m-1")
        await ask(model, keys={"CUSTOM": "tenants-own-key"}, model="")
        assert (key_of(server), server.requests[-1].json()["model"]) == ("tenants-own-key", "house")
        await model.aclose()


async def test_an_endpoint_a_tenant_chose_is_reached_through_the_guard():
    async with serving(SAYS) as server:
        model = plugin("custom", private=False)
        with pytest.raises(ProviderError, match="private or reserved address") as refused:
            await ask(model, f"{server.url}/v1", {"CUSTOM": "tenants-own-key"})
        await model.aclose()
        assert refused.value.kind is FailureKind.BAD_REQUEST
        assert server.requests == []


async def test_a_key_of_a_vendor_is_used_at_the_address_stored_beside_it_and_its_usage_has_the_vendors_name():
    async with serving(SAYS) as server:
        model = plugin("azure-openai")
        deltas = await ask(model, keys=at_address(server), model="gpt-5-mini", max_tokens=70)
        await model.aclose()
        sent = server.requests[-1].json()
        assert key_of(server) == "tenants-own-key"
        assert (sent["max_completion_tokens"], sent["reasoning_effort"], sent["verbosity"]) == (70, "minimal", "low")
        assert "max_tokens" not in sent
        assert deltas[-1].usage is not None
        assert deltas[-1].usage.provider == "azure-openai"


SAMPLING = {"verbosity": "high", "min_p": 0.05, "top_k": 40}


@pytest.mark.proves("llm_agent.verbosity")
@pytest.mark.parametrize(
    ("model", "sent"), [("gpt-5-mini", {"verbosity": "high"}), ("gpt-4.1-mini", {}), ("house-model", {})]
)
async def test_how_much_a_model_says_is_told_to_those_that_can_be_told(model: str, sent: dict[str, Any]):
    async with serving(SAYS) as server:
        azure = plugin("azure-openai")
        await ask(azure, keys=at_address(server), model=model, options=SAMPLING)
        await azure.aclose()
        asked = server.requests[-1].json()
    assert {name: asked[name] for name in SAMPLING if name in asked} == sent


@pytest.mark.proves("llm_agent.min_p", "llm_agent.top_k")
@pytest.mark.parametrize(
    ("name", "sampled"), [("openrouter", True), ("deepinfra", True), ("groq", False), ("custom", False)]
)
async def test_sampling_the_protocol_does_not_have_goes_to_vendors_that_document_it(name: str, sampled: bool):
    wanted = {"min_p": 0.05, "top_k": 40} if sampled else {}
    async with serving(SAYS) as server, GuardedClient(allow_private=True) as client:
        (vendor,) = (one for one in VENDORS if one.name == name)
        here = replace(vendor, base_url=f"{server.url}/v1")
        settings = {"model_base_url": "", "model_api_key": "", "model_name": ""}
        model = EndpointModels(here, PluginContext(settings, Path()), client.stream_client())
        await ask(model, keys={here.keys[0]: "key"}, options=SAMPLING)
        asked = server.requests[-1].json()
    assert {one: asked[one] for one in SAMPLING if one in asked} == wanted


@pytest.mark.proves("llm_agent.base_url")
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("name", "keys", "advice"),
    [
        ("openai", {"OPENAI": "tenants-own-key"}, "store the address as the provider key OPENAI_API_BASE"),
        ("openai", {}, "store the address as the provider key OPENAI_API_BASE"),
        (
            "azure",
            {"AZURE_OPENAI_API_KEY": "tenants-own-key"},
            "store the address as the provider key AZURE_OPENAI_API_BASE",
        ),
    ],
)
async def test_a_key_of_a_vendor_is_not_sent_to_an_address_an_agent_names(
    name: str, keys: dict[str, str], advice: str, told: bool
):
    async with serving(SAYS) as server:
        # Not even where the operator's own endpoint has that address.
        address = f"{server.url}/v1"
        model = plugin(name, model_base_url=address)
        access = Access(keys, refused_url=address) if told else Access(keys, address)
        chosen = ModelSettings(access=access)
        with pytest.raises(ProviderError, match=f"{advice}, or use the provider custom") as refused:
            model.check(chosen)
        with pytest.raises(ProviderError):
            [delta async for delta in model.answer(ModelRequest(ASK.messages, chosen))]
        await model.aclose()
        assert refused.value.kind is FailureKind.BAD_REQUEST
        assert "tenants-own-key" not in refused.value.message
        assert server.requests == []


@pytest.mark.parametrize("name", [one.name for one in VENDORS if one.address_key == f"{one.name.upper()}_API_BASE"])
async def test_every_vendor_is_asked_at_the_gateway_whose_address_is_stored_for_it(name: str):
    async with serving(SAYS) as server:
        model, key = plugin(name), name.upper()
        stored = {f"{key}_API_KEY": "gateways-key", f"{key}_API_BASE": f"{server.url}/gateway/v1/"}
        await ask(model, keys=stored, model="gpt-4.1-mini")
        await model.aclose()
        assert key_of(server) == "gateways-key"
        assert server.requests[-1].target == "/gateway/v1/chat/completions"
        private = plugin(name, private=False)
        with pytest.raises(ProviderError, match="private or reserved address"):
            await ask(private, keys=stored, model="gpt-4.1-mini")
        await private.aclose()


async def test_a_vendor_whose_address_is_stored_is_asked_there_whatever_an_agent_names():
    async with serving(SAYS) as server:
        model = plugin("azure")
        access = Access(at_address(server), refused_url="https://llm.elsewhere.example/v1")
        assert model.endpoint_of(ModelSettings(access=access)).base_url == f"{server.url}/openai/v1"


async def test_who_asks_at_a_sub_accounts_address_learns_why_it_got_no_key():
    async def refuse(exchange: Any) -> None:
        await exchange.answer(401, b"{}")

    async with serving(refuse) as server:
        model = plugin("custom")
        chosen = ModelSettings(model="m-1", access=Access({}, f"{server.url}/v1", withheld=True))
        with pytest.raises(ProviderError, match="base_url of a sub-account's agent gets no key of the organisation"):
            [delta async for delta in model.answer(ModelRequest(ASK.messages, chosen))]
        await model.aclose()
        assert key_of(server) == "none"


@pytest.mark.parametrize("name", ["openai", "groq", "azure"])
def test_a_vendor_without_a_key_is_refused_before_a_call_with_the_keys_name(name: str):
    with pytest.raises(ProviderError, match="POST /providers") as refused:
        plugin(name).check(ModelSettings())
    assert refused.value.provider == plugin(name).name


def test_no_endpoint_at_all_is_refused_before_a_call():
    with pytest.raises(ProviderError, match="CALLWRIGHT_MODEL_BASE_URL"):
        plugin("custom").check(ModelSettings())


@pytest.mark.parametrize("name", ["anyscale", "bolna"])
def test_a_vendor_without_an_address_of_its_own_is_refused_with_the_key_that_holds_one(name: str):
    access = Access({name.upper(): "tenants-own-key"})
    with pytest.raises(ProviderError, match=f"POST /providers .*{name.upper()}_API_BASE"):
        plugin(name).check(ModelSettings(access=access))


async def test_an_address_of_another_vendor_in_an_agent_is_no_choice():
    """Agents of the hosted service carry it whatever their provider is."""
    model = plugin("groq")
    access = Access({"GROQ": "tenants-own-key"}, refused_url="https://api.openai.com/v1/")
    assert model.endpoint_of(ModelSettings(access=access)).base_url == "https://api.groq.com/openai/v1"


async def test_a_vendor_with_an_address_for_each_customer_takes_it_from_a_key():
    async with serving(SAYS) as server:
        keys = {
            "AZURE_OPENAI_API_KEY": "tenants-own-key",
            "AZURE_OPENAI_API_BASE": f"{server.url}/",
            "AZURE_OPENAI_MODEL": "deployed",
        }
        model = plugin("azure-openai")
        await ask(model, keys=keys, model="azure/gpt-4.1-mini")
        assert (server.requests[-1].target, key_of(server)) == ("/openai/v1/chat/completions", "tenants-own-key")
        assert server.requests[-1].json()["model"] == "gpt-4.1-mini"
        await ask(model, keys=keys, model="")
        assert server.requests[-1].json()["model"] == "deployed"
        await model.aclose()


async def test_a_refused_key_is_named_and_not_shown():
    async def refuse(exchange: Any) -> None:
        await exchange.answer(401, b'{"error": {"message": "Incorrect API key: tenants-own-key"}}')

    async with serving(refuse) as server:
        model = plugin("azure-openai")
        with pytest.raises(ProviderError) as refused:
            await ask(model, keys=at_address(server))
        await model.aclose()
    assert (
        refused.value.message == "the endpoint refused the key; check the provider key AZURE_OPENAI_API_KEY (HTTP 401)"
    )


async def test_clients_of_endpoints_are_not_kept_without_end():
    async with serving(SAYS) as server:
        model = plugin("custom")
        for number in range(MAX_ENDPOINT_CLIENTS + 1):
            await model.client_for(ModelSettings(access=Access({"CUSTOM": f"key-{number}"}, f"{server.url}/v1")))
        assert model.clients == MAX_ENDPOINT_CLIENTS
        await ask(model, f"{server.url}/v1", {"CUSTOM": "key-0"})
        assert key_of(server) == "key-0"
        await model.aclose()


async def test_an_error_names_where_the_address_and_the_models_name_are_set():
    async def nothing(exchange: Exchange) -> None:
        await exchange.answer(404, b"{}", content_type="application/json")

    async with serving(nothing) as server:
        operators = plugin("custom", model_base_url=f"{server.url}/v1", model_name="")
        with pytest.raises(ProviderError, match=r"set CALLWRIGHT_MODEL_NAME: .* no list"):
            await ask(operators, model="")
        agents = plugin("custom")
        with pytest.raises(ProviderError, match=r"set llm_config.model of the agent: .* no list"):
            await ask(agents, f"{server.url}/v1", model="")
        with pytest.raises(ProviderError, match=r"check the base URL \(base_url of the agent\)"):
            await ask(agents, f"{server.url}/v1")
        with pytest.raises(ProviderError, match=r"the base URL \(the provider key AZURE_OPENAI_API_BASE\)"):
            await ask(plugin("azure"), keys=at_address(server))
        for one in (operators, agents):
            await one.aclose()


def test_the_host_of_an_endpoint_has_nothing_secret():
    model = plugin("custom", model_base_url="https://user:s3cret@llm.example:8443/v1?key=s3cret")
    assert model.host(ModelSettings()) == "llm.example:8443"
    assert plugin("openai").host(ModelSettings()) == "", "without a key nobody would be asked"


def test_nothing_shows_a_key():
    settings = ModelSettings(access=Access({"OPENAI": "tenants-own-key"}))
    assert "tenants-own-key" not in repr(settings) + repr(plugin("openai").endpoint_of(settings))


# -- what each family and model is sent ------------------------------------------------------------------------------------------

HOSTED: dict[str, Any] = {
    "top_p": 0.9,
    "min_p": 0.1,
    "top_k": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "stop": ["END"],
    "seed": 7,
}
"""What agents of the hosted service carry, and more."""
TALK = (Message("system", "Be brief."), Message("user", "Hello?"))
TOOL = Tool("book", "Books a day.", '{"type": "object", "properties": {"day": {"type": "string"}}}')


@asynccontextmanager
async def at_vendors(name: str, **beside: str) -> AsyncIterator[tuple[Any, Any, dict[str, str]]]:
    """The scripted vendors, a model of one and its keys."""
    async with model_vendors() as place, GuardedClient(allow_private=True) as client:
        (vendor,) = (one for one in VENDORS if one.name == name)
        address = place.url if vendor.path else f"{place.url}/v1"
        keys = {vendor.keys[0]: GOOD, **({vendor.address_key: address} if vendor.address_key else {}), **beside}
        here = replace(vendor, base_url=f"{place.url}/v1") if vendor.base_url else vendor
        settings = {"model_base_url": "", "model_api_key": "", "model_name": ""}
        model = EndpointModels(here, PluginContext(settings, Path()), client.stream_client())
        yield place, model, keys
        await model.aclose()


async def sent_to(name: str, model_name: str, **options: Any) -> dict[str, Any]:
    """The body of a request for a reply."""
    async with at_vendors(name) as (place, model, keys):
        await ask(model, keys=keys, model=model_name, options=options)
        sent: dict[str, Any] = place.requests[-1]
        return sent


@pytest.mark.parametrize("name", ["openai", "azure-openai"])
async def test_a_model_that_thinks_is_sent_nothing_that_it_would_refuse(name: str):
    sent = await sent_to(name, "gpt-5-mini", **HOSTED)
    assert set(sent) == {
        *("model", "messages", "stream", "stream_options", "max_completion_tokens", "temperature"),
        *("reasoning_effort", "verbosity", "seed"),
    }
    others = await sent_to(name, "gpt-4.1-mini", **HOSTED)
    assert {"top_p": 0.9, "stop": ["END"], "presence_penalty": 0}.items() <= others.items()
    assert {"min_p", "top_k", "reasoning_effort", "verbosity"}.isdisjoint(others)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("groq", {"presence_penalty", "frequency_penalty", "min_p", "top_k"}),
        ("deepseek", {"seed", "min_p", "top_k"}),
        ("openrouter", set()),
        ("custom", {"min_p", "top_k"}),
    ],
)
async def test_each_vendor_is_sent_what_it_documents(name: str, left_out: set[str]):
    async with at_vendors(name) as (place, model, keys):
        await ask(model, f"{place.url}/v1" if name == "custom" else "", keys, options=HOSTED)
        assert set(HOSTED) - set(place.requests[-1]) == left_out


@pytest.mark.proves("llm_agent.use_responses_api", "llm_agent.compact_threshold")
async def test_the_newest_models_are_asked_by_the_responses_api():
    sent = await sent_to("openai", "gpt-5.4-mini", **HOSTED, use_responses_api=False, compact_threshold=50_000)
    assert sent == {
        "model": "gpt-5.4-mini",
        "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "max_output_tokens": 100,
        "reasoning": {"effort": "none"},
        "text": {"verbosity": "low"},
        "context_management": [{"type": "compaction", "compact_threshold": 50_000}],
        "store": False,
        "stream": True,
    }
    asked = await sent_to("openai", "gpt-4.1-mini", use_responses_api=True, top_p=0.5, stop=["END"])
    assert (asked["temperature"], asked["top_p"]) == (0.1, 0.5)
    assert "stop" not in asked
    elsewhere = await sent_to("openrouter", "openai/gpt-5.4-mini")
    assert (elsewhere["reasoning_effort"], "messages" in elsewhere) == ("none", True)


async def test_the_responses_api_streams_words_and_tools_with_what_they_used():
    async with at_vendors("openai") as (place, model, keys):
        chosen = ModelSettings("gpt-5.4", access=Access(keys))
        request = ModelRequest(TALK, chosen, tools=(TOOL,))
        deltas = [delta async for delta in model.answer(request)]
        call = ToolCall("call_1", "book", json.dumps(ARGUMENTS))
        assert [delta.tool_call for delta in deltas if delta.tool_call] == [call]
        used = UsageAmount(
            "model", "openai", "gpt-5.4", *(USED[name] for name in ("read", "written", "cached", "thought", "stored"))
        )
        assert (deltas[-1].ended, deltas[-1].usage) == ("tool", used)
        function = {"type": "function", "name": "book", "description": "Books a day.", "strict": False}
        assert place.requests[-1]["tools"] == [{**function, "parameters": json.loads(TOOL.parameters)}]

        said = (*TALK, Message("assistant", "", (call,)), Message("tool", "booked", tool_call_id="call_1"))
        deltas = [delta async for delta in model.answer(replace(request, messages=said))]
        assert "".join(delta.text for delta in deltas) == "".join(WORDS)
        assert place.requests[-1]["input"][2:] == [
            {"type": "function_call", "call_id": "call_1", "name": "book", "arguments": json.dumps(ARGUMENTS)},
            {"type": "function_call_output", "call_id": "call_1", "output": "booked"},
        ]
        await anext(model.answer(ModelRequest(TALK, chosen, purpose="extraction", schema='{"type": "object"}')))
        format_ = {"type": "json_schema", "name": "extraction", "schema": {"type": "object"}, "strict": True}
        assert place.requests[-1]["text"]["format"] == format_


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "x"}}}, "LIMIT"),
        ({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "x"}}}, "BROKEN_STREAM"),
        ({"type": "error", "code": "insufficient_quota", "message": "x"}, "LIMIT"),
        ({"type": "error", "code": None, "message": "x"}, "BROKEN_STREAM"),
    ],
)
async def test_an_error_in_a_responses_stream_is_a_failure_of_its_kind(event: dict[str, Any], kind: str):
    said = {
        "type": "response.output_text.delta",
        "output_index": 0,
        "content_index": 0,
        "item_id": "m",
        "delta": "Well",
    }
    async with serving(streaming(*(b"data: " + json.dumps(one).encode() + b"\n\n" for one in (said, event)))) as server:
        model = plugin("custom")
        with pytest.raises(ProviderError) as failed:
            await ask(model, f"{server.url}/v1", options={"use_responses_api": True})
        await model.aclose()
    assert failed.value.kind is FailureKind[kind]


def filtered_response(*before: dict[str, Any]) -> Script:
    response = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    events = (*before, {"type": "response.incomplete", "response": response})
    return streaming(*(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events))


async def test_a_response_that_is_filtered_ends_by_it_and_fails_before_its_first_word():
    said = {
        "type": "response.output_text.delta",
        "output_index": 0,
        "content_index": 0,
        "item_id": "m",
        "delta": "Well",
    }
    refusal = {**said, "type": "response.refusal.delta", "delta": "I cannot say."}
    chosen: dict[str, Any] = {"options": {"use_responses_api": True}}
    model = plugin("custom")
    async with serving(filtered_response(said)) as server:
        assert (await ask(model, f"{server.url}/v1", **chosen))[-1].ended == "refused"
    async with serving(filtered_response(refusal)) as server:
        deltas = await ask(model, f"{server.url}/v1", **chosen)
        assert (deltas[0].text, deltas[-1].ended) == ("I cannot say.", "refused")
    async with serving(filtered_response()) as server:
        with pytest.raises(ProviderError, match="refused to answer") as refused:
            await ask(model, f"{server.url}/v1", **chosen)
    assert refused.value.kind is FailureKind.BAD_REQUEST
    await model.aclose()


async def test_what_a_failed_response_counted_is_told_before_the_failure():
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    event = {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "x"}, "usage": usage}}
    async with serving(streaming(b"data: " + json.dumps(event).encode() + b"\n\n")) as server:
        model = plugin("custom")
        answer = asking(model, f"{server.url}/v1", options={"use_responses_api": True})
        assert await anext(answer) == ModelDelta(usage=UsageAmount("model", "custom", "m-1", 5, 2))
        with pytest.raises(ProviderError):
            await anext(answer)
        await model.aclose()


async def test_an_answer_by_the_responses_api_that_was_cut_ends_by_its_length():
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    response = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "usage": usage}
    cut = {"type": "response.incomplete", "response": response}
    async with serving(streaming(b"data: " + json.dumps(cut).encode() + b"\n\n")) as server:
        model = plugin("custom")
        deltas = await ask(model, f"{server.url}/v1", options={"use_responses_api": True})
        await model.aclose()
    assert deltas == [ModelDelta(ended="length", usage=UsageAmount("model", "custom", "m-1", 5, 2))]


@pytest.mark.parametrize(
    ("version", "model_name", "target"),
    [
        ("", "gpt-4.1-mini", "/openai/v1/chat/completions"),
        ("latest", "gpt-5.4-mini", "/openai/v1/responses"),
        (
            "2025-04-01-preview",
            "azure/gpt-4.1-mini",
            "/openai/deployments/gpt-4.1-mini/chat/completions?api-version=2025-04-01-preview",
        ),
        ("2025-04-01-preview", "gpt-5.4-mini", "/openai/responses?api-version=2025-04-01-preview"),
    ],
)
async def test_azure_is_asked_by_version_and_deployment(version: str, model_name: str, target: str):
    async with at_vendors("azure-openai", AZURE_OPENAI_API_VERSION=version) as (place, model, keys):
        deltas = await ask(model, keys=keys, model=model_name)
        assert "".join(delta.text for delta in deltas) == "".join(WORDS)
        assert place.server.requests[-1].target == target
        assert "reachable" not in await model.probe(ModelSettings(model_name, access=Access(keys)))


async def test_a_value_that_a_vendor_would_refuse_is_a_bad_request_before_anything_is_sent():
    async with at_vendors("groq") as (place, model, keys):
        with pytest.raises(ProviderError, match=r"llm_config.stop may hold at most 4 texts") as refused:
            await ask(model, keys=keys, options={"stop": list("abcde")})
        assert refused.value.kind is FailureKind.BAD_REQUEST
        assert place.server.requests == []
