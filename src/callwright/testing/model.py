"""The contract of a language model (``ports.model.Model``)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

from callwright.ports.failures import FailureKind
from callwright.ports.model import CheckingModel, Message, Model, ModelDelta, ModelRequest, ModelSettings
from callwright.testing.contract import (
    PluginContract,
    close_soon,
    failure_of,
    left_out,
    must,
    must_be_billed_as_foreseen,
    must_not_block,
    with_plugin,
)

ENDS = ("stop", "length", "tool", "refused")
PROMPT = "You are Ava, the receptionist of a dental clinic, on the phone. Reply in one short sentence. A cleaning costs ninety dollars."


class ModelContract(PluginContract):
    """What a model owes: streamed text with one end, tool calls as JSON, work that can be cancelled, failures of the five kinds."""

    kind = "model"
    model_settings = ModelSettings(max_tokens=60)
    """How it is asked to answer."""
    question = "How much is a cleaning?"
    """What the caller asks. The answer has words."""
    tool_request: ModelRequest | None = None
    """A request that the model answers with a call of an offered tool. None: that is not tested."""
    wrong_settings: ModelSettings | None = None
    """Settings the model must refuse. None: that is not tested."""

    def _request(self) -> ModelRequest:
        return ModelRequest((Message("system", PROMPT), Message("user", self.question)), self.model_settings)

    async def _answer(self, model: Model, request: ModelRequest | None = None) -> list[ModelDelta]:
        return [delta async for delta in model.answer(request or self._request())]

    @with_plugin
    async def test_an_answer_is_text_with_one_end(self, model: Model) -> None:
        """The deltas hold text, and exactly one has a reason of the end: the last one."""
        must(model.name == self.plugin.name, f"the model's name is {model.name!r}, its plugin's {self.plugin.name!r}")
        deltas = await self._answer(model)
        must(deltas, "the model gave no delta at all")
        must("".join(delta.text for delta in deltas).strip(), f"the answer to {self.question!r} has no text")
        must(
            [bool(delta.ended) for delta in deltas] == [False] * (len(deltas) - 1) + [True],
            "exactly one delta has `ended`, and it comes at the end",
        )
        must(deltas[-1].ended in ENDS, f"the answer ended with {deltas[-1].ended!r}; the reasons are {', '.join(ENDS)}")

    @with_plugin
    async def test_what_was_used_is_told_in_tokens_or_not_at_all(self, model: Model) -> None:
        """Usage is of the kind model, and no number is negative."""
        for used in filter(None, [delta.usage for delta in await self._answer(model)]):
            must(used.kind == "model", f"the usage is of the kind {used.kind!r}, not 'model'")
            must(
                min(used.amount, used.amount_output, used.amount_cached) >= 0, f"the usage has negative tokens: {used}"
            )
            must(
                used.amount_cached <= used.amount,
                f"{used.amount_cached} tokens came from a cache, of {used.amount} that were read",
            )
            must_be_billed_as_foreseen(used, model, self.model_settings)

    @with_plugin
    async def test_closing_the_iterator_cancels_the_answer(self, model: Model) -> None:
        """After the first delta the iterator can be closed at once, and the next answer is whole."""
        answer = model.answer(self._request())
        await anext(answer)
        await close_soon(answer, "answer()")
        must((await self._answer(model))[-1].ended, "after an answer that was cancelled the next one is not whole")

    @with_plugin
    async def test_calls_do_not_disturb_each_other(self, model: Model) -> None:
        """Two answers at the same time are both whole."""
        for deltas in await asyncio.gather(self._answer(model), self._answer(model)):
            must("".join(delta.text for delta in deltas).strip(), "of two answers at the same time one has no text")
            must(deltas[-1].ended, "of two answers at the same time one has no end")

    @with_plugin
    async def test_answering_does_not_block_the_event_loop(self, model: Model) -> None:
        """While an answer is made, other calls go on."""
        await self._answer(model)
        await must_not_block(lambda: self._answer(model), "answer()")

    @with_plugin
    async def test_warming_raises_nothing(self, model: Model) -> None:
        """``warm`` returns, also twice."""
        request = replace(self._request(), purpose="warm")
        await model.warm(request)
        await model.warm(request)

    @with_plugin
    async def test_a_check_before_the_call_passes(self, model: Model) -> None:
        """``check``, where the model has it, accepts the settings the answers were made with."""
        if not isinstance(model, CheckingModel):
            raise left_out("a method `check` of the model")
        model.check(self.model_settings)

    @with_plugin
    async def test_a_tool_is_called_with_a_json_object(self, model: Model) -> None:
        """A call names an offered tool, and its arguments are the text of a JSON object."""
        if self.tool_request is None:
            raise left_out("tool_request")
        deltas = await self._answer(model, self.tool_request)
        calls = [delta.tool_call for delta in deltas if delta.tool_call is not None]
        must(calls, "the model called no tool")
        offered = {tool.name for tool in self.tool_request.tools}
        for call in calls:
            must(call.name in offered, f"the model called {call.name!r}, which was not offered: {sorted(offered)}")
            try:
                arguments = json.loads(call.arguments)
            except ValueError as error:
                raise AssertionError(f"the arguments of {call.name} are no JSON: {call.arguments!r}") from error
            must(isinstance(arguments, Mapping), f"the arguments of {call.name} are no JSON object: {call.arguments!r}")
        must(deltas[-1].ended == "tool", f"an answer with a tool call ended with {deltas[-1].ended!r}, not 'tool'")

    @with_plugin
    async def test_wrong_settings_are_a_bad_request(self, model: Model) -> None:
        """Settings that cannot be used raise ProviderError with BAD_REQUEST."""
        if self.wrong_settings is None:
            raise left_out("wrong_settings")
        request = replace(self._request(), settings=self.wrong_settings)
        error = await failure_of(self._answer(model, request), "answering with wrong settings")
        must(error.kind is FailureKind.BAD_REQUEST, f"wrong settings are {error.kind.value!r}, not a bad request")
