"""The local language model behind the model port."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.speech import UsageAmount
from callwright.providers.local import tooltags
from callwright.providers.local.inference import LocalInference
from callwright.providers.local.pool import InferenceProcess, Priority

_PRIORITIES = {
    "reply": Priority.LIVE,
    "hangup": Priority.LIVE,
    "voicemail": Priority.LIVE,
    "warm": Priority.SOON,
    "extraction": Priority.POST_CALL,
    "summary": Priority.POST_CALL,
}
_ARGUMENT_TOKENS = 120
_MAX_TOKENS = 1_024


class LocalModel:
    """``ports.model.Model`` on the one language model this process serves, whatever model name the agent carries.

    Replies are held to one line without markup by a grammar; tools are tags at the end of a reply (see ``tooltags``).
    """

    name = "local"
    costs_nothing = True

    def __init__(self, inference: LocalInference) -> None:
        self._inference = inference

    def check(self, settings: ModelSettings) -> None:
        """Raises MissingError without its packages or model."""
        self._inference.check_language()

    def billed_model(self, settings: ModelSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._inference.model

    async def answer(self, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
        """Stream the answer. Closing cancels. Raises ProviderError."""
        self._check(request)
        process = self._inference.language
        reader, counts = tooltags.TagReader(), _Counts()
        body = _body(request)
        stream = process.stream("chat", body, _PRIORITIES.get(request.purpose, Priority.LIVE))
        reason = "stop"
        try:
            async for report in stream:
                if report.kind == "done":
                    reason = str(report.body.get("reason", "stop"))
                    counts.add(report.body)
                    continue
                text = str(report.body["text"])
                spoken = text if request.schema else reader.feed(text)
                if spoken:
                    yield ModelDelta(text=spoken)
        finally:
            await stream.aclose()
        tool = next((tool for tool in request.tools if tool.name == reader.tool_name), None)
        if tool is not None:
            reason = "tool"
            arguments = await _arguments(process, body, tool, counts)
            yield ModelDelta(tool_call=ToolCall("", tool.name, arguments))
        yield ModelDelta(ended=reason, usage=counts.usage(self._inference.model))

    async def warm(self, request: ModelRequest) -> None:
        """Read the beginning of the prompt into the cache, and keep what is the same in every call in a file."""
        try:
            self._check(request)
            warm = {"request": {**_body(request), "max_tokens": 1}, "stable": request.stable_characters}
            await self._inference.language.ask("warm", warm, Priority.SOON)
        except ProviderError:
            return  # the first reply will meet the same failure and report it

    def _check(self, request: ModelRequest) -> None:
        if not request.messages:
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, "a request without messages")


class _Counts:
    """Tokens of one answer, over the requests it took."""

    def __init__(self) -> None:
        self.prompt = self.cached = self.completion = 0

    def add(self, body: dict[str, Any]) -> None:
        """One finished request."""
        self.prompt += int(body.get("prompt", 0))
        self.cached += int(body.get("cached", 0))
        self.completion += int(body.get("completion", 0))

    def usage(self, model: str) -> UsageAmount:
        """As the platform counts it."""
        return UsageAmount(
            "model", "local", model, self.prompt, amount_output=self.completion, amount_cached=self.cached
        )


def _body(request: ModelRequest) -> dict[str, Any]:
    """The chat request of a question."""
    settings = request.settings
    body: dict[str, Any] = {
        "messages": tooltags.plain(request.messages, request.tools),
        "max_tokens": min(max(settings.max_tokens, 1), _MAX_TOKENS),
        "temperature": max(settings.temperature_milli, 0) / 1000,
    }
    if request.schema:
        schema = {"name": "answer", "schema": json.loads(request.schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif request.purpose in ("reply", "warm", "welcome"):
        body["grammar"] = tooltags.grammar(request.tools)
    return body


async def _arguments(process: InferenceProcess, body: dict[str, Any], tool: Tool, counts: _Counts) -> str:
    """The arguments of a tool the model asked for, as JSON text; asked for under the tool's schema."""
    if not tooltags.needs_arguments(tool):
        return "{}"
    question = f"Write the arguments of {tool.name} as JSON, from what the caller said."
    schema = {"name": "arguments", "schema": tooltags.argument_schema(tool), "strict": True}
    asked = {
        "messages": [
            *body["messages"],
            {"role": "assistant", "content": f"<{tool.name}>"},
            {"role": "user", "content": question},
        ],
        "max_tokens": _ARGUMENT_TOKENS,
        "temperature": 0,
        "response_format": {"type": "json_schema", "json_schema": schema},
    }
    text = ""
    stream = process.stream("chat", asked, Priority.LIVE)
    try:
        async for report in stream:
            if report.kind == "done":
                counts.add(report.body)
            else:
                text += str(report.body["text"])
    finally:
        await stream.aclose()
    try:
        return json.dumps(json.loads(text))
    except ValueError as error:
        raise ProviderError(FailureKind.BROKEN_STREAM, "local", f"the arguments of {tool.name} are not JSON") from error
