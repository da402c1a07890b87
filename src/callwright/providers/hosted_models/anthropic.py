"""Claude by Anthropic's own protocol: prompt caching, schemas that are kept to, and thinking beside tools.

Protocol: ``POST /v1/messages`` with ``stream: true`` (Claude API reference, messages; version 2023-06-01).
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import httpx2 as httpx

from callwright.domain.limits import MAX_MODEL_TOKENS, MAX_MODEL_TOOL_CALLS, MAX_TOOL_ARGUMENT_CHARACTERS
from callwright.domain.settings.kinds import choice, number, stops, whole
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.ports.failures import FailureKind
from callwright.ports.model import REFUSED, Message, ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.registry import PluginContext
from callwright.ports.speech import UsageAmount
from callwright.providers.hosted_models.turns import CALLER, Turn, arguments_of, turns_of
from callwright.providers.hosted_models.vendor_endpoint import Thoughts, Vendor, VendorEndpoint, count_of, put, text_of

_VERSION = "2023-06-01"
_LEAST_BUDGET = 1_024
_CACHED = {"type": "ephemeral"}
_CACHED_PURPOSE = "reply"
"""Only replies ask again and again with the same beginning; writing a cache costs more than it saves otherwise."""
_UNFIT_ID = re.compile(r"[^A-Za-z0-9_-]")


def _stops(given: Any) -> list[str] | None:
    """The vendor refuses blank ones."""
    return [one for one in ([given] if isinstance(given, str) else given) if one.strip()] or None


_ADAPTIVE = (
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-fable-5",
    "claude-mythos-5",
)
"""Models that decide themselves how much they think. They refuse a budget of thinking, and temperature and top_k."""
_WITH_EFFORT = ("claude-opus-4-5", "claude-opus-4-6", "claude-sonnet-4-6", *_ADAPTIVE)
"""Models that know ``effort`` (platform.claude.com/docs/en/build-with-claude/effort); others refuse it."""

VENDOR = Vendor(
    "anthropic",
    "Claude, by its own protocol",
    "https://api.anthropic.com/v1",
    ("ANTHROPIC", "ANTHROPIC_API_KEY"),
    (
        Option("max_tokens", "max_tokens", whole(1, MAX_MODEL_TOKENS)),
        Option("temperature", "temperature", number(0, 1), not_models=_ADAPTIVE),
        Option("top_k", "top_k", whole(0, 500), not_models=_ADAPTIVE, convert=lambda most: most or None),
        Option("stop", "stop_sequences", stops(16), convert=_stops),
        Option(
            "reasoning_effort",
            "output_config.effort",
            choice(("none", "minimal", "low", "medium", "high", "xhigh", "max")),
            models=_WITH_EFFORT,
            convert=lambda effort: None if effort in ("none", "minimal") else effort,
        ),
        Option(
            "thinking_budget",
            "thinking.budget_tokens",
            whole(0, MAX_MODEL_TOKENS),
            not_models=_ADAPTIVE,
            convert=lambda tokens: max(_LEAST_BUDGET, tokens) if tokens else None,
        ),
    ),
    {
        "authentication_error": FailureKind.REFUSED,
        "permission_error": FailureKind.REFUSED,
        "rate_limit_error": FailureKind.LIMIT,
        "billing_error": FailureKind.LIMIT,
        "overloaded_error": FailureKind.UNAVAILABLE,
    },
)


class AnthropicModel:
    """``ports.model.Model`` for Claude."""

    def __init__(self, vendor: Vendor, context: PluginContext, client: httpx.AsyncClient | None = None) -> None:
        """``client``: what every request goes through, instead of a guarded client of its own."""
        self.name = vendor.name
        self._endpoint = VendorEndpoint(vendor, context, client)
        self._thoughts = Thoughts()

    def check(self, settings: ModelSettings) -> None:
        """Raises ProviderError when a call with these settings could not ask at all."""
        self._endpoint.key_of(settings)
        self._endpoint.address(settings)
        self._endpoint.options(settings, settings.model)
        self._model(settings)

    def billed_model(self, settings: ModelSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._model(settings)

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer (see the port)."""
        body = self._body(request)
        reading = _Reading(self._endpoint, self._thoughts, body["model"], schema=bool(request.schema))
        async with aclosing(
            self._endpoint.answer(
                f"{self._endpoint.address(request.settings)}/messages", self._headers(request.settings), body, reading
            )
        ) as deltas:
            async for delta in deltas:
                yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Does nothing: the first reply fills the vendor's cache, and a request only to fill it would cost as much."""

    async def probe(self, settings: ModelSettings) -> str:
        """Ask for the model's description, which costs nothing (``ports.model.RemoteModel``)."""
        name = self._model(settings)
        url = f"{self._endpoint.address(settings)}/models/{quote(name, safe='')}"
        await self._endpoint.get(url, self._headers(settings))
        return f"the vendor offers the model {name}"

    def host(self, settings: ModelSettings) -> str:
        """Host of the vendor (``ports.model.RemoteModel``)."""
        return self._endpoint.host(settings)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._endpoint.aclose()

    def _model(self, settings: ModelSettings) -> str:
        if not settings.model:
            raise self._endpoint.failure(
                FailureKind.BAD_REQUEST, "no model is named; set llm_config.model of the agent, as claude-haiku-4-5"
            )
        return settings.model.removeprefix("anthropic/")

    def _headers(self, settings: ModelSettings) -> dict[str, str]:
        return {"x-api-key": self._endpoint.key_of(settings), "anthropic-version": _VERSION}

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        model = self._model(request.settings)
        options = self._endpoint.options(request.settings, model)
        instructions, turns = turns_of(request.messages)
        thinks = "thinking.budget_tokens" in options and not request.schema
        messages = [self._turn(turn, with_thoughts=thinks) for turn in turns]
        if not thinks or not self._remembers(turns):
            # What the model thought before its last tool call is gone: it cannot go on thinking there.
            options.pop("thinking.budget_tokens", None)
        body: dict[str, Any] = {"model": model, "messages": messages, "stream": True}
        put(body, options)
        if "thinking" in body:
            # Thinking shares the limit, and has a temperature of its own.
            body["thinking"]["type"] = "enabled"
            body["max_tokens"] += body["thinking"]["budget_tokens"]
            for name in ("temperature", "top_k"):
                body.pop(name, None)
        if instructions:
            body["system"] = [{"type": "text", "text": one} for one in instructions]
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
        if request.schema:
            # All models can be made to call a tool, and only the newest to keep to a schema otherwise.
            schema = {
                "name": request.purpose,
                "description": "Report the result.",
                "input_schema": json.loads(request.schema),
            }
            body["tools"] = [*body.get("tools", ()), schema]
            body["tool_choice"] = {"type": "tool", "name": request.purpose}
        if request.purpose == _CACHED_PURPOSE:
            for place in (body.get("system", [])[:1], messages[-1]["content"][-1:]):
                for block in place:
                    block["cache_control"] = _CACHED
        return body

    def _turn(self, turn: Turn, *, with_thoughts: bool) -> dict[str, Any]:
        blocks = [block for message in turn.messages for block in self._blocks(message, with_thoughts)]
        # Results of tools come first in their turn.
        blocks.sort(key=lambda block: block["type"] != "tool_result" and turn.side == CALLER)
        return {"role": "user" if turn.side == CALLER else "assistant", "content": blocks}

    def _blocks(self, message: Message, with_thoughts: bool) -> Iterator[dict[str, Any]]:
        if message.tool_call_id:
            yield {"type": "tool_result", "tool_use_id": _id(message.tool_call_id), "content": message.content}
            return
        if with_thoughts and message.tool_calls:
            kept = self._thoughts.before(message.tool_calls[0].call_id)
            yield from json.loads(kept) if kept else ()
        if message.content.strip():
            yield {"type": "text", "text": message.content}
        for call in message.tool_calls:
            yield {
                "type": "tool_use",
                "id": _id(call.call_id),
                "name": call.name,
                "input": arguments_of(call.arguments),
            }

    def _remembers(self, turns: Sequence[Turn]) -> bool:
        """Whether the thoughts before the last tool calls are kept, as far as there are any calls since the caller spoke."""
        for turn in reversed(turns):
            for message in reversed(turn.messages):
                if message.role == "user":
                    return True
                if message.tool_calls and not self._thoughts.before(message.tool_calls[0].call_id):
                    return False
        return True


class _Reading:
    """The state of one streamed answer: blocks come one after the other, each in pieces."""

    def __init__(self, endpoint: VendorEndpoint, thoughts: Thoughts, model: str, *, schema: bool) -> None:
        """``schema``: the answer is the arguments of a tool call."""
        self._endpoint = endpoint
        self._thoughts = thoughts
        self._model = model
        self._schema = schema
        self._thinking: list[dict[str, str]] = []
        self._calls: list[list[str]] = []
        self._reason = ""
        self._spoke = False
        self._usage: dict[str, int] = {}
        self._open: dict[str, str] = {}

    def take(self, event: Mapping[str, Any]) -> list[ModelDelta]:
        """What an event says at once. Raises ProviderError for one that says that the answer failed."""
        deltas = self._take(event)
        self._spoke = self._spoke or any(delta.text for delta in deltas)
        return deltas

    def _take(self, event: Mapping[str, Any]) -> list[ModelDelta]:
        match event.get("type"):
            case "message_start":
                self._count(_object(event.get("message")).get("usage"))
            case "content_block_start":
                return self._begin(_object(event.get("content_block")))
            case "content_block_delta":
                return self._piece(_object(event.get("delta")))
            case "content_block_stop":
                self._close()
            case "message_delta":
                self._count(event.get("usage"))
                reason = _object(event.get("delta")).get("stop_reason")
                if reason:
                    self._reason = _REASONS.get(str(reason), "stop")
            case "error":
                raise self._endpoint.told_in_stream(event.get("error"), "type")
        return []

    def _begin(self, block: Mapping[str, Any]) -> list[ModelDelta]:
        kind = str(block.get("type"))
        self._open = {"type": kind}
        if kind == "tool_use" and len(self._calls) < MAX_MODEL_TOOL_CALLS:
            self._calls.append([text_of(block.get("id")), text_of(block.get("name")), ""])
        if kind == "redacted_thinking":
            self._open["data"] = text_of(block.get("data"))
        text = text_of(block.get("text"))
        return [ModelDelta(text=text)] if kind == "text" and text else []

    def _piece(self, delta: Mapping[str, Any]) -> list[ModelDelta]:
        match delta.get("type"):
            case "text_delta":
                text = text_of(delta.get("text"))
                return [ModelDelta(text=text)] if text else []
            case "input_json_delta":
                arguments = text_of(delta.get("partial_json"))
                if self._schema:
                    return [ModelDelta(text=arguments)] if arguments else []
                if self._calls:
                    self._calls[-1][2] = (self._calls[-1][2] + arguments)[:MAX_TOOL_ARGUMENT_CHARACTERS]
            case "thinking_delta":
                thought = text_of(delta.get("thinking"))
                self._open["thinking"] = self._open.get("thinking", "") + thought
                return [ModelDelta(reasoning=thought)] if thought else []
            case "signature_delta":
                self._open["signature"] = self._open.get("signature", "") + text_of(delta.get("signature"))
        return []

    def _close(self) -> None:
        if self._open.get("type") in ("thinking", "redacted_thinking"):
            self._thinking.append(self._open)
        self._open = {}

    def _count(self, usage: Any) -> None:
        """Later figures are the whole, not more of it."""
        for name in _COUNTS:
            self._usage[name] = count_of(usage, name) or self._usage.get(name, 0)

    @property
    def used(self) -> UsageAmount | None:
        """What the vendor has counted so far, None before it has."""
        return self._amount() if any(self._usage.values()) else None

    def _amount(self) -> UsageAmount:
        new, made, found, written = (self._usage.get(name, 0) for name in _COUNTS)
        read = new + made + found
        return UsageAmount(
            "model", self._endpoint.vendor.name, self._model, read, written, found, amount_cache_written=made
        )

    def end(self) -> Iterator[ModelDelta]:
        """Tool calls, whole, and then the end with its reason and usage. Raises ProviderError for an answer that broke off."""
        if not self._reason:
            raise self._endpoint.broken("the stream closed before its end")
        if self._reason == REFUSED:
            yield self._endpoint.refused_end(self._spoke, self._amount())
            return
        if self._schema:
            yield ModelDelta(ended="length" if self._reason == "length" else "stop", usage=self._amount())
            return
        if self._calls and self._thinking:
            self._thoughts.keep(self._calls[0][0], json.dumps(self._thinking))
        for call_id, name, arguments in self._calls:
            yield ModelDelta(tool_call=ToolCall(call_id, name, arguments or "{}"))
        yield ModelDelta(ended="tool" if self._calls else self._reason, usage=self._amount())


_REASONS = {
    "tool_use": "tool",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": REFUSED,
}
_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def _tool(tool: Tool) -> dict[str, Any]:
    schema = json.loads(tool.parameters or "{}")
    wire = {"name": tool.name, "description": tool.description, "input_schema": {"type": "object", **schema}}
    return {**wire, "strict": True} if tool.strict else wire


def _id(call_id: str) -> str:
    """The vendor takes only some characters."""
    return _UNFIT_ID.sub("_", call_id) or "_"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
