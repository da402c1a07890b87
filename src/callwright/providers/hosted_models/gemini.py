"""Gemini by Google's own protocol: how long it thinks, and the signatures of thoughts, without which it refuses the result of a tool.

Protocol: ``POST /v1beta/models/{model}:streamGenerateContent?alt=sse`` (Gemini API reference, generating content).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx2 as httpx

from callwright.domain.limits import MAX_MODEL_TOKENS, MAX_MODEL_TOOL_CALLS, MAX_TOOL_ARGUMENT_CHARACTERS
from callwright.domain.settings.kinds import SEED, choice, number, stops, whole
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.platform.tools.rules.arguments import UnfitArgumentsError, read_object
from callwright.ports.failures import FailureKind
from callwright.ports.model import REFUSED, Message, ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.registry import PluginContext
from callwright.ports.speech import UsageAmount
from callwright.providers.hosted_models.turns import CALLER, Turn, arguments_of, turns_of
from callwright.providers.hosted_models.vendor_endpoint import Thoughts, Vendor, VendorEndpoint, count_of, put, text_of

_UNSIGNED = "skip_thought_signature_validator"
"""What the vendor documents in place of a signature that is not there."""
_BUDGETS = {"none": 0, "minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 24_576, "xhigh": 24_576, "max": 24_576}
_LEVELS = {"none": "minimal", "xhigh": "high", "max": "high"}
_LEVELS_OF_PRO = {**_LEVELS, "none": "low", "minimal": "low", "medium": "high"}
_BY_BUDGET, _PRO_BY_BUDGET = ("gemini-2.5", "gemini-flash"), ("gemini-2.5-pro",)
_BY_LEVEL, _PRO_BY_LEVEL = ("gemini-3", "gemini-4"), ("gemini-3-pro", "gemini-3.1-pro", "gemini-pro", "gemini-4-pro")
_PRO_LEAST = 128
"""Tokens of thought that the larger models of 2.5 cannot go below."""
_EFFORTS = choice(tuple(_BUDGETS))
_BUDGET = "generationConfig.thinkingConfig.thinkingBudget"
_LEVEL = "generationConfig.thinkingConfig.thinkingLevel"

VENDOR = Vendor(
    "google",
    "Gemini, by its own protocol",
    "https://generativelanguage.googleapis.com/v1beta",
    ("GOOGLE", "GOOGLE_API_KEY"),
    (
        Option("max_tokens", "generationConfig.maxOutputTokens", whole(1, MAX_MODEL_TOKENS)),
        Option("temperature", "generationConfig.temperature", number(0, 2)),
        Option("top_p", "generationConfig.topP", number(0, 1)),
        Option("top_k", "generationConfig.topK", whole(0, 10_000), convert=lambda most: most or None),
        Option(
            "presence_penalty", "generationConfig.presencePenalty", number(-2, 2), convert=lambda value: value or None
        ),
        Option(
            "frequency_penalty", "generationConfig.frequencyPenalty", number(-2, 2), convert=lambda value: value or None
        ),
        Option(
            "stop",
            "generationConfig.stopSequences",
            stops(5),
            convert=lambda given: [given] if isinstance(given, str) else given,
        ),
        Option("seed", "generationConfig.seed", SEED),
        Option(
            "reasoning_effort",
            _BUDGET,
            _EFFORTS,
            models=_BY_BUDGET,
            not_models=_PRO_BY_BUDGET,
            convert=_BUDGETS.__getitem__,
        ),
        Option(
            "reasoning_effort",
            _BUDGET,
            _EFFORTS,
            models=_PRO_BY_BUDGET,
            convert=lambda effort: max(_PRO_LEAST, _BUDGETS[effort]),
        ),
        Option(
            "reasoning_effort",
            _LEVEL,
            _EFFORTS,
            models=_BY_LEVEL,
            not_models=_PRO_BY_LEVEL,
            convert=lambda effort: _LEVELS.get(effort, effort),
        ),
        Option(
            "reasoning_effort",
            _LEVEL,
            _EFFORTS,
            models=_PRO_BY_LEVEL,
            convert=lambda effort: _LEVELS_OF_PRO.get(effort, effort),
        ),
        Option("thinking_budget", _BUDGET, whole(-1, MAX_MODEL_TOKENS), models=_BY_BUDGET, not_models=_PRO_BY_BUDGET),
        Option(
            "thinking_budget",
            _BUDGET,
            whole(-1, MAX_MODEL_TOKENS),
            models=_PRO_BY_BUDGET,
            convert=lambda tokens: tokens if tokens < 0 else max(_PRO_LEAST, tokens),
        ),
    ),
    {
        "API_KEY_INVALID": FailureKind.REFUSED,
        "UNAUTHENTICATED": FailureKind.REFUSED,
        "PERMISSION_DENIED": FailureKind.REFUSED,
        "RESOURCE_EXHAUSTED": FailureKind.LIMIT,
        "UNAVAILABLE": FailureKind.UNAVAILABLE,
    },
)


class GeminiModel:
    """``ports.model.Model`` for Gemini."""

    def __init__(self, vendor: Vendor, context: PluginContext, client: httpx.AsyncClient | None = None) -> None:
        """``client``: what every request goes through, instead of a guarded client of its own."""
        self.name = vendor.name
        self._endpoint = VendorEndpoint(vendor, context, client)
        self._thoughts = Thoughts()

    def check(self, settings: ModelSettings) -> None:
        """Raises ProviderError when a call with these settings could not ask at all."""
        self._endpoint.key_of(settings)
        self._endpoint.address(settings)
        self._endpoint.options(settings, self._model(settings))

    def billed_model(self, settings: ModelSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._model(settings)

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer (see the port)."""
        model = self._model(request.settings)
        reading = _Reading(self._endpoint, self._thoughts, model)
        address = self._endpoint.address(request.settings)
        url = f"{address}/models/{quote(model, safe='')}:streamGenerateContent?alt=sse"
        body = self._body(request, model)
        headers = self._headers(request.settings)
        async with aclosing(self._endpoint.answer(url, headers, body, reading)) as deltas:
            async for delta in deltas:
                yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Does nothing: the vendor caches beginnings by itself, and a request only for that would cost money."""

    async def probe(self, settings: ModelSettings) -> str:
        """Ask for the model's description, which costs nothing (``ports.model.RemoteModel``)."""
        model = self._model(settings)
        url = f"{self._endpoint.address(settings)}/models/{quote(model, safe='')}"
        await self._endpoint.get(url, self._headers(settings))
        return f"the vendor offers the model {model}"

    def host(self, settings: ModelSettings) -> str:
        """Host of the vendor (``ports.model.RemoteModel``)."""
        return self._endpoint.host(settings)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._endpoint.aclose()

    def _model(self, settings: ModelSettings) -> str:
        if not settings.model:
            raise self._endpoint.failure(
                FailureKind.BAD_REQUEST, "no model is named; set llm_config.model of the agent, as gemini-2.5-flash"
            )
        return settings.model.rpartition("/")[2]

    def _headers(self, settings: ModelSettings) -> dict[str, str]:
        return {"x-goog-api-key": self._endpoint.key_of(settings)}

    def _body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        instructions, turns = turns_of(request.messages)
        names = {call.call_id: call.name for message in request.messages for call in message.tool_calls}
        body: dict[str, Any] = {"contents": [self._turn(turn, names) for turn in turns]}
        put(body, {**_least_thought(model), **self._endpoint.options(request.settings, model)})
        if instructions:
            body["systemInstruction"] = {"parts": [{"text": one} for one in instructions]}
        if request.tools:
            body["tools"] = [{"functionDeclarations": [_function(tool) for tool in request.tools]}]
        if request.schema:
            schema = {"responseMimeType": "application/json", "responseJsonSchema": json.loads(request.schema)}
            body["generationConfig"].update(schema)
        return body

    def _turn(self, turn: Turn, names: Mapping[str, str]) -> dict[str, Any]:
        parts = [part for message in turn.messages for part in self._parts(message, names)]
        return {"role": "user" if turn.side == CALLER else "model", "parts": parts}

    def _parts(self, message: Message, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        if message.tool_call_id:
            name = names.get(message.tool_call_id, "")
            yield {"functionResponse": {"name": name, "response": _result(message.content)}}
            return
        if message.content.strip():
            yield {"text": message.content}
        for number_of_call, call in enumerate(message.tool_calls):
            part: dict[str, Any] = {"functionCall": {"name": call.name, "args": arguments_of(call.arguments)}}
            if not number_of_call:
                # Only the first call of several has a signature.
                part["thoughtSignature"] = self._thoughts.before(call.call_id) or _UNSIGNED
            yield part


def _least_thought(model: str) -> dict[str, Any]:
    """What a model is told that nobody told how long to think: a caller waits for all of it."""
    if model.startswith(_PRO_BY_LEVEL):
        return {_LEVEL: "low"}
    if model.startswith(_BY_LEVEL):
        return {_LEVEL: "minimal"}
    if model.startswith(_BY_BUDGET):
        return {_BUDGET: _PRO_LEAST if model.startswith(_PRO_BY_BUDGET) else 0}
    return {}


class _Reading:
    """The state of one streamed answer: text in pieces, tool calls whole, and usage that is the whole so far in every event."""

    def __init__(self, endpoint: VendorEndpoint, thoughts: Thoughts, model: str) -> None:
        self._endpoint = endpoint
        self._thoughts = thoughts
        self._model = model
        self._calls: list[ToolCall] = []
        self._reason = ""
        self._spoke = False
        self._usage: Mapping[str, Any] | None = None

    def take(self, event: Mapping[str, Any]) -> list[ModelDelta]:
        """What an event says at once. Raises ProviderError for one that says that the answer failed."""
        if isinstance(event.get("usageMetadata"), Mapping):
            self._usage = event["usageMetadata"]
        if "error" in event:
            raise self._endpoint.told_in_stream(event["error"], "status")
        blocked = event.get("promptFeedback")
        if isinstance(blocked, Mapping) and blocked.get("blockReason"):
            raise self._endpoint.failure(FailureKind.BAD_REQUEST, "the vendor blocks what the model was given to read")
        deltas: list[ModelDelta] = []
        for candidate in _listed(event.get("candidates"))[:1]:
            content = candidate.get("content")
            for part in _listed(content.get("parts") if isinstance(content, Mapping) else None):
                text = text_of(part.get("text"))
                if text:
                    thought = part.get("thought") is True
                    deltas.append(ModelDelta(reasoning=text) if thought else ModelDelta(text=text))
                if isinstance(part.get("functionCall"), Mapping):
                    self._call(part["functionCall"], text_of(part.get("thoughtSignature")))
            self._end_at(candidate.get("finishReason"))
        self._spoke = self._spoke or any(delta.text for delta in deltas)
        return deltas

    def _call(self, call: Mapping[str, Any], signature: str) -> None:
        if len(self._calls) >= MAX_MODEL_TOOL_CALLS:
            return
        call_id = text_of(call.get("id"))
        if signature:
            # The vendor's calls need no id. One that is made of the signature is found again by the next question of the call.
            call_id = call_id or f"call_{sha256(signature.encode()).hexdigest()[:24]}"
            self._thoughts.keep(call_id, signature)
        arguments = json.dumps(call.get("args") or {}, ensure_ascii=False)[:MAX_TOOL_ARGUMENT_CHARACTERS]
        self._calls.append(ToolCall(call_id, text_of(call.get("name")), arguments))

    def _end_at(self, reason: Any) -> None:
        if reason in _FAILED:
            raise self._endpoint.broken("the model wrote a tool call that cannot be read")
        if reason:
            self._reason = _REASONS.get(str(reason), REFUSED)

    def end(self) -> Iterator[ModelDelta]:
        """Tool calls, whole, and then the end with its reason and usage. Raises ProviderError for an answer that broke off."""
        if not self._reason:
            raise self._endpoint.broken("the stream closed before its end")
        if self._reason == REFUSED:
            yield self._endpoint.refused_end(self._spoke, self._amount())
            return
        for call in self._calls:
            yield ModelDelta(tool_call=call)
        yield ModelDelta(ended="tool" if self._calls else self._reason, usage=self._amount())

    @property
    def used(self) -> UsageAmount | None:
        """What the vendor has counted so far, None before it has."""
        return None if self._usage is None else self._amount()

    def _amount(self) -> UsageAmount:
        usage = self._usage or {}
        thought = count_of(usage, "thoughtsTokenCount")
        return UsageAmount(
            "model",
            self._endpoint.vendor.name,
            self._model,
            count_of(usage, "promptTokenCount") + count_of(usage, "toolUsePromptTokenCount"),
            count_of(usage, "candidatesTokenCount") + thought,
            count_of(usage, "cachedContentTokenCount"),
            thought,
        )


_FAILED = (
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
)
_REASONS = {"STOP": "stop", "MAX_TOKENS": "length"}
"""All others say that the vendor stopped the answer: SAFETY, RECITATION, LANGUAGE, BLOCKLIST, PROHIBITED_CONTENT, SPII, OTHER."""


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _function(tool: Tool) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": tool.name, "description": tool.description}
    schema = json.loads(tool.parameters or "{}")
    # Parameters without any are refused.
    return {**wire, "parametersJsonSchema": schema} if schema.get("properties") else wire


def _result(content: str) -> Mapping[str, Any]:
    """The vendor takes objects only."""
    try:
        return read_object(content)
    except UnfitArgumentsError:
        return {"result": content}
