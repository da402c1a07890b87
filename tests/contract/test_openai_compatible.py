"""The model endpoint's plugin against servers that speak the protocol: one whose every byte the test writes, and llama.cpp."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import time
import traceback
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.http_server import Exchange, LocalServer, serving
from tests.waiting import until

from callwright.domain.limits import ERROR_ANSWER_SECONDS, MAX_STREAM_BYTES, MAX_STREAM_EVENT_BYTES, MAX_STREAM_LINES
from callwright.net.client import GuardedClient
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.registry import PluginContext, Registry
from callwright.ports.speech import UsageAmount
from callwright.providers.local.store import ModelStore
from callwright.providers.openai_compatible import PLUGINS
from callwright.providers.openai_compatible.endpoint import Endpoint
from callwright.providers.openai_compatible.model import OpenAICompatibleModel

KEY = "sk-q7Zr9xT2bK1f0e-never-shown"
ASK = ModelRequest(
    (Message("system", "Be brief."), Message("user", "Hello?")),
    ModelSettings(
        model="m-1", max_tokens=50, temperature_milli=250, options={"top_p": 0.9, "family": "x", "seed": None}
    ),
)
Script = Callable[[Exchange], Any]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One event of the stream."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return event(
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": choices, **more}
    )


def event(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


DONE = event(b"[DONE]")
USAGE = chunk(
    usage={
        "prompt_tokens": 21,
        "completion_tokens": 4,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 16},
    }
)


def streaming(*pieces: bytes) -> Script:
    """A server that answers every request with these events."""

    async def answer(exchange: Exchange) -> None:
        exchange.head(200, content_type="text/event-stream")
        for piece in pieces:
            await exchange.write(piece)

    return answer


async def cut_short(exchange: Exchange) -> None:
    """A server that announces more than it sends before it hangs up."""
    exchange.head(200, content_type="text/event-stream", content_length="5000")
    await exchange.write(chunk({"content": "Well"}))


def refusing(status: int, **body: Any) -> Script:
    """A server that refuses, repeating the key as some do."""

    async def answer(exchange: Exchange) -> None:
        text = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}", "type": "x", **body}})
        await exchange.answer(status, text.encode(), content_type="application/json")

    return answer


@dataclass
class Asked:
    """The deltas of one answer and the request that led to them."""

    deltas: list[ModelDelta]
    sent: Any
    server: LocalServer

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas)


async def ask(script: Script, request: ModelRequest = ASK, key: str = KEY, default_model: str = "") -> Asked:
    async with serving(script) as server, GuardedClient(allow_private=True) as client:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1", key, default_model), client.stream_client())
        deltas = [delta async for delta in model.answer(request)]
        return Asked(deltas, server.requests[0].json(), server)


async def failure(script: Script) -> ProviderError:
    """The failure, after looking for the key in everything somebody might print of it."""
    with pytest.raises(ProviderError) as caught:
        await ask(script)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error) + error.message
    assert KEY not in shown
    assert "q7Zr9xT2bK1f0e" not in shown
    assert error.provider == "custom"
    return error


async def test_words_come_as_they_are_written_and_the_end_brings_reason_and_usage():
    asked = await ask(
        streaming(chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo."}),
                  chunk({}, "stop"), USAGE, DONE)
    )  # fmt: skip
    assert [delta.text for delta in asked.deltas if delta.text] == ["Hel", "lo."]
    assert asked.deltas[-1] == ModelDelta(ended="stop", usage=UsageAmount("model", "custom", "m-1", 21, 4, 16))
    assert [delta.ended for delta in asked.deltas[:-1]] == ["", ""]


async def test_the_request_is_what_the_protocol_asks_for():
    asked = await ask(streaming(chunk({"content": "x"}, "stop"), DONE))
    assert asked.sent == {
        "model": "m-1",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "max_tokens": 50,
        "temperature": 0.25,
        "top_p": 0.9,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    (request,) = asked.server.requests
    assert (request.method, request.target) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_what_the_agent_says_of_sampling_is_passed_on_as_it_is():
    options = {
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "reasoning_effort": "low",
        "verbosity": "high",
        "stop": ["END"],
        "seed": 7,
        "min_p": 0.05,
        "top_k": 40,
    }
    request = replace(ASK, settings=replace(ASK.settings, options=options))
    asked = await ask(streaming(chunk({"content": "x"}, "stop"), DONE), request)
    assert {name: asked.sent[name] for name in options} == options


async def test_words_arrive_before_the_answer_is_complete():
    gate = asyncio.Event()

    async def slowly(exchange: Exchange) -> None:
        exchange.head(200, content_type="text/event-stream")
        await exchange.write(chunk({"content": "First"}))
        await gate.wait()
        await exchange.write(chunk({"content": " second"}, "stop") + DONE)

    async with serving(slowly) as server, GuardedClient(allow_private=True) as client:
        answer = OpenAICompatibleModel(Endpoint(f"{server.url}/v1"), client.stream_client()).answer(ASK)
        assert (await anext(answer)).text == "First"
        gate.set()
        assert [delta.text async for delta in answer] == [" second", ""]


async def test_closing_the_answer_hangs_up_on_the_endpoint():
    async def endless(exchange: Exchange) -> None:
        exchange.head(200, content_type="text/event-stream")
        while True:
            await exchange.write(chunk({"content": "and "}))
            await asyncio.sleep(0.01)

    async with serving(endless) as server, GuardedClient(allow_private=True) as client:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1"), client.stream_client())
        async with aclosing(model.answer(ASK)) as answer:  # type: ignore[type-var]
            for _ in range(3):
                assert (await anext(answer)).text == "and "
        await until(lambda: server.closed_early == 1, 5)


async def test_cancelling_the_reader_hangs_up_on_the_endpoint():
    async def silent(exchange: Exchange) -> None:
        exchange.head(200, content_type="text/event-stream")
        await exchange.write(chunk({"content": "Well"}))
        await asyncio.sleep(30)

    async with serving(silent) as server, GuardedClient(allow_private=True) as client:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1"), client.stream_client())

        async def read() -> None:
            async for _ in model.answer(ASK):
                pass

        reading = asyncio.ensure_future(read())
        await until(lambda: bool(server.requests), 5)
        await asyncio.sleep(0.1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await until(lambda: server.closed_early == 1, 5)


def call_piece(
    index: int | None = 0, call_id: str | None = None, name: str | None = None, arguments: str | None = None
):
    piece: dict[str, Any] = {"function": {"name": name, "arguments": arguments}}
    if index is not None:
        piece["index"] = index
    if call_id is not None:
        piece |= {"id": call_id, "type": "function"}
    return piece


def calls(*pieces: dict[str, Any]) -> bytes:
    return chunk({"tool_calls": list(pieces)})


async def test_a_tool_call_in_pieces_comes_whole():
    asked = await ask(
        streaming(
            chunk({"content": "One moment."}),
            calls(call_piece(0, "call_a", "book", "")),
            calls(call_piece(0, arguments='{"peo')),
            calls(call_piece(0, arguments='ple": 2}')),
            calls(call_piece(1, "call_b", "notify", "{}")),
            chunk({}, "tool_calls"),
            USAGE,
            DONE,
        )
    )
    assert [delta.tool_call for delta in asked.deltas if delta.tool_call] == [
        ToolCall("call_a", "book", '{"people": 2}'),
        ToolCall("call_b", "notify", "{}"),
    ]
    assert asked.deltas[-1].ended == "tool"


async def test_sloppy_tool_calls_are_understood():
    asked = await ask(
        streaming(
            calls(call_piece(None, "a", "book", '{"n":')),
            calls(call_piece(None, None, None, "1}")),
            calls(call_piece(None, "b", "notify")),
            calls(call_piece(None, None, "notify", "{}")),
            calls(call_piece(5, None, "bare")),
            chunk({}, "stop"),
            DONE,
        )
    )
    assert [delta.tool_call for delta in asked.deltas if delta.tool_call] == [
        ToolCall("a", "book", '{"n":1}'),
        ToolCall("b", "notify", "{}"),
        ToolCall("", "bare", "{}"),
    ]
    assert asked.deltas[-1].ended == "tool"


async def test_an_id_that_was_given_to_an_earlier_call_is_not_taken_for_another():
    earlier = (
        Message("assistant", "", (ToolCall("call_0", "book", '{"day":"monday"}'),)),
        Message("tool", "ok", tool_call_id="call_0"),
    )
    two = calls(call_piece(0, "call_0", "book", '{"day":"friday"}'), call_piece(1, "call_1", "notify", "{}"))
    asked = await ask(streaming(two, chunk({}, "tool_calls"), DONE), replace(ASK, messages=(*ASK.messages, *earlier)))
    assert [delta.tool_call for delta in asked.deltas if delta.tool_call] == [
        ToolCall("", "book", '{"day":"friday"}'),
        ToolCall("call_1", "notify", "{}"),
    ]


async def test_no_more_tool_calls_are_taken_than_allowed():
    flood = [calls(call_piece(n, f"c{n}", "spam", "{}")) for n in range(17)]
    asked = await ask(streaming(*flood, chunk({}, "tool_calls"), DONE))
    assert len([delta for delta in asked.deltas if delta.tool_call]) == 16


async def test_tools_schema_and_history_are_sent_as_the_protocol_has_them():
    request = ModelRequest(
        (
            Message("assistant", "", (ToolCall("c1", "book", '{"n":1}'),)),
            Message("tool", "booked", tool_call_id="c1"),
        ),
        ModelSettings(),
        purpose="extraction",
        tools=(Tool("book", "Books a table.", '{"type":"object"}', strict=True), Tool("bare", "", "")),
        schema='{"type":"object"}',
    )
    sent = (await ask(streaming(chunk({"content": "{}"}, "stop"), DONE), request, default_model="m-0")).sent
    assert sent["model"] == "m-0"
    assert sent["messages"] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "book", "arguments": '{"n":1}'}}],
        },
        {"role": "tool", "content": "booked", "tool_call_id": "c1"},
    ]
    assert [tool["function"] for tool in sent["tools"]] == [
        {"name": "book", "description": "Books a table.", "parameters": {"type": "object"}, "strict": True},
        {"name": "bare", "description": "", "parameters": {}},
    ]
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "extraction", "schema": {"type": "object"}, "strict": True},
    }


@pytest.mark.parametrize("written", ['{"day": "Mond', "", "[]", '"Monday"', '{"day": NaN}', "[" * 100_000])
async def test_arguments_that_endpoints_cannot_read_do_not_spoil_the_requests_after_them(written: str):
    spoiled = Message("assistant", "", (ToolCall("c1", "book", written),))
    request = replace(ASK, messages=(spoiled, Message("tool", "no JSON", tool_call_id="c1")))
    asked = await ask(streaming(chunk({"content": "Sorry?"}, "stop"), DONE), request)
    assert asked.sent["messages"][0]["tool_calls"][0]["function"] == {"name": "book", "arguments": "{}"}


async def test_reasoning_is_kept_apart_from_what_is_said():
    asked = await ask(
        streaming(
            chunk({"reasoning_content": "Hm."}), chunk({"reasoning": "So."}), chunk({"content": "Yes."}, "stop"), DONE
        )
    )
    assert [delta.reasoning for delta in asked.deltas if delta.reasoning] == ["Hm.", "So."]
    assert asked.text == "Yes."


@pytest.mark.parametrize(("finish", "reason"), [("stop", "stop"), ("length", "length"), ("content_filter", "refused")])
async def test_the_reason_of_the_end_is_one_of_ours(finish: str, reason: str):
    assert (await ask(streaming(chunk({"content": "x"}, finish), DONE))).deltas[-1].ended == reason


async def test_a_refusal_in_words_is_said_and_ends_the_answer_by_it():
    asked = await ask(streaming(chunk({"refusal": "I cannot "}), chunk({"refusal": "say."}), chunk({}, "stop"), DONE))
    assert (asked.text, asked.deltas[-1].ended) == ("I cannot say.", "refused")


async def test_an_answer_that_is_filtered_before_its_first_word_is_a_failure():
    with pytest.raises(ProviderError, match="refused to answer") as refused:
        await ask(streaming(chunk({"role": "assistant", "content": ""}), chunk({}, "content_filter"), USAGE, DONE))
    assert refused.value.kind is FailureKind.BAD_REQUEST


async def test_an_endpoint_that_counts_nothing_is_used_all_the_same():
    asked = await ask(streaming(chunk({"content": "x"}, "stop"), DONE))
    assert asked.deltas[-1].usage == UsageAmount("model", "custom", "m-1", 0)


async def web_page(exchange: Exchange) -> None:
    await exchange.answer(200, b"<html>Welcome</html>", content_type="text/html; charset=utf-8")


def offering(*names: str) -> Script:
    """An endpoint with a list of models, which answers."""

    async def answer(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            body = json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})
            await exchange.answer(200, body.encode(), content_type="application/json")
        else:
            await streaming(chunk({"content": "x"}, "stop"), DONE)(exchange)

    return answer


UNNAMED = replace(ASK, settings=ModelSettings())


async def test_an_endpoint_with_one_model_is_asked_for_that_where_nobody_names_one():
    async with serving(offering("m-7")) as server, GuardedClient(allow_private=True) as client:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1", KEY), client.stream_client())
        await model.warm(UNNAMED)
        for _ in range(2):
            assert [delta async for delta in model.answer(UNNAMED)]
        listing, *asked = server.requests
        assert (listing.method, listing.target, listing.headers["authorization"]) == (
            "GET",
            "/v1/models",
            f"Bearer {KEY}",
        )
        assert [request.json()["model"] for request in asked] == ["m-7", "m-7"]
        assert await model.probe("") == "no model is named; the endpoint's only one is used: m-7"


def without_a_list(status: int) -> Script:
    async def answer(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            await exchange.answer(status, b"{}", content_type="application/json")
        else:
            await streaming(chunk({"content": "x"}, "stop"), DONE)(exchange)

    return answer


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (offering("a", "b"), "no model is named; set CALLWRIGHT_MODEL_NAME to one of its models: a, b"),
        (
            offering(*(f"m{number}" for number in range(10))),
            "no model is named; set CALLWRIGHT_MODEL_NAME to one of its models: m0, m1, m2, m3, m4, m5, m6, m7 and 2 more",
        ),
        (offering(), "no model is named; set CALLWRIGHT_MODEL_NAME: the endpoint lists no model"),
        (
            without_a_list(404),
            "no model is named; set CALLWRIGHT_MODEL_NAME: the endpoint offers no list of models (HTTP 404)",
        ),
        (without_a_list(401), "the endpoint refused the key; check CALLWRIGHT_MODEL_API_KEY (HTTP 401)"),
        (web_page, "the endpoint answered with HTML (HTTP 200); check the base URL (CALLWRIGHT_MODEL_BASE_URL)"),
    ],
)
async def test_without_a_models_name_the_setting_is_named_and_nothing_is_asked(script: Script, told: str):
    async with serving(script) as server, GuardedClient(allow_private=True) as client:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1", KEY), client.stream_client())
        with pytest.raises(ProviderError) as caught:
            [delta async for delta in model.answer(UNNAMED)]
        assert caught.value.message == told
        assert [request.method for request in server.requests] == ["GET"]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (offering("m-1", "m-2"), "the endpoint offers the model m-1"),
        (offering("models/m-1"), "the endpoint offers the model m-1"),
        (offering(), "the endpoint is asked for the model m-1, and lists no model"),
        (without_a_list(404), "the endpoint is asked for the model m-1, and offers no list of models"),
        (offering("m-2"), "the endpoint does not list the model m-1; check CALLWRIGHT_MODEL_NAME; it lists m-2"),
        (without_a_list(500), "the endpoint failed (HTTP 500)"),
    ],
)
async def test_a_probe_says_whether_the_model_can_be_had(script: Script, told: str):
    async with serving(script) as server, GuardedClient(allow_private=True) as client:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1", KEY, "m-1"), client.stream_client())
        try:
            found = await model.probe("")
        except ProviderError as error:
            found = error.message
        assert found == told
        assert [request.method for request in server.requests] == ["GET"]


async def test_what_an_endpoint_counted_of_an_answer_that_broke_off_is_told_before_the_failure():
    async with (
        serving(streaming(chunk({"content": "x"}), USAGE, DONE)) as server,
        GuardedClient(allow_private=True) as client,
    ):
        answer = OpenAICompatibleModel(Endpoint(f"{server.url}/v1", KEY), client.stream_client()).answer(ASK)
        assert await anext(answer) == ModelDelta("x")
        assert await anext(answer) == ModelDelta(usage=UsageAmount("model", "custom", "m-1", 21, 4, 16))
        with pytest.raises(ProviderError, match="broke off"):
            await anext(answer)


async def test_odd_chunks_are_read_for_what_they_hold():
    asked = await ask(
        streaming(
            event({"object": "prompt_filter_results"}),
            event({"choices": None}),
            event({"choices": [{"index": 0}]}),
            event({"choices": [{"index": 0, "delta": None}]}),
            chunk({"content": None, "tool_calls": None}),
            b": a comment\n\n",
            chunk({"content": "Half \ud83d a pair"}),
            chunk({}, "stop", usage={"prompt_tokens": None, "completion_tokens": 3}),
            DONE,
        )
    )
    asked.text.encode()
    assert asked.text.startswith("Half ")
    assert asked.deltas[-1].usage == UsageAmount("model", "custom", "m-1", 0, 3)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.BAD_REQUEST),
        (401, FailureKind.REFUSED),
        (402, FailureKind.LIMIT),
        (403, FailureKind.REFUSED),
        (404, FailureKind.BAD_REQUEST),
        (408, FailureKind.UNAVAILABLE),
        (409, FailureKind.BAD_REQUEST),
        (422, FailureKind.BAD_REQUEST),
        (429, FailureKind.LIMIT),
        (500, FailureKind.UNAVAILABLE),
        (503, FailureKind.UNAVAILABLE),
    ],
)
async def test_every_refusal_has_its_kind_and_shows_no_key(status: int, kind: FailureKind):
    error = await failure(refusing(status))
    assert error.kind is kind
    assert f"HTTP {status}" in error.message


async def whole_json(exchange: Exchange) -> None:
    await exchange.answer(200, b'{"choices": []}', content_type="application/json")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            web_page,
            "the endpoint answered with HTML (HTTP 200); check the base URL (CALLWRIGHT_MODEL_BASE_URL)",
        ),
        (
            whole_json,
            "the endpoint answered with JSON instead of a stream (HTTP 200); check the base URL (CALLWRIGHT_MODEL_BASE_URL)",
        ),
        (
            streaming(),
            "the endpoint answered with nothing (HTTP 200); check the base URL (CALLWRIGHT_MODEL_BASE_URL)",
        ),
        (
            refusing(404),
            "the endpoint has no such model or address; check the base URL (CALLWRIGHT_MODEL_BASE_URL) and the model's name (HTTP 404)",
        ),
        (streaming(chunk({"content": "Well"})), "the answer broke off: the stream closed before its end"),
        (cut_short, "the answer broke off: the connection was lost"),
        (
            streaming(chunk({"content": "Well"}), event({"error": {"message": "overloaded"}})),
            "the answer broke off: the endpoint sent an error in it",
        ),
        (streaming(chunk({"content": "Well"}), event(b'{"x": [')), "the answer broke off: what came is no JSON"),
    ],
)
async def test_an_answer_that_no_model_gave_says_what_to_check(script: Script, told: str):
    assert (await failure(script)).message == told


async def test_a_refused_key_names_the_setting():
    assert "CALLWRIGHT_MODEL_API_KEY" in (await failure(refusing(401))).message


async def test_a_refusal_is_not_retried_behind_our_back():
    counted: list[int] = []

    async def counting(exchange: Exchange) -> None:
        counted.append(1)
        await exchange.answer(500, b"{}")

    await failure(counting)
    assert len(counted) == 1


async def reset(exchange: Exchange) -> None:
    await exchange.break_off()


async def reset_midway(exchange: Exchange) -> None:
    exchange.head(200, content_type="text/event-stream")
    await exchange.write(chunk({"content": "Well"}))
    await asyncio.sleep(0.05)
    await exchange.break_off()


async def end_short(exchange: Exchange) -> None:
    exchange.head(200, content_type="text/event-stream", content_length="100000")
    await exchange.write(chunk({"content": "Well"}))


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (reset, FailureKind.UNAVAILABLE),
        (reset_midway, FailureKind.BROKEN_STREAM),
        (end_short, FailureKind.BROKEN_STREAM),
        (streaming(chunk({"content": "Well"})), FailureKind.BROKEN_STREAM),
        (streaming(chunk({"content": "Well"}), DONE), FailureKind.BROKEN_STREAM),
        (streaming(), FailureKind.BROKEN_STREAM),
        (streaming(chunk({"content": "Well"}), event(b'{"choices": [')), FailureKind.BROKEN_STREAM),
        (streaming(event(b"\xff\xfe")), FailureKind.BROKEN_STREAM),
        (
            streaming(chunk({"content": "Well"}), event({"error": {"message": f"overloaded {KEY}"}})),
            FailureKind.BROKEN_STREAM,
        ),
    ],
)
async def test_an_answer_that_breaks_off_is_a_broken_stream_and_nobody_there_is_unavailable(
    script: Script, kind: FailureKind
):
    assert (await failure(script)).kind is kind


def packed(body: bytes, packing: str = "gzip", status: int = 200) -> Script:
    """An endpoint that packs although it was asked not to."""

    async def answer(exchange: Exchange) -> None:
        exchange.head(status, content_type="text/event-stream", content_encoding=packing)
        await exchange.write(body)

    return answer


def endless(piece: bytes, status: int = 200) -> Script:
    """An endpoint that does not stop."""

    async def answer(exchange: Exchange) -> None:
        exchange.head(status, content_type="text/event-stream")
        while True:
            await exchange.write(piece)

    return answer


async def test_nothing_packed_is_asked_for_and_what_comes_packed_all_the_same_is_read():
    body = chunk({"content": "Hello."}) + chunk({}, "stop") + DONE
    for packing, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        asked = await ask(packed(pack(body), packing))
        assert asked.text == "Hello."
        assert asked.server.requests[0].headers["accept-encoding"] == "identity"
    broken = await failure(packed(gzip.compress(body), "br"))
    assert "packed (br)" in broken.message
    assert "cannot be unpacked" in (await failure(packed(b"x" * 100))).message


# Packed by the test: collecting it would pack for each worker.
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: packed(gzip.compress(b"\x00" * 200_000_000)),
            f"an event that is larger than {MAX_STREAM_EVENT_BYTES}",
        ),
        (lambda: packed(gzip.compress(b": \n\n" * 20_000_000)), f"more than {MAX_STREAM_LINES} lines"),
        (lambda: endless(b"x" * 65_536), f"an event that is larger than {MAX_STREAM_EVENT_BYTES}"),
        (lambda: endless(b"data: x\n" * 8_192), f"an event that is larger than {MAX_STREAM_EVENT_BYTES}"),
        (lambda: endless(chunk({"content": "x" * 4_000})), f"larger than {MAX_STREAM_BYTES} bytes"),
    ],
    ids=["bomb", "bomb of events", "line", "event", "words"],
)
async def test_an_endless_answer_is_not_read_on(make: Callable[[], Script], words: str):
    script = make()
    tracemalloc.start()
    try:
        error = await failure(script)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (error.kind, words in error.message) == (FailureKind.BROKEN_STREAM, True), error.message
    # Most of it are the words that the test itself keeps; a bomb unpacked would be 100 MB and more.
    assert peak < 60_000_000


@pytest.mark.parametrize(
    "make",
    [
        lambda: endless(b"sorry " * 1_000, 429),
        lambda: packed(gzip.compress(b"sorry " * 30_000_000), status=429),
        lambda: packed(b"?", "br", 429),
    ],
    ids=["words", "bomb", "packing"],
)
async def test_the_words_of_a_refusal_are_cut_and_its_status_is_what_counts(make: Callable[[], Script]):
    error = await failure(make())
    assert (error.kind, error.message) == (FailureKind.LIMIT, "the endpoint's limit is reached (HTTP 429)")


async def test_a_refusal_that_never_ends_is_told_without_its_end():
    async def dripping(exchange: Exchange) -> None:
        exchange.head(503)
        while True:
            await exchange.write(b".")
            await asyncio.sleep(0.1)

    before = asyncio.get_running_loop().time()
    error = await failure(dripping)
    assert (error.kind, "HTTP 503" in error.message) == (FailureKind.UNAVAILABLE, True)
    assert asyncio.get_running_loop().time() - before < ERROR_ANSWER_SECONDS + 5


async def test_the_operators_own_endpoint_is_bounded_too():
    async with serving(endless(b"x" * 65_536)) as server:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1"))
        with pytest.raises(ProviderError, match="an event that is larger"):
            [delta async for delta in model.answer(ASK)]
        await model.aclose()


async def test_json_that_is_nested_too_deep_is_a_broken_answer():
    error = await failure(streaming(b"data: " + b"[" * 200_000 + b"\n\n", DONE))
    assert error.kind is FailureKind.BROKEN_STREAM


async def test_a_large_answer_lets_others_have_the_loop():
    """Even lines that take the longest to read, packed small: nobody's audio waits for them."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            # Time of the processor: what else the machine does is none of this.
            before = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - before)

    ticking = asyncio.ensure_future(tick())
    error = await failure(packed(gzip.compress(b"\n" * 100_000_000)))
    ticking.cancel()
    assert str(MAX_STREAM_LINES) in error.message
    assert longest < 0.5


async def test_nobody_listening_is_unavailable():
    async with serving(reset) as server:
        url = server.url
    async with GuardedClient(allow_private=True) as client:
        model = OpenAICompatibleModel(Endpoint(f"{url}/v1", KEY), client.stream_client())
        with pytest.raises(ProviderError) as caught:
            await anext(model.answer(ASK))
    assert caught.value.kind is FailureKind.UNAVAILABLE


async def test_an_address_the_guard_refuses_says_which_setting_opens_it():
    async with serving(reset) as server, GuardedClient(allow_private=False) as client:
        model = OpenAICompatibleModel(Endpoint(f"{server.url}/v1", KEY), client.stream_client())
        with pytest.raises(ProviderError) as caught:
            await anext(model.answer(ASK))
        assert server.requests == []
    assert caught.value.kind is FailureKind.BAD_REQUEST
    assert "CALLWRIGHT_ALLOW_PRIVATE_URLS" in caught.value.message


async def test_nothing_of_our_environment_is_told_to_the_endpoint(monkeypatch: pytest.MonkeyPatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "of-somebody-else")
    asked = await ask(streaming(chunk({"content": "x"}, "stop"), DONE), key="")
    assert "of-somebody-else" not in str(asked.server.requests[0].headers)


def test_the_key_is_in_no_description():
    endpoint = Endpoint("http://127.0.0.1/v1", KEY)
    assert KEY not in repr(endpoint) + str(endpoint) + repr(OpenAICompatibleModel(endpoint))


@pytest.mark.parametrize("key", ["k\u00e9y-secret", "two words", "line\nbreak"])
def test_a_key_that_cannot_be_sent_is_refused_at_once_without_showing_it(key: str):
    with pytest.raises(ProviderError) as caught:
        OpenAICompatibleModel(Endpoint("http://127.0.0.1/v1", key))
    assert key not in str(caught.value)
    assert caught.value.kind is FailureKind.BAD_REQUEST


async def test_warming_sends_nothing_and_an_own_client_is_closed_but_not_anothers():
    async with (
        serving(streaming(chunk({"content": "x"}, "stop"), DONE)) as server,
        GuardedClient(allow_private=True) as client,
    ):
        own = OpenAICompatibleModel(Endpoint(f"{server.url}/v1"))
        await own.warm(ASK)
        assert server.requests == []
        assert [delta.text async for delta in own.answer(ASK)] == ["x", ""]
        await own.aclose()
        shared = OpenAICompatibleModel(Endpoint(f"{server.url}/v1"), client.stream_client())
        await shared.aclose()
        assert [delta.text async for delta in shared.answer(ASK)] == ["x", ""]


async def test_the_plugin_is_made_from_the_settings():
    settings = {"model_base_url": "", "model_api_key": KEY, "model_name": "m-9"}
    plugin = Registry(PLUGINS).find("model", "openai_compatible")
    assert plugin is Registry(PLUGINS).find("model", "custom")
    with pytest.raises(ProviderError, match="CALLWRIGHT_MODEL_BASE_URL"):
        plugin.factory(PluginContext(settings, Path())).check(ModelSettings())
    async with serving(streaming(chunk({"content": "x"}, "stop"), DONE)) as server:
        model = plugin.factory(PluginContext({**settings, "model_base_url": f"{server.url}/v1"}, Path()))
        deltas = [delta async for delta in model.answer(ModelRequest(ASK.messages, ModelSettings()))]
        await model.aclose()
        assert server.requests[0].json()["model"] == "m-9"
    assert deltas[-1].ended == "stop"


# llama.cpp speaks the protocol by somebody else's understanding of it.

MODELS = Path(os.environ.get("CALLWRIGHT_MODELS") or "~/.cache/callwright/models").expanduser()
STORE = ModelStore(MODELS)
LANGUAGE_MODEL = next((name for name in ("smollm2-135m", "qwen2.5-coder-1.5b") if STORE.has(name)), "")
real = [
    pytest.mark.voice,
    pytest.mark.skipif(not LANGUAGE_MODEL, reason="no local language model is installed: make models"),
]


@pytest.fixture(scope="module")
def llama() -> Iterator[str]:
    """The base URL of a llama.cpp server in this process, which wants KEY."""
    import xllamacpp

    (weights,) = (path for path in [STORE.path(LANGUAGE_MODEL)] if path.exists())
    params = xllamacpp.CommonParams()
    params.model.path = str(weights if weights.is_file() else next(weights.glob("*.gguf")))
    params.n_ctx, params.n_parallel, params.verbosity, params.ui = 2_048, 1, -1, False
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [KEY]
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


@pytest.fixture
async def llama_model(llama: str) -> AsyncIterator[Callable[[str], OpenAICompatibleModel]]:
    async with GuardedClient(allow_private=True) as client:
        yield lambda key: OpenAICompatibleModel(Endpoint(llama, key, "local"), client.stream_client())


class TestLlamaServer:
    """Against llama.cpp."""

    pytestmark = real

    async def test_it_answers_in_a_stream_and_counts_tokens(self, llama_model: Callable[[str], OpenAICompatibleModel]):
        deltas = [delta async for delta in llama_model(KEY).answer(ASK)]
        assert sum(1 for delta in deltas if delta.text) >= 2
        last = deltas[-1]
        assert last.ended in {"stop", "length"}
        assert last.usage is not None
        assert last.usage.amount > 5
        assert 0 < last.usage.amount_output <= 50

    async def test_a_schema_is_obeyed(self, llama_model: Callable[[str], OpenAICompatibleModel]):
        schema = {
            "type": "object",
            "properties": {"n": {"enum": ["a", "b"]}},
            "required": ["n"],
            "additionalProperties": False,
        }
        request = ModelRequest(ASK.messages, ASK.settings, purpose="extraction", schema=json.dumps(schema))
        text = "".join([delta.text async for delta in llama_model(KEY).answer(request)])
        assert json.loads(text)["n"] in {"a", "b"}

    async def test_the_wrong_key_is_refused(self, llama_model: Callable[[str], OpenAICompatibleModel]):
        with pytest.raises(ProviderError) as caught:
            await anext(llama_model("sk-wrong-key-entirely").answer(ASK))
        assert caught.value.kind is FailureKind.REFUSED
        assert "sk-wrong" not in str(caught.value)

    async def test_a_cancelled_answer_leaves_the_server_free_for_the_next(
        self, llama_model: Callable[[str], OpenAICompatibleModel]
    ):
        model = llama_model(KEY)
        long = ModelRequest(ASK.messages, ModelSettings(max_tokens=1_500))
        async with aclosing(model.answer(long)) as answer:  # type: ignore[type-var]
            await anext(answer)
        async with asyncio.timeout(20):
            assert [delta async for delta in model.answer(ASK)][-1].ended
