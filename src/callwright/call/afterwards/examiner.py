"""Questions about a call that is over, asked of models: extraction, summary and dispositions.

Every outcome is a fact in the notes of whoever asks: what was found, what was spent, and what could not be had and why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from callwright.call.afterwards.post_log import RESULT, USAGE, PostLog
from callwright.call.live.access import Fitting, as_it_is
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.equipment import check_model, model_settings, need_model
from callwright.call.live.lacks import why_unusable
from callwright.call.live.metering import metered
from callwright.domain.errors import CallwrightError
from callwright.domain.limits import MAX_POST_ANSWER_CHARACTERS, POST_QUESTION_SECONDS
from callwright.domain.provider_table import DEFAULT_MODEL_PROVIDER, FIXED_TEMPERATURE_PREFIX, bare_model
from callwright.insight.dispositions import (
    CallFacts,
    Group,
    Question,
    doubted,
    groups,
    other_way_round,
    read_answers,
    request,
    summarised,
    unanswered,
)
from callwright.insight.extraction import EVERY_KEY, accept, extraction_request, summary_request, wanted_by
from callwright.insight.provision import STAND_IN
from callwright.platform.agents.rules.availability import MODEL, StandIn
from callwright.platform.agents.rules.spec import PostCallTask, ProviderChoice
from callwright.platform.dispositions.rules import CALL_SUMMARY, DEFAULT_CATEGORY
from callwright.ports.failures import RETRYABLE, FailureKind, ProviderError
from callwright.ports.model import Model, ModelRequest, ModelSettings, costs_nothing
from callwright.ports.registry import PluginGetter, UnknownPluginError
from callwright.ports.speech import UsageAmount
from callwright.ports.world import Clock

ANSWER_TOKENS = 400
"""Least room for an answer about a call; the agent's own setting is meant for spoken replies."""
QUESTION_TOKENS = 250
"""Room for the answer to each further question of one request."""
VALUE_TOKENS = 60
"""Room for each value to extract, and for the quote that proves it."""
MOST_ANSWER_TOKENS = 4_000
"""Most room for an extraction: what current models write at once."""
RETRY_DELAYS_S = (1.0, 4.0)
AT_ONCE = 8
"""Dispositions in one request to a model that is paid for. One that costs nothing is asked them singly, up to as many requests as
FREE_REQUESTS: small models answer one question better than several, and they read the transcript only once."""
FREE_REQUESTS = 12
SECOND_TRY_MILLI = 300
"""Temperature of the second try at a question whose first answer could not be read."""

SILENT = "nobody said anything in this call"


class Notes(Protocol):
    """Where the outcome goes."""

    def fact(self, name: str, values: dict[str, Any]) -> None:
        """Something was found or spent."""

    def failed(self, what: str, reason: str) -> None:
        """Something could not be done."""

    async def keep(self) -> None:
        """Have what was noted so far where it is safe: what was spent is spent."""


@dataclass(slots=True)
class _Failure:
    """How a question failed."""

    kind: FailureKind = FailureKind.BROKEN_STREAM
    message: str = ""

    def tell(self, kind: FailureKind, message: str) -> None:
        """It failed."""
        self.kind, self.message = kind, message


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer and who gave it."""

    text: str
    choice: ProviderChoice
    model: Model


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The model of a disposition. ``stand_in``: whose place it takes in a sandbox, and why."""

    choice: ProviderChoice
    model: Model
    stand_in: StandIn | None = None


class Examiner:
    """Asks the models of ``plugin``. ``fitted`` gives a model what the organisation has with its provider. ``stands_in``: whether the
    agent's own model is asked for a disposition's that lacks something, as in a sandbox."""

    def __init__(
        self, plugin: PluginGetter, clock: Clock, fitted: Fitting = as_it_is, *, stands_in: bool = False
    ) -> None:
        self._plugin = plugin
        self._stands_in = stands_in
        self._fitted = fitted
        self._clock = clock

    async def task(self, task: PostCallTask, heard: str, notes: Notes) -> None:
        """An extraction or a summary of the transcript ``heard``."""
        extraction = task.kind == "extraction"
        purpose = "extraction" if extraction else "summary"
        wanted = wanted_by(task) if extraction else []
        if not heard or (extraction and not wanted):
            # Nobody said anything, or nothing is asked for: there is nothing a model could add.
            if extraction:
                empty = dict.fromkeys(one.key for one in wanted)
                notes.fact("extraction", {"task": task.kind, "data": empty, "rejected": [], "raw": ""})
            return
        asked = extraction_request if extraction else summary_request
        values = sum(2 if one.choice else 1 for one in wanted)

        def little(choice: ProviderChoice, _: Model) -> ModelRequest:
            return asked(task, heard, settings_of(choice))

        def roomy(choice: ProviderChoice, model: Model) -> ModelRequest:
            least = little(choice, model)
            room = min(least.settings.max_tokens + values * VALUE_TOKENS, MOST_ANSWER_TOKENS)
            room = max(least.settings.max_tokens, room)
            return replace(least, settings=replace(least.settings, max_tokens=room))

        choices = (task.model, *task.model.fallbacks)
        found = await self._first_answer(choices, roomy, notes)
        if values and isinstance(found, _Failure) and found.kind is FailureKind.BAD_REQUEST:
            # Where question and answer share a small context there may not be so much room.
            found = await self._first_answer(choices, little, notes)
        if isinstance(found, _Failure):
            notes.failed(purpose, found.message)
            return
        answer = found.text
        if not extraction:
            if answer.strip():
                notes.fact("summary", {"text": answer.strip()})
            else:
                notes.failed(purpose, "the model gave no answer")
            return
        data, rejected = accept(answer, wanted, heard)
        if any(one.key == EVERY_KEY for one in rejected):
            # The model was asked and gave nothing that can be read: asking again may help.
            notes.failed(purpose, rejected[0].reason)
        refused = [{"key": one.key, "value": one.value, "reason": one.reason} for one in rejected]
        notes.fact("extraction", {"task": task.kind, "data": data, "rejected": refused, "raw": answer})

    def grouped(self, questions: Sequence[Question], own: ProviderChoice) -> list[Group]:
        """The questions as they go to the models. ``own``: the agent's model, asked where a disposition's is not here."""
        found: list[Group] = []
        for alike in groups(questions, len(questions) or 1):
            size = AT_ONCE
            try:
                free = costs_nothing(self._model_for(alike.model, own).model)
            except CallwrightError:
                free = False
            if free:
                size = -(-len(questions) // FREE_REQUESTS)
            found.extend(groups(alike.questions, size))
        return found

    async def dispositions(
        self, group: Group, call: CallFacts, own: ProviderChoice, notes: Notes, summary: str = ""
    ) -> None:
        """A group of questions. Each leaves a fact RESULT, also when it could not be answered. ``summary``: what a task of the agent wrote
        already; then the General / Call Summary entry takes it and nothing is asked."""
        asked: list[Question] = []
        for one in group.questions:
            if not call.transcript:
                _note(notes, one, unanswered(one.asked, SILENT))
            elif summary and (one.asked.category, one.name) == (DEFAULT_CATEGORY, CALL_SUMMARY):
                _note(notes, one, summarised(summary))
            else:
                asked.append(one)
        if not asked:
            return
        try:
            chosen = self._model_for(group.model, own)
            choice = chosen.choice
            if chosen.stand_in is not None:
                notes.fact(STAND_IN, chosen.stand_in.as_wire())
        except CallwrightError as error:
            if not own.fallbacks:
                self._fail(asked, error.message, notes)
                return
            choice = own
        choices = (choice, *own.fallbacks)
        for one in await self._round(Group(tuple(asked)), call, choices, notes, 0):
            await self._round(Group((one,)), call, choices, notes, SECOND_TRY_MILLI)

    async def _round(
        self, group: Group, call: CallFacts, choices: Sequence[ProviderChoice], notes: Notes, temperature_milli: int
    ) -> list[Question]:
        """Ask once. Returns the questions to ask again, alone; none on the second round."""
        room = QUESTION_TOKENS * (len(group.questions) - 1)

        def make(choice: ProviderChoice, model: Model) -> ModelRequest:
            settings = settings_of(choice, temperature_milli)
            settings = replace(settings, max_tokens=settings.max_tokens + room)
            return request(group, call, settings, small=costs_nothing(model))

        found = await self._first_answer(choices, make, notes)
        if isinstance(found, _Failure):
            self._fail(group.questions, found.message, notes)
            return []
        answer, small = found.text, costs_nothing(found.model)
        notes.fact("disposition_answer", {"questions": [_key(one) for one in group.questions], "raw": answer})
        again: list[Question] = []
        for one, result in zip(group.questions, read_answers(answer, group, call), strict=True):
            if result is not None:
                if small and len(group.questions) == 1 and one.asked.is_objective:
                    result = doubted(result, await self._second(one, call, found, notes))
                _note(notes, one, {**result, "model": _named(found.choice)})
            elif temperature_milli:
                why = f"the model's answer could not be read: {answer.strip()[:200] or 'it is empty'}"
                _note(notes, one, unanswered(one.asked, why))
            else:
                again.append(one)
        return again

    async def _second(self, question: Question, call: CallFacts, by: _Answer, notes: Notes) -> dict[str, Any] | None:
        """What a small model chooses when it is asked the other way round; None when that is not known."""
        choice, model = by.choice, by.model
        turned = Group((other_way_round(question),))
        answer = await self.ask(model, choice.provider, request(turned, call, settings_of(choice), small=True), notes)
        return read_answers(answer, turned, call)[0] if isinstance(answer, str) else None

    def _fail(self, questions: Sequence[Question], reason: str, notes: Notes) -> None:
        for one in questions:
            _note(notes, one, unanswered(one.asked, reason))
            notes.failed(f"disposition {_key(one)}", reason)

    def _model_for(self, named: str, own: ProviderChoice) -> _Chosen:
        """The model of a disposition: ``provider/model``, or a provider's name, where that provider is installed; a bare model where the
        contract's provider can be used; else the agent's own. Raises ConfigurationError."""
        provider, _, rest = named.partition("/")
        stand_in: StandIn | None = None
        for choice in (ProviderChoice(provider, rest), ProviderChoice(DEFAULT_MODEL_PROVIDER, named)):
            choice = self._fitted(choice)
            try:
                model = self._plugin("model", choice.provider)
                check_model(model, choice)
                return _Chosen(choice, model)
            except UnknownPluginError:
                continue
            except ProviderError as error:
                if choice.provider == provider and not self._stands_in:
                    return _Chosen(choice, need_model(self._plugin, choice))
                if self._stands_in and named:
                    _, why, remedy = why_unusable(error)
                    reason = f"the model {choice.provider!r} {why}"
                    stand_in = stand_in or StandIn(MODEL, choice.provider, own.provider, reason, remedy)
        return _Chosen(own, need_model(self._plugin, own), stand_in)

    async def _first_answer(
        self, choices: Sequence[ProviderChoice], make: Callable[[ProviderChoice, Model], ModelRequest], notes: Notes
    ) -> _Answer | _Failure:
        """The answer of the first model that gives one; else how the first one failed. ``make``: how each is asked."""
        first: _Failure | None = None
        for choice in choices:
            try:
                model = need_model(self._plugin, choice)
            except CallwrightError as error:
                first = first or _Failure(message=error.message)
                continue
            answer = await self.ask(model, choice.provider, make(choice, model), notes)
            if isinstance(answer, str):
                return _Answer(answer, choice, model)
            first = first or answer
        return first or _Failure()

    async def ask(self, model: Model, provider: str, asked: ModelRequest, notes: Notes) -> str | _Failure:
        """The whole answer without the model's thoughts. What may pass is tried again, unless its time was over: the next question has
        its own right to time. Else how it failed for good."""

        def used(amount: UsageAmount, estimated: bool) -> None:
            notes.fact(USAGE, _usage(amount, asked.purpose, estimated))

        failure = _Failure()
        for delay_s in (*RETRY_DELAYS_S, None):
            failure = _Failure()
            answer: str | None = None
            with plugin_boundary(provider, failure.tell), metered(model, asked, used) as meter:
                async with asyncio.timeout(POST_QUESTION_SECONDS) as limit:
                    answer = await self._ask_once(model, asked, meter)
            await notes.keep()
            if answer is not None:
                return answer.rpartition("</think>")[2]
            if delay_s is None or failure.kind not in RETRYABLE or limit.expired():
                break
            await self._clock.sleep(delay_s)
        return failure

    async def _ask_once(self, model: Model, asked: ModelRequest, meter: metered) -> str:
        text = ""
        async for delta in model.answer(asked):
            if len(text) < MAX_POST_ANSWER_CHARACTERS:
                text += delta.text
            meter.take(delta)
        return text


def settings_of(choice: ProviderChoice, temperature_milli: int = 0) -> ModelSettings:
    """How a model is asked about a call: with room for the answer, and as soberly as it can be."""
    settings = model_settings(choice)
    if bare_model(choice.model).startswith(FIXED_TEMPERATURE_PREFIX):
        temperature_milli = 1000
    return replace(settings, max_tokens=max(ANSWER_TOKENS, settings.max_tokens), temperature_milli=temperature_milli)


def note_unanswered(post: PostLog, questions: Sequence[Question], why: str) -> None:
    """Leave the questions of a call that have no result yet with the reason."""
    there = {(one["category"], one["name"]) for one in post.facts(RESULT)}
    for one in questions:
        if (one.asked.category, one.name) not in there:
            _note(post, one, unanswered(one.asked, why))


def _key(question: Question) -> str:
    return f"{question.asked.category} / {question.name}"


def _named(choice: ProviderChoice) -> str:
    return f"{choice.provider}/{choice.model}" if choice.model else choice.provider


def _note(notes: Notes | PostLog, question: Question, result: dict[str, Any]) -> None:
    notes.fact(RESULT, {"category": question.asked.category, "name": question.name, "result": result})


def _usage(amount: UsageAmount, purpose: str, estimated: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": amount.kind,
        "provider": amount.provider,
        "model": amount.model,
        "purpose": purpose,
        "amount": amount.amount,
        "amount_output": amount.amount_output,
        "amount_cached": amount.amount_cached,
        "amount_reasoning": amount.amount_reasoning,
        "amount_cache_written": amount.amount_cache_written,
    }
    return {**values, "estimated": True} if estimated else values
