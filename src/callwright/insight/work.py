"""What worked for a call, from its log: questions to models, tools, clauses of the voice and questions to the turn model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from callwright.conversation.log import Entry
from callwright.insight.tools import tool_uses
from callwright.insight.view import CallView

MODEL, CLASSIFIER, TOOL, VOICE, TURN_MODEL = "model", "classifier", "tool", "voice", "turn_model"

_PPM = 1_000_000


@dataclass(slots=True)
class Work:
    """One piece of work, in microseconds since the attempt began. ``to_us`` is None while it goes on, and where it never ended.

    ``speculative``: begun before the caller was known to have finished. ``withdrawn``: given up before anybody heard it.
    ``tokens``: read, written and read from the provider's cache.
    """

    kind: str
    from_us: int
    name: str = ""
    provider: str = ""
    purpose: str = ""
    turn: int | None = None
    generation: int | None = None
    first_us: int | None = None
    to_us: int | None = None
    speculative: bool = False
    withdrawn: bool = False
    status: str | None = None
    arguments: str | None = None
    result: str | None = None
    error: str | None = None
    http: dict[str, Any] | None = None
    tokens: tuple[int, int, int] | None = None


def work_of(view: CallView) -> list[Work]:
    """All work for the call, in the order in which it began."""
    found = [*_models(view), *_classifiers(view), *_tools(view), *_voices(view), *_turn_models(view)]
    return sorted(found, key=lambda one: one.from_us)


def _models(view: CallView) -> Iterator[Work]:
    withdrawn = {int(e.values["generation"]) for e in view.of("Withdrawn")}
    guessed = {int(e.values["generation"]) for e in view.of("Speculative")}
    texts: dict[int, list[str]] = {}
    for entry in view.of("ReplyText"):
        texts.setdefault(int(entry.values["request"]), []).append(str(entry.values["text"]))
    begun, ended = _first(view, "ReplyText", "ReplyTool"), _first(view, "ReplyEnded", "CancelModel")
    answerers = _Answerers(view)
    for ask in view.of("AskModel"):
        request, generation = int(ask.values["request"]), int(ask.values["generation"])
        one = answerers.asked(MODEL, ask)
        one.turn, one.generation = int(ask.values["turn"]), generation
        one.first_us = begun[request].at_us if request in begun else None
        end = ended.get(request)
        if end is not None:
            one.to_us = end.at_us
            one.status = str(end.values["reason"]) if end.type == "ReplyEnded" else "cancelled"
        if one.error is not None:
            one.status = "error"
        one.speculative, one.withdrawn = generation in guessed, generation in withdrawn
        one.result = "".join(texts.get(request, [])) or None
        yield one


def _classifiers(view: CallView) -> Iterator[Work]:
    verdicts, answerers = _first(view, "ClassifierVerdict"), _Answerers(view)
    for ask in view.of("AskClassifier"):
        one = answerers.asked(CLASSIFIER, ask)
        verdict = verdicts.get(int(ask.values["request"]))
        if verdict is not None:
            one.first_us = one.to_us = verdict.at_us
            one.result = "yes" if verdict.values["verdict"] else "no"
        yield one


class _Answerers:
    """Who answered each question to a language model, what that used, and how it failed."""

    def __init__(self, view: CallView) -> None:
        self._view = view
        self._used: dict[int, list[Entry]] = {}
        for entry in view.of("UsageReported"):
            if entry.values["kind"] == "model":
                self._used.setdefault(int(entry.values.get("request", 0)), []).append(entry)
        self._failed = {
            int(e.values.get("request", 0)): e
            for e in reversed(view.of("ProviderFailed"))
            if e.values["kind"] == "model"
        }

    def asked(self, kind: str, ask: Entry) -> Work:
        """The question as a piece of work."""
        request = int(ask.values["request"])
        one = Work(kind, ask.at_us, purpose=str(ask.values["purpose"]))
        one.provider, one.name = _connected(self._view, "model", ask.at_us)
        for used in self._used.get(request, ()):
            one.provider, one.name = str(used.values["provider"]), str(used.values["model"]) or one.name
            amounts = (int(used.values.get(name, 0)) for name in ("amount", "amount_output", "amount_cached"))
            read, written, cached = (sum(pair) for pair in zip(one.tokens or (0, 0, 0), amounts, strict=True))
            one.tokens = read, written, cached
        failed = self._failed.get(request)
        if failed is not None:
            one.error, one.to_us = str(failed.values["message"]), failed.at_us
        one.name = one.name or one.provider
        return one


def _tools(view: CallView) -> Iterator[Work]:
    for use in tool_uses(view):
        one = Work(TOOL, use.at_us, use.name, turn=use.turn, status=use.status, arguments=use.arguments, http=use.http)
        one.to_us = None if use.took_us is None else use.at_us + use.took_us
        if use.status in ("refused", "repeated"):
            one.to_us = use.at_us
        if use.status in ("answered", "late", "unanswered"):
            one.result = use.result or None
        else:
            one.error = use.result
        yield one


def _voices(view: CallView) -> Iterator[Work]:
    withdrawn = {int(e.values["generation"]) for e in view.of("Withdrawn")}
    cancelled = {int(e.values["generation"]): e.at_us for e in reversed(view.of("CancelVoice"))}
    ready, finished = _clauses(view, "VoiceReady"), _clauses(view, "VoiceFinished")
    failed = {
        (e.values.get("generation"), e.values.get("index")): e
        for e in view.of("ProviderFailed")
        if e.values["kind"] == "voice"
    }
    for speak in view.of("Speak"):
        generation = int(speak.values["generation"])
        key = (generation, int(speak.values["index"]))
        one = Work(VOICE, speak.at_us, purpose=str(speak.values["purpose"]), turn=int(speak.values["turn"]))
        one.provider, one.name = _connected(view, "voice", speak.at_us)
        one.generation, one.result = generation, str(speak.values["text"])
        one.first_us = ready.get(key)
        one.to_us = finished.get(key, cancelled.get(generation))
        one.withdrawn = generation in withdrawn
        failure = failed.get(key)
        if failure is not None:
            one.error, one.to_us = str(failure.values["message"]), failure.at_us
        yield one


def _turn_models(view: CallView) -> Iterator[Work]:
    verdicts = _first(view, "TurnVerdict")
    for ask in view.of("AskTurnModel"):
        one = Work(TURN_MODEL, ask.at_us)
        one.provider, one.name = _connected(view, "turn", ask.at_us)
        verdict = verdicts.get(int(ask.values["request"]))
        if verdict is not None:
            one.first_us = one.to_us = verdict.at_us
            one.status = f"{int(verdict.values['probability_ppm']) / _PPM:.2f}"
        yield one


def _first(view: CallView, *types: str) -> dict[int, Entry]:
    """By request, the first entry of the types."""
    return {int(e.values["request"]): e for e in reversed(view.of(*types))}


def _clauses(view: CallView, type_name: str) -> dict[tuple[int, int], int]:
    return {(int(e.values["generation"]), int(e.values["index"])): e.at_us for e in reversed(view.of(type_name))}


def _connected(view: CallView, kind: str, at_us: int) -> tuple[str, str]:
    """Provider and model (of a voice: the voice) that were connected for ``kind`` at a moment, empty texts when none was."""
    found = [e for e in view.of("provider_connected") if e.values.get("kind") == kind]
    before = [e for e in found if e.at_us <= at_us]
    values = (before or found[:1])[-1].values if found else {}
    name = (values.get("voice") or values.get("model")) if kind == "voice" else values.get("model")
    return str(values.get("provider") or ""), str(name or "")
