"""Answers of a what-if run without any model: what the model said in the recording."""

from __future__ import annotations

from collections.abc import Sequence

from callwright.conversation import effects as fx
from callwright.insight.view import CallView
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ToolCall

PROVIDER = "recording"


class RecordedAnswers:
    """``simulation.whatif.Answers`` from the log: what the model answered in the same turn, in order, replies that were withdrawn left out.

    The last one of a turn is said again when the model is asked more often than it was.
    """

    def __init__(self, view: CallView) -> None:
        self._answers = _answers(view)
        self._asked: dict[int, int] = {}
        self._verdicts = [bool(e.values["verdict"]) for e in view.of("ClassifierVerdict")]

    def reply(self, ask: fx.AskModel) -> Sequence[ModelDelta]:
        """The recorded answer of the turn. Raises ProviderError for a turn that had none."""
        answers = self._answers.get(ask.turn, [])
        if not answers:
            raise ProviderError(FailureKind.BAD_REQUEST, PROVIDER, f"the recording has no answer in turn {ask.turn}")
        # Only what follows a tool is a further answer: other questions are the same one, asked again.
        after_tool = ask.messages[-1].role == "tool" if ask.messages else False
        number = self._asked.get(ask.turn, 0) + (1 if after_tool else 0)
        self._asked[ask.turn] = number
        return answers[min(number, len(answers) - 1)]

    def judge(self, ask: fx.AskClassifier) -> bool:
        """The recorded verdicts in order, then no."""
        return self._verdicts.pop(0) if self._verdicts else False


def _answers(view: CallView) -> dict[int, list[list[ModelDelta]]]:
    withdrawn = {int(e.values["generation"]) for e in view.of("Withdrawn") if e.values["reason"] != "unheard"}
    asked: dict[int, int] = {}
    found: dict[int, list[ModelDelta]] = {}
    for entry in view.of("AskModel", "ReplyText", "ReplyTool", "ReplyEnded"):
        request = int(entry.values["request"])
        if entry.type == "AskModel":
            if int(entry.values["generation"]) not in withdrawn:
                asked[request] = int(entry.values["turn"])
                found[request] = []
        elif request in found:
            found[request].append(_delta(entry.type, entry.values))
    turns: dict[int, list[list[ModelDelta]]] = {}
    for request, turn in asked.items():
        deltas = found[request]
        if any(delta.text or delta.tool_call for delta in deltas):
            whole = deltas if deltas[-1].ended else [*deltas, ModelDelta(ended="stop")]
            turns.setdefault(turn, []).append(whole)
    return turns


def _delta(name: str, values: object) -> ModelDelta:
    assert isinstance(values, dict)
    if name == "ReplyText":
        return ModelDelta(text=str(values["text"]))
    if name == "ReplyTool":
        call = ToolCall(str(values["call_id"]), str(values["name"]), str(values["arguments"]))
        return ModelDelta(tool_call=call)
    return ModelDelta(ended=str(values["reason"]))
