"""What a recorded model answers in a what-if run: the answers and verdicts from the turn on, each in its place."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.unit.lab.recorded_calls import Timed, bare

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.domain.errors import BadInputError
from callwright.insight.view import CallView
from callwright.lab.whatif_answers import RecordedAnswers
from callwright.lab.whatif_recording import NotRecordedError
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message

PLAN = CallPlan(welcome_message="")
TURN_2_MS = 11_000
"""When the caller of ``bare`` begins to speak the second time."""


def view(*items: Timed) -> CallView:
    """A call of two turns with further entries."""
    return bare(PLAN, ["A table please.", "Tonight."], *items)


def question(request: int, purpose: str) -> fx.AskClassifier:
    return fx.AskClassifier(request, purpose, (Message("user", "hello"),))


def verdict(request: int, purpose: str, answer: bool) -> ev.ClassifierVerdict:
    return ev.ClassifierVerdict(0, request, purpose, answer)


def judged(answers: RecordedAnswers, *purposes: str) -> list[bool]:
    return [answers.judge(question(99, purpose)) for purpose in purposes]


def test_each_purpose_has_verdicts_of_its_own() -> None:
    call = view(
        (4_000, question(1, "voicemail")),
        (4_500, verdict(1, "voicemail", True)),
        (8_000, question(2, "hangup")),
        (8_500, verdict(2, "hangup", False)),
        (9_000, question(3, "hangup")),
        (9_500, verdict(3, "hangup", True)),
    )
    assert judged(RecordedAnswers(call, 0), "hangup", "hangup", "hangup", "voicemail") == [False, True, False, True]


def test_verdicts_of_questions_from_before_the_turn_are_not_given_again() -> None:
    call = view(
        (8_000, question(1, "hangup")),
        (8_500, verdict(1, "hangup", True)),
        (TURN_2_MS - 1, question(2, "hangup")),
        (TURN_2_MS + 500, verdict(2, "hangup", True)),
        (14_000, question(3, "hangup")),
        (14_500, verdict(3, "hangup", False)),
        (15_000, question(4, "hangup")),
    )
    assert judged(RecordedAnswers(call, 2), "hangup", "hangup") == [False, False]


def asked(request: int, turn: int, *roles: str) -> fx.AskModel:
    return fx.AskModel(request, request, turn, "reply", tuple(Message(role, "x") for role in roles or ("user",)))


def answered(request: int, text: str) -> ev.ReplyText:
    return ev.ReplyText(0, request, request, text)


def said(answers: RecordedAnswers, asks: Sequence[fx.AskModel]) -> list[str]:
    return ["".join(delta.text for delta in answers.reply(ask)) for ask in asks]


def two_answers(second_ms: int) -> CallView:
    """Two answers in the first turn, the second one behind a tool."""
    return view(
        (8_000, asked(1, 1)),
        (8_001, answered(1, "One moment.")),
        (second_ms, asked(2, 1)),
        (second_ms, answered(2, "At nine.")),
    )


def test_what_follows_a_tool_is_the_next_answer_of_the_turn() -> None:
    answers = RecordedAnswers(two_answers(9_000), 0)
    asks = (asked(1, 1), asked(2, 1), asked(3, 1, "tool"), asked(4, 1, "tool"))
    assert said(answers, asks) == ["One moment.", "One moment.", "At nine.", "At nine."]


def test_a_turn_goes_on_with_the_answer_that_follows_the_cut() -> None:
    answers = RecordedAnswers(two_answers(TURN_2_MS + 100), 2)
    assert said(answers, (asked(2, 1, "tool"),)) == ["At nine."]


def test_a_turn_that_had_all_its_answers_before_the_cut_has_the_last_of_them_again() -> None:
    assert said(RecordedAnswers(two_answers(9_000), 2), (asked(2, 1, "tool"), asked(3, 1))) == ["At nine.", "At nine."]


def test_a_turn_without_an_answer_has_none() -> None:
    with pytest.raises(NotRecordedError, match="no answer of the model in turn 2"):
        RecordedAnswers(two_answers(9_000), 2).reply(asked(3, 2))


def test_a_turn_in_which_the_model_failed_fails_as_it_did() -> None:
    failed = ev.ProviderFailed(0, "model", "acme", "limit_reached", "slow down", 7, 7)
    voice = ev.ProviderFailed(0, "voice", "acme", "unavailable", "", 7, 7)
    call = view((TURN_2_MS + 100, asked(7, 2)), (TURN_2_MS + 500, failed), (TURN_2_MS + 600, voice))
    with pytest.raises(ProviderError, match="limit_reached, as recorded") as found:
        RecordedAnswers(call, 2).reply(asked(8, 2))
    assert (found.value.kind, found.value.provider) == (FailureKind.LIMIT, "acme")


def test_a_turn_that_the_call_has_not_is_refused() -> None:
    with pytest.raises(BadInputError, match="no turn 7"):
        RecordedAnswers(view(), 7)
