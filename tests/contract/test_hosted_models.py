"""Models by their vendors' own protocols: what is sent, and what is made of the stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.http_server import Exchange, serving
from tests.vendors.models import ARGUMENTS, GOOD, SIGNATURE, THOUGHT, USED, WORDS, ModelVendors, model_vendors

from callwright.domain.limits import MAX_THOUGHT_CHARACTERS, MAX_THOUGHTS_KEPT
from callwright.net.client import GuardedClient
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.registry import PluginContext
from callwright.ports.speech import UsageAmount
from callwright.providers.hosted_models import anthropic, gemini
from callwright.providers.hosted_models.anthropic import AnthropicModel
from callwright.providers.hosted_models.gemini import GeminiModel
from callwright.providers.hosted_models.turns import CALL_BEGINS, NOTHING_SAID
from callwright.providers.hosted_models.vendor_endpoint import Thoughts, Vendor

SYSTEM = Message("system", "You are Ava.")
TALK = (SYSTEM, Message("user", "How much is it?"))
PARAMETERS = {"type": "object", "properties": {"day": {"type": "string"}}}
TOOL = Tool("book", "Books a day.", json.dumps(PARAMETERS))
SCHEMA = json.dumps({"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]})
CALLED = Message("assistant", "One moment.", (ToolCall("toolu_9", "book", '{"day": "Tuesday"}'),))
RESULT = Message("tool", "booked", tool_call_id="toolu_9")
USAGE = UsageAmount("model", "", "", USED["read"], USED["written"], USED["cached"], 0, USED["stored"])


class World:
    """One model of each kind before the vendors."""

    def __init__(self, vendors: ModelVendors, client: GuardedClient) -> None:
        self.vendors = vendors
        context = PluginContext({}, Path())
        base_url = f"{vendors.url}/v1"
        self.claude = AnthropicModel(replace(anthropic.VENDOR, base_url=base_url), context, client.stream_client())
        self.gemini = GeminiModel(replace(gemini.VENDOR, base_url=base_url), context, client.stream_client())

    async def ask(self, model: Any, *messages: Message, purpose: str = "reply", **more: Any) -> list[ModelDelta]:
        names = ("tools", "schema")
        settings = settings_of(model, **{name: value for name, value in more.items() if name not in names})
        request = ModelRequest(messages, settings, purpose, **{name: more[name] for name in names if name in more})
        return [delta async for delta in model.answer(request)]

    @property
    def sent(self) -> Any:
        """The last request's body."""
        return self.vendors.requests[-1]


def settings_of(model: Any, name: str = "m-1", key: str = GOOD, **options: Any) -> ModelSettings:
    keys = {"ANTHROPIC": key} if isinstance(model, AnthropicModel) else {"GOOGLE": key}
    return ModelSettings(name, max_tokens=60, temperature_milli=300, options=options, access=Access(keys))


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    async with model_vendors() as vendors, GuardedClient(allow_private=True) as client:
        yield World(vendors, client)


def text_of(deltas: list[ModelDelta]) -> str:
    return "".join(delta.text for delta in deltas)


# -- Claude ----------------------------------------------------------------------------------------------------------------------


async def test_claude_is_sent_its_own_protocol_with_the_beginning_marked_for_the_cache() -> None:
    async with world() as at:
        deltas = await at.ask(at.claude, *TALK, stop=["END", " "], top_k=0, top_p=0.9, tools=(TOOL,))
        cached = {"type": "ephemeral"}
        assert at.sent == {
            "model": "m-1",
            "max_tokens": 60,
            "temperature": 0.3,
            "stop_sequences": ["END"],
            "stream": True,
            "system": [{"type": "text", "text": "You are Ava.", "cache_control": cached}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "How much is it?", "cache_control": cached}]}
            ],
            "tools": [{"name": "book", "description": "Books a day.", "input_schema": PARAMETERS}],
        }
        (request,) = at.vendors.server.requests
        assert (request.target, request.headers["x-api-key"]) == ("/v1/messages", GOOD)
        assert request.headers["anthropic-version"] == "2023-06-01"
        assert deltas[0].tool_call == ToolCall("toolu_1", "book", json.dumps(ARGUMENTS))
        assert (deltas[-1].ended, deltas[-1].usage) == ("tool", replace(USAGE, provider="anthropic", model="m-1"))


async def test_claude_speaks_in_pieces() -> None:
    async with world() as at:
        deltas = await at.ask(at.claude, *TALK)
    assert [delta.text for delta in deltas if delta.text] == list(WORDS)
    assert [bool(delta.ended) for delta in deltas] == [False, False, False, True]


async def test_only_replies_of_claude_fill_the_cache() -> None:
    async with world() as at:
        await at.ask(at.claude, *TALK, purpose="summary")
        assert "cache_control" not in json.dumps(at.sent)


async def test_claude_takes_turns_and_the_caller_begins_and_ends() -> None:
    async with world() as at:
        greeting, added = Message("assistant", "Hello!"), Message("system", "It is Monday.")
        await at.ask(
            at.claude, SYSTEM, greeting, Message("user", "Hi."), Message("user", "Me again."), CALLED, RESULT, added
        )
        roles = [message["role"] for message in at.sent["messages"]]
        assert roles == ["user", "assistant", "user", "assistant", "user"]
        assert at.sent["messages"][0]["content"] == [{"type": "text", "text": CALL_BEGINS}]
        assert [block["type"] for block in at.sent["messages"][3]["content"]] == ["text", "tool_use"]
        assert at.sent["messages"][3]["content"][1]["input"] == {"day": "Tuesday"}
        (result,) = at.sent["messages"][4]["content"]
        assert (result["tool_use_id"], result["content"]) == ("toolu_9", "booked")
        assert [one["text"] for one in at.sent["system"]] == ["You are Ava.", "It is Monday."]
        await at.ask(at.claude, SYSTEM, greeting)
        assert at.sent["messages"][-1]["content"][0]["text"] == NOTHING_SAID


async def test_a_schema_makes_claude_call_a_tool_whose_arguments_are_the_answer() -> None:
    async with world() as at:
        deltas = await at.ask(at.claude, *TALK, purpose="extraction", schema=SCHEMA, thinking_budget=2_000)
        assert json.loads(text_of(deltas)) == ARGUMENTS
        assert (deltas[-1].ended, [delta.tool_call for delta in deltas if delta.tool_call]) == ("stop", [])
        assert at.sent["tool_choice"] == {"type": "tool", "name": "extraction"}
        assert at.sent["tools"][0]["input_schema"] == json.loads(SCHEMA)
        assert "thinking" not in at.sent


@pytest.mark.proves("llm_agent.thinking_budget")
async def test_claude_thinks_and_gets_its_thought_back_with_the_tools_result() -> None:
    async with world() as at:
        deltas = await at.ask(at.claude, *TALK, thinking_budget=500, top_k=5, tools=(TOOL,))
        assert at.sent["thinking"] == {"type": "enabled", "budget_tokens": 1_024}
        assert at.sent["max_tokens"] == 1_084
        assert {"temperature", "top_k"}.isdisjoint(at.sent)
        assert deltas[0].reasoning == THOUGHT
        (call,) = [delta.tool_call for delta in deltas if delta.tool_call]
        asked = Message("assistant", "", (call,))
        result = Message("tool", "booked", tool_call_id=call.call_id)
        await at.ask(at.claude, *TALK, asked, result, thinking_budget=500, tools=(TOOL,))
        thought, use = at.sent["messages"][1]["content"]
        assert thought == {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE}
        assert use["id"] == call.call_id


async def test_claude_goes_on_without_thinking_where_its_thought_is_gone() -> None:
    async with world() as at:
        await at.ask(at.claude, *TALK, CALLED, RESULT, thinking_budget=2_000, tools=(TOOL,))
        assert "thinking" not in at.sent
        await at.ask(at.claude, *TALK, CALLED, RESULT, Message("user", "Thanks."), thinking_budget=2_000, tools=(TOOL,))
        assert at.sent["thinking"]["budget_tokens"] == 2_000


@pytest.mark.parametrize(
    ("name", "effort", "sent"),
    [
        ("claude-opus-4-6", "none", {}),
        ("claude-opus-4-6", "minimal", {}),
        ("claude-opus-4-6", "low", {"effort": "low"}),
        ("claude-haiku-4-5", "low", {}),
    ],
)
async def test_claudes_effort(name: str, effort: str, sent: Mapping[str, Any]) -> None:
    async with world() as at:
        await at.ask(at.claude, *TALK, name=name, reasoning_effort=effort)
        assert at.sent.get("output_config", {}) == sent


# -- Gemini ----------------------------------------------------------------------------------------------------------------------


async def test_gemini_is_sent_its_own_protocol() -> None:
    async with world() as at:
        given: dict[str, Any] = {
            "top_p": 0.9,
            "top_k": 40,
            "stop": "END",
            "seed": 7,
            "presence_penalty": 0,
            "frequency_penalty": 0.5,
        }
        deltas = await at.ask(at.gemini, *TALK, name="gemini-2.5-flash", tools=(TOOL,), **given)
        assert at.sent == {
            "systemInstruction": {"parts": [{"text": "You are Ava."}]},
            "contents": [{"role": "user", "parts": [{"text": "How much is it?"}]}],
            "tools": [
                {
                    "functionDeclarations": [
                        {"name": "book", "description": "Books a day.", "parametersJsonSchema": PARAMETERS}
                    ]
                }
            ],
            "generationConfig": {
                "maxOutputTokens": 60,
                "temperature": 0.3,
                "topP": 0.9,
                "topK": 40,
                "stopSequences": ["END"],
                "seed": 7,
                "frequencyPenalty": 0.5,
                "thinkingConfig": {"thinkingBudget": 0},
            },
        }
        (request,) = at.vendors.server.requests
        assert request.target == "/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
        assert request.headers["x-goog-api-key"] == GOOD
        (call,) = [delta.tool_call for delta in deltas if delta.tool_call]
        assert (call.name, json.loads(call.arguments)) == ("book", ARGUMENTS)
        used = UsageAmount(
            "model", "google", "gemini-2.5-flash", USED["read"], USED["written"], USED["cached"], USED["thought"]
        )
        assert (deltas[-1].ended, deltas[-1].usage) == ("tool", used)


async def test_gemini_gets_the_signature_of_its_thought_back() -> None:
    async with world() as at:
        deltas = await at.ask(at.gemini, *TALK, tools=(TOOL,))
        (call,) = [delta.tool_call for delta in deltas if delta.tool_call]
        assert call.call_id
        asked = Message("assistant", "", (call,))
        told = await at.ask(
            at.gemini, *TALK, asked, Message("tool", "booked", tool_call_id=call.call_id), tools=(TOOL,)
        )
        assert at.sent["contents"][1:] == [
            {
                "role": "model",
                "parts": [{"functionCall": {"name": "book", "args": ARGUMENTS}, "thoughtSignature": SIGNATURE}],
            },
            {"role": "user", "parts": [{"functionResponse": {"name": "book", "response": {"result": "booked"}}}]},
        ]
        assert text_of(told) == "".join(WORDS)


async def test_a_call_whose_signature_is_gone_has_what_the_vendor_documents_in_its_place() -> None:
    async with world() as at:
        result = replace(RESULT, content='{"state": "booked"}')
        await at.ask(at.gemini, *TALK, CALLED, result, tools=(TOOL,))
        text, call = at.sent["contents"][1]["parts"]
        assert (text, call["thoughtSignature"]) == ({"text": "One moment."}, "skip_thought_signature_validator")
        assert at.sent["contents"][2]["parts"][0]["functionResponse"]["response"] == {"state": "booked"}


@pytest.mark.parametrize(
    ("model", "options", "sent"),
    [
        ("gemini-2.5-flash", {}, {"thinkingBudget": 0}),
        ("gemini-2.5-pro", {}, {"thinkingBudget": 128}),
        ("gemini-2.5-pro", {"reasoning_effort": "none"}, {"thinkingBudget": 128}),
        ("gemini-2.5-flash", {"reasoning_effort": "medium"}, {"thinkingBudget": 8_192}),
        ("gemini-2.5-flash", {"reasoning_effort": "none"}, {"thinkingBudget": 0}),
        ("gemini-2.5-flash", {"thinking_budget": 700}, {"thinkingBudget": 700}),
        ("gemini-3-flash-preview", {}, {"thinkingLevel": "minimal"}),
        ("gemini-3-pro-preview", {}, {"thinkingLevel": "low"}),
        ("gemini-3-pro-preview", {"reasoning_effort": "minimal"}, {"thinkingLevel": "low"}),
        ("gemini-3-flash-preview", {"reasoning_effort": "high"}, {"thinkingLevel": "high"}),
        ("gemini-2.0-flash", {}, None),
    ],
)
async def test_gemini_thinks_as_little_as_it_can_unless_told(model: str, options: Mapping[str, Any], sent: Any) -> None:
    async with world() as at:
        await at.ask(at.gemini, *TALK, name=model, **options)
        assert at.sent["generationConfig"].get("thinkingConfig") == sent


async def test_gemini_keeps_to_a_schema() -> None:
    async with world() as at:
        deltas = await at.ask(at.gemini, *TALK, purpose="extraction", schema=SCHEMA)
        assert json.loads(text_of(deltas)) == ARGUMENTS
        assert at.sent["generationConfig"]["responseJsonSchema"] == json.loads(SCHEMA)
        assert at.sent["generationConfig"]["responseMimeType"] == "application/json"


# -- both ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["claude", "gemini"])
async def test_what_a_vendor_would_refuse_is_a_bad_request_before_anything_is_sent(kind: str) -> None:
    async with world() as at:
        model = getattr(at, kind)
        for wrong in (settings_of(model, name=""), settings_of(model, key="a b"), settings_of(model, stop=["x"] * 17)):
            with pytest.raises(ProviderError) as raised:
                model.check(wrong)
            assert raised.value.kind is FailureKind.BAD_REQUEST
        with pytest.raises(ProviderError, match="has no key; POST /providers") as missing:
            model.check(replace(settings_of(model), access=Access()))
        assert missing.value.kind is FailureKind.REFUSED
        assert at.vendors.server.requests == []


async def test_the_temperature_of_claude_ends_at_one() -> None:
    async with world() as at:
        with pytest.raises(ProviderError, match="temperature must be"):
            at.claude.check(replace(settings_of(at.claude), temperature_milli=1_500))
        at.gemini.check(replace(settings_of(at.gemini), temperature_milli=1_500))


@pytest.mark.parametrize("kind", ["claude", "gemini"])
async def test_an_address_of_another_vendor_is_no_choice_and_the_models_name_may_have_a_prefix(kind: str) -> None:
    async with world() as at:
        model = getattr(at, kind)
        access = replace(settings_of(model).access, refused_url="https://api.openai.com/v1/")
        prefix = "anthropic/" if kind == "claude" else "google/"
        model.check(replace(settings_of(model), access=access))
        assert await model.probe(settings_of(model, name=f"{prefix}m-1")) == "the vendor offers the model m-1"
        assert model.host(settings_of(model)) == at.vendors.url.removeprefix("http://")
        with pytest.raises(ProviderError) as raised:
            await model.probe(settings_of(model, key="nobodys"))
        assert raised.value.kind is FailureKind.REFUSED


def test_only_so_many_thoughts_are_kept_and_none_that_is_too_long() -> None:
    thoughts = Thoughts()
    for number in range(MAX_THOUGHTS_KEPT + 1):
        thoughts.keep(f"c{number}", "x")
    assert (thoughts.before("c0"), thoughts.before("c1"), thoughts.before(f"c{MAX_THOUGHTS_KEPT}")) == ("", "x", "x")
    thoughts.keep("long", "x" * (MAX_THOUGHT_CHARACTERS + 1))
    thoughts.keep("fits", "x" * MAX_THOUGHT_CHARACTERS)
    assert (thoughts.before("long"), len(thoughts.before("fits"))) == ("", MAX_THOUGHT_CHARACTERS)


# -- answers that fail -----------------------------------------------------------------------------------------------------------


CLAUDE_BEGINS = {"type": "message_start", "message": {"usage": {"input_tokens": 21, "output_tokens": 1}}}
CLAUDE_SAYS = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Well"}}
GEMINI_COUNTS = {"promptTokenCount": 21, "candidatesTokenCount": 1}


def gemini_event(text: str = "", **candidate: Any) -> dict[str, Any]:
    parts = [{"text": text}] if text else []
    return {"candidates": [{"content": {"parts": parts}, **candidate}], "usageMetadata": GEMINI_COUNTS}


async def answered(kind: str, *events: dict[str, Any]) -> tuple[list[ModelDelta], ProviderError | None]:
    """What a vendor's events become, up to the failure if there is one."""

    async def answer(exchange: Exchange) -> None:
        exchange.head(200, content_type="text/event-stream")
        for event in events:
            await exchange.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    deltas: list[ModelDelta] = []
    async with serving(answer) as server, GuardedClient(allow_private=True) as client:
        vendor, made = (anthropic.VENDOR, AnthropicModel) if kind == "claude" else (gemini.VENDOR, GeminiModel)
        model: Any = made(replace(vendor, base_url=server.url), PluginContext({}, Path()), client.stream_client())
        try:
            async for delta in model.answer(ModelRequest(TALK, settings_of(model))):
                deltas.append(delta)  # noqa: PERF401 - what comes before the failure is kept
        except ProviderError as error:
            return deltas, error
    return deltas, None


def claude_ends(reason: str) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 3}}


BLOCKED = ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "OTHER")


@pytest.mark.parametrize(
    ("kind", "begun", "end"),
    [
        ("claude", (CLAUDE_BEGINS,), claude_ends("refusal")),
        *(("gemini", (gemini_event(),), gemini_event(finishReason=reason)) for reason in BLOCKED),
    ],
)
async def test_an_answer_that_is_refused_before_its_first_word_is_a_failure_and_one_with_words_ends_by_it(
    kind: str, begun: Any, end: Any
) -> None:
    deltas, failure = await answered(kind, *begun, end)
    assert failure is not None
    assert (failure.kind, "refused to answer" in failure.message) == (FailureKind.BAD_REQUEST, True)
    assert [delta.usage.amount for delta in deltas if delta.usage] == [21]
    words = CLAUDE_SAYS if kind == "claude" else gemini_event("Well")
    deltas, failure = await answered(kind, *begun, words, end)
    assert (failure, text_of(deltas), deltas[-1].ended) == (None, "Well", "refused")


async def test_a_full_context_ends_an_answer_by_its_length() -> None:
    deltas, _ = await answered("claude", CLAUDE_BEGINS, CLAUDE_SAYS, claude_ends("model_context_window_exceeded"))
    assert deltas[-1].ended == "length"


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        ("claude", (CLAUDE_BEGINS, CLAUDE_SAYS, {"type": "error", "error": {"type": "overloaded_error"}})),
        ("claude", (CLAUDE_BEGINS, CLAUDE_SAYS)),
        ("gemini", (gemini_event("Well"), {"error": {"status": "UNAVAILABLE"}})),
        ("gemini", (gemini_event("Well"), gemini_event(finishReason="MALFORMED_FUNCTION_CALL"))),
        ("gemini", (gemini_event("Well"),)),
    ],
)
async def test_what_a_vendor_counted_of_an_answer_that_failed_is_told_before_the_failure(
    kind: str, events: Any
) -> None:
    deltas, failure = await answered(kind, *events)
    assert failure is not None
    assert text_of(deltas) == "Well"
    assert deltas[-1].usage is not None
    assert (deltas[-1].usage.amount, deltas[-1].usage.amount_output) == (21, 1)


@pytest.mark.parametrize(
    ("vendor", "made", "path"),
    [
        (anthropic.VENDOR, AnthropicModel, "/v1/messages"),
        (gemini.VENDOR, GeminiModel, "/v1/models/m-1:streamGenerateContent?alt=sse"),
    ],
    ids=["anthropic", "google"],
)
async def test_a_vendor_is_asked_at_the_gateway_whose_address_is_stored_for_it(
    vendor: Vendor, made: type[AnthropicModel] | type[GeminiModel], path: str
) -> None:
    def stored(address: str) -> ModelSettings:
        return ModelSettings("m-1", access=Access({vendor.keys[0]: GOOD, f"{vendor.keys[0]}_API_BASE": address}))

    async with (
        model_vendors() as vendors,
        GuardedClient(allow_private=True) as open_client,
        GuardedClient(allow_private=False) as client,
    ):
        model = made(vendor, PluginContext({}, Path()), open_client.stream_client())
        here = stored(f"{vendors.url}/v1/")
        model.check(here)
        assert [delta async for delta in model.answer(ModelRequest(TALK, here))][-1].ended == "stop"
        assert vendors.server.requests[-1].target == path
        assert model.host(here) in vendors.url
        guarded = made(vendor, PluginContext({}, Path()), client.stream_client())
        with pytest.raises(ProviderError, match="private or reserved address"):
            [delta async for delta in guarded.answer(ModelRequest(TALK, here))]
        for wrong in ("gateway", "ftp://gateway/v1", "https://gateway/v1?key=1", "https://user@gateway"):
            with pytest.raises(ProviderError, match=f"{vendor.keys[0]}_API_BASE is no address") as refused:
                model.check(stored(wrong))
            assert refused.value.kind is FailureKind.BAD_REQUEST
            assert model.host(stored(wrong)) == ""
