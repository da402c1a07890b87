"""Who answers for the model of a what-if run, and the answers of the recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from callwright.conversation import effects as fx
from callwright.conversation.log import Entry
from callwright.insight.view import CallView
from callwright.lab.whatif_recording import NotRecordedError, cut_before
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ToolCall


class Answers(Protocol):
    """Who answers for the model. Both calls block until the whole answer is there; a ProviderError is an event of the run, and with a
    NotRecordedError the run is over."""

    def reply(self, ask: fx.AskModel) -> Sequence[ModelDelta]:
        """The answer, piece by piece."""
        ...

    def judge(self, ask: fx.AskClassifier) -> bool:
        """Yes or no."""
        ...


class RecordedAnswers:
    """:class:`Answers` from the log: what the model answered in the same turn, in order, replies that were withdrawn left out.

    Each turn goes on with what was asked from ``from_turn`` on. Its last answer is said again when the model is asked more often than it
    was. Raises BadInputError for a turn the call has not.
    """

    def __init__(self, view: CallView, from_turn: int) -> None:
        self._view = view
        self._failures = _failures(view)
        self.go_on_from(from_turn)

    def go_on_from(self, turn: int) -> None:
        """The answers from ``turn`` on, as if none had been asked for yet. Raises BadInputError for a turn the call has not."""
        cut_us = cut_before(self._view, turn)
        self._answers, self._next = _answers(self._view, cut_us)
        self._asked: set[int] = set()
        self._verdicts = _verdicts(self._view, cut_us)

    def reply(self, ask: fx.AskModel) -> Sequence[ModelDelta]:
        """The recorded answer of the turn. Raises ProviderError for a turn in which the model failed, NotRecordedError for one in which
        it was not asked, or given no time to answer."""
        answers = self._answers.get(ask.turn, [])
        if not answers and ask.turn in self._failures:
            raise self._failures[ask.turn]
        if not answers:
            raise NotRecordedError(f"the recording has no answer of the model in turn {ask.turn}")
        # Only what follows a tool is a further answer: other questions are the same one, asked again.
        after_tool = ask.messages[-1].role == "tool" if ask.messages else False
        number = self._next.get(ask.turn, 0) + (1 if after_tool and ask.turn in self._asked else 0)
        self._asked.add(ask.turn)
        self._next[ask.turn] = number
        return answers[min(number, len(answers) - 1)]

    def judge(self, ask: fx.AskClassifier) -> bool:
        """The recorded verdicts of the purpose in order, then no."""
        verdicts = self._verdicts.get(ask.purpose, [])
        return verdicts.pop(0) if verdicts else False


def _failures(view: CallView) -> dict[int, ProviderError]:
    """By turn, how the model failed in it last."""
    turns = {int(e.values["request"]): int(e.values["turn"]) for e in view.of("AskModel")}
    found: dict[int, ProviderError] = {}
    for entry in view.of("ProviderFailed"):
        turn, kind = turns.get(int(entry.values.get("request") or 0)), str(entry.values["failure"])
        if turn is not None and entry.values["kind"] == "model" and kind in _KINDS:
            found[turn] = ProviderError(FailureKind(kind), str(entry.values["provider"]), f"{kind}, as recorded")
    return found


_KINDS = frozenset(kind.value for kind in FailureKind)


def _verdicts(view: CallView, cut_us: int) -> dict[str, list[bool]]:
    """By purpose, what was answered to questions asked from the cut on: those before it have their answers without being asked."""
    given = {int(e.values["request"]): bool(e.values["verdict"]) for e in view.of("ClassifierVerdict")}
    found: dict[str, list[bool]] = {}
    for ask in view.of("AskClassifier"):
        request = int(ask.values["request"])
        if ask.at_us >= cut_us and request in given:
            found.setdefault(str(ask.values["purpose"]), []).append(given[request])
    return found


def _answers(view: CallView, cut_us: int) -> tuple[dict[int, list[list[ModelDelta]]], dict[int, int]]:
    """The answers of each turn, and how many of them were asked for before the cut."""
    withdrawn = {int(e.values["generation"]) for e in view.of("Withdrawn") if e.values["reason"] != "unheard"}
    asked: dict[int, Entry] = {}
    found: dict[int, list[ModelDelta]] = {}
    for entry in view.of("AskModel", "ReplyText", "ReplyTool", "ReplyEnded"):
        request = int(entry.values["request"])
        if entry.type == "AskModel":
            if int(entry.values["generation"]) not in withdrawn:
                asked[request] = entry
                found[request] = []
        elif request in found:
            found[request].append(_delta(entry.type, entry.values))
    turns: dict[int, list[list[ModelDelta]]] = {}
    before: dict[int, int] = {}
    for request, entry in asked.items():
        deltas, turn = found[request], int(entry.values["turn"])
        if any(delta.text or delta.tool_call for delta in deltas):
            whole = deltas if deltas[-1].ended else [*deltas, ModelDelta(ended="stop")]
            turns.setdefault(turn, []).append(whole)
            before[turn] = before.get(turn, 0) + (entry.at_us < cut_us)
    return turns, before


def _delta(name: str, values: object) -> ModelDelta:
    assert isinstance(values, dict)
    if name == "ReplyText":
        return ModelDelta(text=str(values["text"]))
    if name == "ReplyTool":
        call = ToolCall(str(values["call_id"]), str(values["name"]), str(values["arguments"]))
        return ModelDelta(tool_call=call)
    return ModelDelta(ended=str(values["reason"]))
