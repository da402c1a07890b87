"""Thinking: questions to the language model, streamed back as events. One task a question; cancelling it closes the provider's stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.failover import at_work
from callwright.call.live.metering import metered, usage_reported
from callwright.call.live.runner import CallRunner
from callwright.conversation.effects import AskClassifier, AskModel, CancelModel
from callwright.conversation.events import (
    ClassifierVerdict,
    ProviderFailed,
    ReplyEnded,
    ReplyText,
    ReplyTool,
)
from callwright.domain.limits import CLASSIFIER_SECONDS, MODEL_ANSWER_SECONDS
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, Model, ModelDelta, ModelRequest, ModelSettings
from callwright.ports.speech import UsageAmount

_YES_NO_SCHEMA = (
    '{"additionalProperties":false,"properties":{"answer":{"enum":["yes","no"],"type":"string"}},'
    '"required":["answer"],"type":"object"}'
)
_MARKS = r"""\s"'`“”„‘’«»*_#>~(\[{-"""
_LEAD = re.compile(rf"(?:[{_MARKS}]|(?:the\s+)?(?:final\s+)?answer(?:[{_MARKS}]*:|\s+is\b\s*:?))*")
"""What may stand before the word itself."""
_YES = re.compile(r"(?:yes|true)(?![^\W_])")
_YES_NO_HINT = 'Answer with JSON only: {"answer": "yes"} or {"answer": "no"}.'


@dataclass(frozen=True, slots=True)
class Thinker:
    """The model of a call: the plugin, the provider's name as the agent has it, its settings and the call's variables."""

    model: Model
    provider: str
    settings: ModelSettings
    variables: Mapping[str, str]

    @property
    def at_work(self) -> str:
        """The provider that was asked last."""
        return at_work(self.model, self.provider)


class Think:
    """Asks the model and reports its answers to the runner."""

    def __init__(self, runner: CallRunner, thinker: Thinker) -> None:
        self._runner = runner
        self._thinker = thinker
        self._answers: dict[int, asyncio.Task[None]] = {}
        self._questions: set[asyncio.Task[None]] = set()

    def ask(self, effect: AskModel) -> None:
        """Start an answer."""
        answer = _Answer(self._runner, self._thinker, effect)
        task = asyncio.get_running_loop().create_task(answer.run())
        self._answers[effect.request] = task
        task.add_done_callback(lambda _: self._answers.pop(effect.request, None))

    def cancel(self, effect: CancelModel) -> None:
        """Stop an answer; nothing happens when it is complete."""
        task = self._answers.get(effect.request)
        if task is not None:
            task.cancel()

    def classify(self, effect: AskClassifier) -> None:
        """Start a yes/no question."""
        task = asyncio.get_running_loop().create_task(self._classify(effect))
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)

    async def aclose(self) -> None:
        """Stop everything and wait until what was used has been reported."""
        tasks = [*self._answers.values(), *self._questions]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _classify(self, effect: AskClassifier) -> None:
        thinker, runner = self._thinker, self._runner
        question = yes_no_request(thinker, effect)
        failures: list[FailureKind] = []

        def failed(kind: FailureKind, message: str) -> None:
            failures.append(kind)
            self._fail(effect.request, kind, message)

        def used(amount: UsageAmount, estimated: bool) -> None:
            _report(runner, amount, estimated, (effect.purpose, 0, effect.request))

        text = ""
        with (
            plugin_boundary(thinker.provider, failed),
            metered(thinker.model, question, used) as meter,
        ):
            async with asyncio.timeout(CLASSIFIER_SECONDS):
                async for delta in thinker.model.answer(question):
                    text += delta.text
                    meter.take(delta)
        if not failures:
            runner.post(ClassifierVerdict(runner.now_us(), effect.request, effect.purpose, says_yes(text)))

    def _fail(self, request: int, kind: FailureKind, message: str) -> None:
        self._runner.post(
            ProviderFailed(self._runner.now_us(), "model", self._thinker.at_work, kind.value, message, 0, request)
        )


class _Answer:
    """One answer in progress."""

    def __init__(self, runner: CallRunner, thinker: Thinker, effect: AskModel) -> None:
        self._runner = runner
        self._thinker = thinker
        self._effect = effect
        self._text = ""
        self._flush_due = False
        self._ended = False

    async def run(self) -> None:
        """Stream the answer to its end, to a failure, or until cancelled."""
        effect, thinker = self._effect, self._thinker
        request = ModelRequest(
            effect.messages, thinker.settings, effect.purpose, effect.tools, context=thinker.variables
        )
        with (
            plugin_boundary(thinker.provider, self._fail),
            metered(thinker.model, request, self._used) as meter,
        ):
            try:
                async with asyncio.timeout(MODEL_ANSWER_SECONDS):
                    async for delta in thinker.model.answer(request):
                        self._take(delta)
                        meter.take(delta)
                        self._end(delta.ended)
            except asyncio.CancelledError:
                self._ended = True
                raise
            if not self._ended:
                raise ProviderError(FailureKind.BROKEN_STREAM, thinker.provider, "the answer broke off")

    def _take(self, delta: ModelDelta) -> None:
        runner, effect = self._runner, self._effect
        if self._ended:
            return
        if delta.text:
            # Deltas that arrive within one pass of the event loop become one event.
            self._text += delta.text
            if not self._flush_due:
                self._flush_due = True
                asyncio.get_running_loop().call_soon(self._flush)
        if delta.tool_call is not None:
            self._flush()
            call = delta.tool_call
            runner.post(
                ReplyTool(runner.now_us(), effect.generation, effect.request, call.call_id, call.name, call.arguments)
            )

    def _end(self, reason: str) -> None:
        if reason and not self._ended:
            self._flush()
            self._ended = True
            effect, runner = self._effect, self._runner
            runner.post(ReplyEnded(runner.now_us(), effect.generation, effect.request, reason))

    def _used(self, amount: UsageAmount, estimated: bool) -> None:
        self._flush()
        effect = self._effect
        _report(self._runner, amount, estimated, (effect.purpose, effect.generation, effect.request))

    def _flush(self) -> None:
        self._flush_due = False
        text, self._text = self._text, ""
        if text and not self._ended:
            effect = self._effect
            self._runner.post(ReplyText(self._runner.now_us(), effect.generation, effect.request, text))

    def _fail(self, kind: FailureKind, message: str) -> None:
        self._flush()
        self._ended = True
        effect, runner = self._effect, self._runner
        runner.post(
            ProviderFailed(
                runner.now_us(),
                "model",
                self._thinker.at_work,
                kind.value,
                message,
                effect.generation,
                effect.request,
            )
        )


def yes_no_request(thinker: Thinker, effect: AskClassifier) -> ModelRequest:
    """How the model is asked a yes/no question; ``says_yes`` reads its answer."""
    messages = (*effect.messages[:-1], *_with_hint(effect.messages[-1:]))
    settings = replace(thinker.settings, max_tokens=20, temperature_milli=0)
    return ModelRequest(messages, settings, purpose=effect.purpose, schema=_YES_NO_SCHEMA, context=thinker.variables)


def says_yes(text: str) -> bool:
    """Whether the answer to a yes/no question, JSON or prose, is yes: the first word behind the model's thoughts, marks of quotes and
    emphasis, and "the answer is". Anything else is no."""
    plain = text.lower().rpartition("</think>")[2]
    if '"answer"' in plain:
        plain = plain.partition('"answer"')[2].lstrip(" :\"'")
    lead = _LEAD.match(plain)
    return _YES.match(plain, lead.end() if lead else 0) is not None


def _with_hint(last: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(replace(message, content=f"{message.content}\n\n{_YES_NO_HINT}") for message in last)


def _report(runner: CallRunner, amount: UsageAmount, estimated: bool, of: tuple[str, int, int]) -> None:
    """What a question used. ``of``: its purpose, generation and request."""
    purpose, generation, request = of
    if estimated:
        runner.fact("core", "usage_estimated", {"kind": "model", "request": request})
    runner.post(usage_reported(runner.now_us(), amount, purpose, generation, request))
