"""Thinking: questions to the language model, streamed back as events. One task a question; cancelling it closes the provider's stream."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from callwright.call.boundary import plugin_boundary
from callwright.call.runner import CallRunner
from callwright.conversation.effects import AskClassifier, AskModel, CancelModel
from callwright.conversation.events import (
    ClassifierVerdict,
    ProviderFailed,
    ReplyEnded,
    ReplyText,
    ReplyTool,
    UsageReported,
)
from callwright.domain.limits import CLASSIFIER_SECONDS, MODEL_ANSWER_SECONDS
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, Model, ModelDelta, ModelRequest, ModelSettings
from callwright.ports.speech import UsageAmount

_CHARACTERS_PER_TOKEN = 4
_YES_NO_SCHEMA = (
    '{"additionalProperties":false,"properties":{"answer":{"enum":["yes","no"],"type":"string"}},'
    '"required":["answer"],"type":"object"}'
)
_YES_NO_HINT = 'Answer with JSON only: {"answer": "yes"} or {"answer": "no"}.'


@dataclass(frozen=True, slots=True)
class Thinker:
    """The model of a call: the plugin, the provider's name as the agent has it, its settings and the call's variables."""

    model: Model
    provider: str
    settings: ModelSettings
    variables: Mapping[str, str]


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
        thinker = self._thinker
        request = yes_no_request(thinker, effect)
        failures: list[FailureKind] = []

        def failed(kind: FailureKind, message: str) -> None:
            failures.append(kind)
            self._fail(effect.request, kind, message)

        text = ""
        with plugin_boundary(thinker.provider, failed):
            async with asyncio.timeout(CLASSIFIER_SECONDS):
                async for delta in thinker.model.answer(request):
                    text += delta.text
                    if delta.usage is not None:
                        self._runner.post(_usage(self._runner, delta.usage, effect.purpose, 0, effect.request))
        if not failures:
            verdict = says_yes(text)
            self._runner.post(ClassifierVerdict(self._runner.now_us(), effect.request, effect.purpose, verdict))

    def _fail(self, request: int, kind: FailureKind, message: str) -> None:
        self._runner.post(
            ProviderFailed(self._runner.now_us(), "model", self._thinker.provider, kind.value, message, 0, request)
        )


class _Answer:
    """One answer in progress."""

    def __init__(self, runner: CallRunner, thinker: Thinker, effect: AskModel) -> None:
        self._runner = runner
        self._thinker = thinker
        self._effect = effect
        self._text = ""
        self._characters = 0
        self._flush_due = False
        self._begun = False
        self._ended = False
        self._reported = False

    async def run(self) -> None:
        """Stream the answer to its end, to a failure, or until cancelled."""
        effect, thinker = self._effect, self._thinker
        request = ModelRequest(
            effect.messages, thinker.settings, effect.purpose, effect.tools, context=thinker.variables
        )
        try:
            with plugin_boundary(thinker.provider, self._fail):
                async with asyncio.timeout(MODEL_ANSWER_SECONDS):
                    self._begun = True
                    async for delta in thinker.model.answer(request):
                        self._take(delta)
                if not self._ended:
                    raise ProviderError(FailureKind.BROKEN_STREAM, thinker.provider, "the answer broke off")
        except asyncio.CancelledError:
            self._ended = True
            self._estimate(asked=self._begun)
            raise

    def _take(self, delta: ModelDelta) -> None:
        runner, effect = self._runner, self._effect
        if self._ended:
            return
        if delta.text:
            # Deltas that arrive within one pass of the event loop become one event.
            self._text += delta.text
            self._characters += len(delta.text)
            if not self._flush_due:
                self._flush_due = True
                asyncio.get_running_loop().call_soon(self._flush)
        if delta.tool_call is not None:
            self._flush()
            call = delta.tool_call
            runner.post(
                ReplyTool(runner.now_us(), effect.generation, effect.request, call.call_id, call.name, call.arguments)
            )
        if delta.usage is not None:
            self._flush()
            self._reported = True
            runner.post(_usage(runner, delta.usage, effect.purpose, effect.generation, effect.request))
        if delta.ended:
            self._flush()
            self._ended = True
            runner.post(ReplyEnded(runner.now_us(), effect.generation, effect.request, delta.ended))

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
        self._estimate()
        runner.post(
            ProviderFailed(
                runner.now_us(),
                "model",
                self._thinker.provider,
                kind.value,
                message,
                effect.generation,
                effect.request,
            )
        )

    def _estimate(self, asked: bool = False) -> None:
        """What a broken-off answer used, by the usual four characters a token: vendors bill what they began, and once they were
        ``asked`` that is the question."""
        if self._reported or not (self._characters or asked):
            return
        self._reported = True
        effect, runner, thinker = self._effect, self._runner, self._thinker
        characters = sum(len(message.content) for message in effect.messages)
        amount = UsageAmount(
            "model",
            thinker.provider,
            thinker.settings.model or thinker.model.name,
            characters // _CHARACTERS_PER_TOKEN,
            amount_output=-(-self._characters // _CHARACTERS_PER_TOKEN),
        )
        runner.fact("core", "usage_estimated", {"kind": "model", "request": effect.request})
        runner.post(_usage(runner, amount, effect.purpose, effect.generation, effect.request))


def yes_no_request(thinker: Thinker, effect: AskClassifier) -> ModelRequest:
    """How the model is asked a yes/no question; ``says_yes`` reads its answer."""
    messages = (*effect.messages[:-1], *_with_hint(effect.messages[-1:]))
    settings = replace(thinker.settings, max_tokens=20, temperature_milli=0)
    return ModelRequest(messages, settings, purpose=effect.purpose, schema=_YES_NO_SCHEMA, context=thinker.variables)


def says_yes(text: str) -> bool:
    """Whether the answer to a yes/no question, JSON or prose, is yes. Anything else is no."""
    plain = text.strip().lower()
    if '"answer"' in plain:
        plain = plain.partition('"answer"')[2].lstrip(" :\"'")
    return plain.startswith(("yes", "true"))


def _with_hint(last: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(replace(message, content=f"{message.content}\n\n{_YES_NO_HINT}") for message in last)


def _usage(runner: CallRunner, amount: UsageAmount, purpose: str, generation: int, request: int) -> UsageReported:
    return UsageReported(
        runner.now_us(),
        amount.kind,
        amount.provider,
        amount.model,
        purpose,
        generation,
        request,
        amount.amount,
        amount.amount_output,
        amount.amount_cached,
    )
