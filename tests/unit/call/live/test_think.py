"""Thinking: model streams become events, and every end of one is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from tests.unit.call.world import Bench, settle

from callwright.call.live.metering import question_characters
from callwright.call.live.think import Think, Thinker, says_yes, yes_no_request
from callwright.conversation.effects import AskClassifier, AskModel, CancelModel
from callwright.conversation.events import (
    ClassifierVerdict,
    ProviderFailed,
    ReplyEnded,
    ReplyText,
    ReplyTool,
    UsageReported,
)
from callwright.domain.limits import MODEL_ANSWER_SECONDS
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, ToolCall
from callwright.ports.speech import UsageAmount

USAGE = UsageAmount("model", "mind", "m", 10, 2, 3)
MESSAGES = (Message("system", "s" * 40), Message("user", "hello"))


class Mind:
    """A model that gives ``deltas``: exceptions are raised, None waits for ever."""

    name = "mind"

    def __init__(self, *deltas: ModelDelta | Exception | None) -> None:
        self.deltas = deltas
        self.requests: list[ModelRequest] = []

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        for delta in self.deltas:
            if delta is None:
                await asyncio.Event().wait()
            elif isinstance(delta, Exception):
                raise delta
            else:
                yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Nothing."""


THINKER = Thinker(Mind(), "mind", ModelSettings("m", 50, 300), {"name": "Ann"})


def _think(mind: Mind) -> tuple[Bench, Think]:
    bench = Bench()
    return bench, Think(bench.runner, Thinker(mind, "mind", ModelSettings("m", 50, 300), {"name": "Ann"}))


ASK = AskModel(5, 2, 1, "reply", MESSAGES)


async def test_an_answer_becomes_text_tools_usage_and_an_end() -> None:
    call = ToolCall("c1", "lookup", "{}")
    mind = Mind(
        ModelDelta("Good "), ModelDelta("day."), ModelDelta(tool_call=call), ModelDelta(ended="tool", usage=USAGE)
    )
    bench, think = _think(mind)

    think.ask(ASK)
    await settle()

    assert bench.core.types() == ["ReplyText", "ReplyTool", "UsageReported", "ReplyEnded"]
    text = bench.core.of(ReplyText)[0]
    assert (text.generation, text.request, text.text) == (2, 5, "Good day."), "what comes together is one event"
    assert bench.core.of(ReplyTool)[0].name == "lookup"
    usage = bench.core.of(UsageReported)[0]
    assert (usage.purpose, usage.amount, usage.amount_output, usage.amount_cached) == ("reply", 10, 2, 3)
    assert mind.requests[0].context == {"name": "Ann"}


async def test_what_comes_after_the_end_is_ignored() -> None:
    bench, think = _think(Mind(ModelDelta("Hi", ended="stop"), ModelDelta("more")))
    think.ask(ASK)
    await settle()
    assert [e.text for e in bench.core.of(ReplyText)] == ["Hi"]


@pytest.mark.parametrize(
    ("deltas", "failure"),
    [
        ((ModelDelta("Hi"), ProviderError(FailureKind.LIMIT, "mind", "wait")), "limit_reached"),
        ((ModelDelta("Hi"),), "broken_stream"),
        ((ModelDelta("Hi"), ValueError("defect")), "broken_stream"),
    ],
)
async def test_a_failed_answer_is_told_with_its_kind_after_its_words(
    deltas: tuple[ModelDelta | Exception, ...], failure: str
) -> None:
    bench, think = _think(Mind(*deltas))
    think.ask(ASK)
    await settle()
    assert bench.core.types() == ["ReplyText", "UsageReported", "ProviderFailed"]
    failed = bench.core.of(ProviderFailed)[0]
    assert (failed.kind, failed.failure, failed.generation, failed.request) == ("model", failure, 2, 5)


async def test_a_cancelled_answer_says_no_more_but_what_it_used_is_reported() -> None:
    bench, think = _think(Mind(ModelDelta("Good day to you"), None))
    think.ask(ASK)
    await settle()

    think.cancel(CancelModel(5))
    await settle()
    think.cancel(CancelModel(5))
    think.cancel(CancelModel(99))

    assert bench.core.types() == ["ReplyText", "UsageReported"]
    usage = bench.core.of(UsageReported)[0]
    assert (usage.amount, usage.amount_output) == (11, 4), "four characters a token"
    assert ("fact", "usage_estimated") in bench.logged()


async def test_an_answer_cancelled_before_its_first_word_used_its_question() -> None:
    """Vendors bill a question they have begun to read: a speculative one that is withdrawn is not free."""
    bench, think = _think(Mind(None))
    think.ask(ASK)
    await settle()
    think.cancel(CancelModel(5))
    await settle()
    usage = bench.core.of(UsageReported)[0]
    assert (usage.amount, usage.amount_output) == (11, 0)


async def test_an_answer_cancelled_before_it_was_asked_for_used_nothing() -> None:
    bench, think = _think(Mind(None))
    think.ask(ASK)
    think.cancel(CancelModel(5))
    await settle()
    assert bench.core.types() == []


@pytest.mark.parametrize(("answer", "verdict"), [('{"answer": "yes"}', True), ("No.", False)])
async def test_a_question_gets_its_verdict_and_its_usage(answer: str, verdict: bool) -> None:
    mind = Mind(ModelDelta(answer), ModelDelta(ended="stop", usage=USAGE))
    bench, think = _think(mind)
    think.classify(AskClassifier(7, "hangup", MESSAGES))
    await settle()
    assert [(e.request, e.purpose, e.verdict) for e in bench.core.of(ClassifierVerdict)] == [(7, "hangup", verdict)]
    assert bench.core.of(UsageReported)[0].purpose == "hangup"
    assert mind.requests[0].purpose == "hangup"
    assert mind.requests[0].schema


async def test_a_question_that_fails_has_no_verdict() -> None:
    bench, think = _think(Mind(ProviderError(FailureKind.UNAVAILABLE, "mind", "away")))
    think.classify(AskClassifier(7, "hangup", MESSAGES))
    await settle()
    assert bench.core.types() == ["ProviderFailed"]
    assert bench.core.of(ProviderFailed)[0].request == 7


async def test_a_question_that_is_open_when_the_call_ends_is_billed() -> None:
    bench, think = _think(Mind(ModelDelta('{"answer"'), None))
    question = AskClassifier(7, "voicemail", (Message("system", "s" * 400), Message("user", "hello")))
    think.classify(question)
    await settle()
    await think.aclose()
    (usage,) = bench.core.of(UsageReported)
    assert (usage.kind, usage.model, usage.purpose, usage.request) == ("model", "m", "voicemail", 7)
    assert usage.amount == question_characters(yes_no_request(THINKER, question)) // 4
    assert usage.amount_output == 3
    assert ("fact", "usage_estimated") in bench.logged()


@pytest.mark.parametrize("purpose", ["reply", "hangup"])
def test_what_is_not_answered_in_time_was_read_and_is_billed_before_it_is_told(purpose: str) -> None:
    async def ask() -> Bench:
        bench, think = _think(Mind(None))
        if purpose == "reply":
            think.ask(ASK)
        else:
            think.classify(AskClassifier(7, purpose, MESSAGES))
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await VirtualClock(loop).sleep(MODEL_ANSWER_SECONDS + 1)
        return bench

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = runner.run(ask())
    assert bench.core.types() == ["UsageReported", "ProviderFailed"]
    (usage,) = bench.core.of(UsageReported)
    assert usage.purpose == purpose
    assert usage.amount >= 11
    assert usage.amount_output == 0


@pytest.mark.parametrize("told", [None, UsageAmount("model", "mind", "m", 0)])
async def test_a_model_that_does_not_count_its_tokens_is_billed_by_an_estimate(told: UsageAmount | None) -> None:
    bench, think = _think(Mind(ModelDelta("Good day to you"), ModelDelta(ended="stop", usage=told)))
    think.ask(ASK)
    think.classify(AskClassifier(7, "hangup", MESSAGES))
    await settle()
    used = [(e.purpose, e.amount > 0, e.amount_output) for e in bench.core.of(UsageReported) if e.amount]
    assert sorted(used) == [("hangup", True, 4), ("reply", True, 4)]
    assert bench.logged().count(("fact", "usage_estimated")) == 2


async def test_usage_that_comes_behind_the_end_is_reported() -> None:
    bench, think = _think(Mind(ModelDelta("Hi", ended="stop"), ModelDelta(usage=USAGE)))
    think.ask(ASK)
    await settle()
    assert bench.core.types() == ["ReplyText", "ReplyEnded", "UsageReported"]
    assert bench.core.of(UsageReported)[0].amount == 10


async def test_closing_ends_everything_under_way() -> None:
    bench, think = _think(Mind(ModelDelta("Hi"), None))
    think.ask(ASK)
    think.classify(AskClassifier(7, "hangup", MESSAGES))
    await settle()
    await think.aclose()
    assert not bench.core.of(ReplyEnded)
    assert not bench.core.of(ClassifierVerdict)


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ('{"answer": "yes"}', True),
        ('{"answer":"no"}', False),
        ("Yes, it is", True),
        ("true", True),
        ("", False),
        ("maybe yes", False),
        ("**Yes**", True),
        ("__yes__", True),
        ('"yes"', True),
        ("“Yes.”", True),
        ("`yes`", True),
        ("- yes", True),
        ("Answer: yes", True),
        ("**Answer:** Yes", True),
        ("{'answer': 'yes'}", True),
        ("The answer is yes.", True),
        ("The final answer is: **yes**", True),
        ("<think>no</think>yes", True),
        ("<think>\nIt is no.\n</think>\n\n**Yes**", True),
        ('<think>{"answer": "no"}</think>{"answer": "yes"}', True),
        ('the caller said "yes"</think>\nno', False),
        ("<think>yes, they want", False),
        ("<think>yes</think>no", False),
        ("Answer: no", False),
        ("The answer is no, not yes.", False),
        ("Yesterday", False),
        ('{"answer": "yesterday"}', False),
        ("truely", False),
        ("not yes", False),
        ("no, yes", False),
        ("**No**, yes", False),
        ("The answers are yes", False),
    ],
)
def test_only_a_clear_yes_is_yes(text: str, yes: bool) -> None:
    assert says_yes(text) is yes


@pytest.mark.parametrize("bit", ["<think>", '"', "answer ", "the ", "the answer is ", "{'answer' "])
def test_a_long_answer_is_read_in_time(bit: str) -> None:
    began = time.process_time()
    assert says_yes(bit * 20_000) is False
    assert time.process_time() - began < 1.0
