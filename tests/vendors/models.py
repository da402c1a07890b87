"""Vendors of models on loopback: servers that speak the vendors' protocols, as their public documentation has them.

The key decides how they behave. Whoever offers a tool gets it called, and words once the result is there.

The ``openai`` client judges the first two protocols in every run. The others were judged by the vendors' official clients, anthropic 2.14.0
and google-genai 3.6.1, on 2026-11-29, in an environment of their own of 279 MB. Both read text, tool calls, thoughts with signatures and
all counts of tokens as they are sent, and took 401, 429, 500, a reset and garbage for errors of the right class. Neither notices a stream
that breaks off. For the result of a tool google-genai sends the very parts that our model sends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.http_server import Exchange, LocalServer, Request, serving

from callwright.testing import hosted_model as faults

GOOD = "canary-model-key-1a2b3c4d"
KEYS: dict[str, str] = {fault: f"canary-model-{number}-0f9e8d" for number, fault in enumerate(faults.FAULTS)}
"""The key of each fault of the suite."""
_FAULTS = {key: fault for fault, key in KEYS.items()}
_STATUSES = {faults.REFUSED: 401, faults.LIMITED: 429, faults.FAILING: 500}

WORDS = ("Ninety", " dollars", ".")
ARGUMENTS = {"day": "Tuesday"}
THOUGHT = "The caller asks for the price."
SIGNATURE = "c2lnbmVkLXRob3VnaHQ="
USED = {"read": 210, "cached": 128, "stored": 32, "written": 40, "thought": 24}


@dataclass
class ModelVendors:
    """All vendors at one address. ``requests``: what they were asked, as JSON; ``open``: exchanges that go on."""

    server: LocalServer
    requests: list[Any] = field(default_factory=list)
    open: int = 0

    @property
    def url(self) -> str:
        """Where they are."""
        return self.server.url


@asynccontextmanager
async def model_vendors() -> AsyncIterator[ModelVendors]:
    """The servers."""
    places: list[ModelVendors] = []

    async def answer(exchange: Exchange) -> None:
        place = places[0]
        place.open += 1
        try:
            await _answer(exchange, place)
        finally:
            place.open -= 1

    async with serving(answer) as server:
        places.append(ModelVendors(server))
        yield places[0]


def key_of(request: Request) -> str:
    """The key that came, wherever the protocol has it."""
    headers = request.headers
    found = headers.get("x-api-key") or headers.get("x-goog-api-key") or headers.get("api-key")
    return found or headers.get("authorization", "").removeprefix("Bearer ")


async def _answer(exchange: Exchange, place: ModelVendors) -> None:
    request = exchange.request
    protocol = next((make for ending, make in _PROTOCOLS.items() if ending in request.target), None)
    fault = _FAULTS.get(key_of(request), "")
    if fault in _STATUSES or (key_of(request) != GOOD and not fault):
        return await _refuse(exchange, _STATUSES.get(fault, 401))
    if fault == faults.RESET:
        return await exchange.break_off()
    if fault == faults.HANGING:
        await asyncio.sleep(3_600)
    if request.method == "GET":
        return await exchange.answer(200, b'{"data": [{"id": "m-1"}], "name": "m-1"}', content_type="application/json")
    if protocol is None:
        return await _refuse(exchange, 404)
    place.requests.append(request.json())
    events = list(protocol(request))
    exchange.head(200, content_type="text/event-stream")
    if fault == faults.TRICKLING:
        while True:
            await exchange.write(b": still here\n\n")
            await asyncio.sleep(0.02)
    if fault == faults.GARBLED:
        return await exchange.write(b"event: x\ndata: {no json\n\ndata: [1, 2]\n\n")
    for number, event in enumerate(events):
        if fault in (faults.BREAKING, faults.ENDING) and number == 3:
            # What was sent must have left before the connection is reset.
            await asyncio.sleep(0.02)
            return await exchange.break_off() if fault == faults.BREAKING else None
        await exchange.write(event)
    return None


async def _refuse(exchange: Exchange, status: int) -> None:
    """As vendors do that repeat the key."""
    kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 500: "api_error"}
    error = {"type": kinds[status], "message": f"not with {key_of(exchange.request)}", "code": status}
    await exchange.answer(
        status, json.dumps({"type": "error", "error": error}).encode(), content_type="application/json"
    )


def _data(value: Mapping[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


# -- chat completions ------------------------------------------------------------------------------------------------------------


def _chat(request: Request) -> Iterable[bytes]:
    asked = request.json()
    calls = asked.get("tools") and asked["messages"][-1]["role"] != "tool"

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": asked["model"]}
        return _data({**head, "choices": choices, "usage": None})

    yield chunk({"role": "assistant", "content": ""})
    if calls:
        name = asked["tools"][0]["function"]["name"]
        head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
        yield chunk({"tool_calls": [head]})
        for piece in _halves(ARGUMENTS):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield chunk({}, "tool_calls")
    else:
        for word in WORDS:
            yield chunk({"content": word})
        yield chunk({}, "stop")
    usage = {
        "prompt_tokens": USED["read"],
        "completion_tokens": USED["written"],
        "total_tokens": USED["read"] + USED["written"],
        "prompt_tokens_details": {"cached_tokens": USED["cached"], "cache_write_tokens": USED["stored"]},
        "completion_tokens_details": {"reasoning_tokens": USED["thought"]},
    }
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": asked["model"]}
    yield _data({**head, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


# -- the Responses API -----------------------------------------------------------------------------------------------------------


def _responses(request: Request) -> Iterable[bytes]:
    asked = request.json()
    calls = asked.get("tools") and asked["input"][-1].get("type") != "function_call_output"
    number = iter(range(1_000))

    def event(kind: str, **values: Any) -> bytes:
        return _data({"type": kind, "sequence_number": next(number), **values}, kind)

    usage = {
        "input_tokens": USED["read"],
        "input_tokens_details": {"cached_tokens": USED["cached"], "cache_write_tokens": USED["stored"]},
        "output_tokens": USED["written"],
        "output_tokens_details": {"reasoning_tokens": USED["thought"]},
        "total_tokens": USED["read"] + USED["written"],
    }
    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": asked["model"],
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    yield event("response.created", response={**response, "status": "in_progress"})
    yield event("response.in_progress", response={**response, "status": "in_progress"})
    if calls:
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": asked["tools"][0]["name"]}
        yield event(
            "response.output_item.added", output_index=0, item={**item, "arguments": "", "status": "in_progress"}
        )
        for piece in _halves(ARGUMENTS):
            yield event("response.function_call_arguments.delta", output_index=0, item_id="fc_1", delta=piece)
        whole = json.dumps(ARGUMENTS)
        yield event(
            "response.function_call_arguments.done", output_index=0, item_id="fc_1", name=item["name"], arguments=whole
        )
        yield event(
            "response.output_item.done", output_index=0, item={**item, "arguments": whole, "status": "completed"}
        )
    else:
        item = {"type": "message", "id": "msg_1", "role": "assistant"}
        yield event("response.output_item.added", output_index=0, item={**item, "content": [], "status": "in_progress"})
        place = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
        for word in WORDS:
            yield event("response.output_text.delta", **place, delta=word, logprobs=[])
        yield event("response.output_text.done", **place, text="".join(WORDS), logprobs=[])
    yield event("response.completed", response={**response, "status": "completed", "usage": usage})


# -- Anthropic's messages --------------------------------------------------------------------------------------------------------


def _messages(request: Request) -> Iterable[bytes]:
    asked = request.json()
    forced = asked.get("tool_choice", {}).get("name")
    results = any(block["type"] == "tool_result" for block in asked["messages"][-1]["content"])
    read = {
        "input_tokens": USED["read"] - USED["cached"] - USED["stored"],
        "cache_creation_input_tokens": USED["stored"],
        "cache_read_input_tokens": USED["cached"],
        "output_tokens": 1,
    }
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "content": []}
    head = {**message, "stop_reason": None, "stop_sequence": None, "usage": read}
    yield _data({"type": "message_start", "message": head}, "message_start")
    yield _data({"type": "ping"}, "ping")
    index = 0
    if asked.get("thinking"):
        pieces = [{"type": "thinking_delta", "thinking": THOUGHT}, {"type": "signature_delta", "signature": SIGNATURE}]
        yield from _block(index, {"type": "thinking", "thinking": "", "signature": ""}, pieces)
        index += 1
    calls = asked.get("tools") and not results
    if calls:
        name = forced or asked["tools"][0]["name"]
        pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *_halves(ARGUMENTS))]
        yield from _block(index, {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}, pieces)
    else:
        pieces = [{"type": "text_delta", "text": word} for word in WORDS]
        yield from _block(index, {"type": "text", "text": ""}, pieces)
    delta = {"stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None}
    usage = {"output_tokens": USED["written"]}
    yield _data({"type": "message_delta", "delta": delta, "usage": usage}, "message_delta")
    yield _data({"type": "message_stop"}, "message_stop")


def _block(index: int, begun: Mapping[str, Any], pieces: Iterable[Mapping[str, Any]]) -> Iterable[bytes]:
    yield _data({"type": "content_block_start", "index": index, "content_block": begun}, "content_block_start")
    for piece in pieces:
        yield _data({"type": "content_block_delta", "index": index, "delta": piece}, "content_block_delta")
    yield _data({"type": "content_block_stop", "index": index}, "content_block_stop")


# -- Gemini ----------------------------------------------------------------------------------------------------------------------


def _gemini(request: Request) -> Iterable[bytes]:
    asked = request.json()
    results = any("functionResponse" in part for part in asked["contents"][-1]["parts"])
    usage = {
        "promptTokenCount": USED["read"],
        "cachedContentTokenCount": USED["cached"],
        "candidatesTokenCount": USED["written"] - USED["thought"],
        "thoughtsTokenCount": USED["thought"],
        "totalTokenCount": USED["read"] + USED["written"],
    }

    def chunk(*parts: Mapping[str, Any], finish: str = "") -> bytes:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        return _data({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m-1", "responseId": "r"})

    if asked.get("tools") and not results:
        name = asked["tools"][0]["functionDeclarations"][0]["name"]
        yield chunk({"functionCall": {"name": name, "args": ARGUMENTS}, "thoughtSignature": SIGNATURE})
        yield chunk({"text": ""}, finish="STOP")
        return
    schema = asked.get("generationConfig", {}).get("responseJsonSchema")
    for word in _halves(ARGUMENTS) if schema else WORDS:
        yield chunk({"text": word})
    yield chunk({"text": ""}, finish="STOP")


def _halves(value: Mapping[str, Any]) -> tuple[str, str]:
    text = json.dumps(value)
    return text[:7], text[7:]


_PROTOCOLS: dict[str, Callable[[Request], Iterable[bytes]]] = {
    "/chat/completions": _chat,
    "/responses": _responses,
    "/messages": _messages,
    ":streamGenerateContent": _gemini,
}
