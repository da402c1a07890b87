"""What providers and tools failed at in a call: the one source of the sentences in the record, the doctor, the server's log and chats.

A fold over the entries of the call's log, which works on a live call as on one that is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from callwright.domain.limits import MODEL_SILENT_SECONDS
from callwright.insight.doctor_finding import in_ms, quoted
from callwright.insight.view import CallView
from callwright.ports.failures import FailureKind
from callwright.ports.model import REFUSED

NO_ANSWER, UNANSWERED, EMPTY_ANSWER, ERROR_ANSWER, BLOCKED = (
    "no_answer",
    "unanswered",
    "empty_answer",
    "error_answer",
    "blocked",
)
"""Failures that no provider reports itself: its time to answer was over, it had given no word when its answer was no longer wanted, it
answered without a word, a tool answered with an error, and a tool was never asked because the outbound policy forbids its address."""

OF_TOOLS = frozenset({NO_ANSWER, ERROR_ANSWER, BLOCKED})
"""What a tool's result says of it."""

_NAMES: Mapping[str, str] = {"turn": "turn model"}
"""Kinds of providers that people call otherwise."""
_MESSAGE_CHARACTERS = 300
_WAITS: Mapping[str, tuple[str, str, str]] = {
    "empty_reply": ("model", EMPTY_ANSWER, "it answered without a word"),
    "voice_timeout": ("voice", NO_ANSWER, "it gave no audio for what it was asked to say"),
}
"""Notes of the core that tell of a provider: kind of the note -> (kind of provider, failure, message)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure. ``kind``: transcriber, model, voice, turn or tool, ``provider``: its name. ``failure``: one of
    ``ports.failures.FailureKind``, or one of this module. ``message`` says what to do where that is known, and holds no secret.
    ``host``: where a tool was to be asked. ``turn``: the turn it belongs to, None before the first."""

    kind: str
    provider: str
    failure: str
    message: str
    at_us: int
    host: str = ""
    turn: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What the same failure has in common whenever it comes."""
        return self.kind, self.provider, self.failure

    def sentence(self, times: int = 1) -> str:
        """The failure for people."""
        often = f" {times} times" if times > 1 else ""
        message = f": {quoted(self.message, _MESSAGE_CHARACTERS)}" if self.message else ""
        named = f"{_NAMES.get(self.kind, self.kind)} {self.provider}".strip()
        if self.failure == BLOCKED:
            return f"The {named} was never asked{often}{message}."
        return f"The {named} failed{often}, {self.failure.replace('_', ' ')}{message}."


@dataclass(slots=True)
class Failures:
    """The same failure of a provider: the first one, and when it came."""

    first: Failure
    times_us: list[int] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The failure for people, with how often it came."""
        return self.first.sentence(len(self.times_us))


@dataclass(frozen=True, slots=True)
class ProviderSwitch:
    """A provider that took over from another. ``failure``: one of ``ports.failures.FailureKind``, empty where the first was not even asked
    because it had failed in other calls; ``message``: what it failed with."""

    kind: str
    before: str
    after: str
    failure: str
    message: str
    at_us: int

    @property
    def sentence(self) -> str:
        """The switch for people."""
        if not self.failure:
            return f"The {self.kind} {self.before} was not asked: {self.message}. {self.after} was asked instead."
        why = f"{self.failure.replace('_', ' ')}: {quoted(self.message, _MESSAGE_CHARACTERS)}"
        return f"The {self.kind} {self.before} failed, {why}. {self.after} took over."


def switch_of(at_us: int, values: Mapping[str, Any]) -> ProviderSwitch:
    """The switch that an entry ``ProviderSwitched`` tells of."""
    kind, before, after = str(values["kind"]), str(values["before"]), str(values["after"])
    reason = str(values["reason"])
    failure, _, message = reason.partition(": ")
    if failure not in set(FailureKind):
        failure, message = "", reason
    return ProviderSwitch(kind, before, after, failure, message, at_us)


def switches_of(view: CallView) -> list[ProviderSwitch]:
    """The switches of a call, in order."""
    return [switch_of(entry.at_us, entry.values) for entry in view.of("ProviderSwitched")]


def switch_rows(view: CallView) -> list[dict[str, Any]]:
    """The same as the record has them. ``at_ms`` counts from the answer, and is 0 before it."""
    began_us = view.answered_us or 0
    return [
        {
            "kind": one.kind,
            "before": one.before,
            "after": one.after,
            "failure": one.failure or None,
            "message": one.message,
            "at_ms": max(0, one.at_us - began_us) // 1000,
        }
        for one in switches_of(view)
    ]


class ProviderFailures:
    """The failures of one call so far. ``groups`` has each once, in the order of their first time."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str, str], Failures] = {}
        self._lasting: dict[str, Failure] = {}
        self._provider: dict[str, str] = {}
        self._waiting: dict[int, tuple[int, int]] = {}
        self._given_up: Failure | None = None
        self._model_works = False
        self._wordless_us = 0
        self._tools: dict[int, tuple[str, int | None]] = {}
        self._turn: int | None = None
        self._sent: dict[int, Mapping[str, Any]] = {}

    @property
    def error(self) -> str:
        """What keeps the agent from listening, answering or speaking, in a sentence. Empty where nothing does: a provider that worked again
        after its failure has recovered. Failed tools and turn models never count, for the call goes on without them."""
        for kind in ("transcriber", "model", "voice"):
            failure = self._lasting.get(kind)
            if failure is not None:
                return self.groups[failure.key].sentence
        return ""

    @property
    def is_model_mute(self) -> bool:
        """Whether the model was asked for a reply and never gave a word or a tool call. Every question failed, timed out, or was withdrawn;
        those withdrawn without a failure count once they had MODEL_SILENT_SECONDS together. A model that had less is not judged."""
        return not self._model_works and "model" in self._lasting

    def take(self, at_us: int, name: str, values: Mapping[str, Any]) -> tuple[Failure, ...]:
        """The next entry of the log. Returns the failures that it tells of."""
        found = (*self._settled(at_us, name), *self._told(at_us, name, values))
        for failure in found:
            self.groups.setdefault(failure.key, Failures(failure)).times_us.append(at_us)
        return found

    def _told(self, at_us: int, name: str, values: Mapping[str, Any]) -> tuple[Failure, ...]:
        match name:
            case "provider_connected":
                self._provider[str(values["kind"])] = str(values["provider"])
            case "AskModel":
                self._waiting[values["request"]] = at_us, values["generation"]
                self._turn = values.get("turn", self._turn)
            case "UserSaid":
                self._turn = values.get("turn", self._turn)
            case "ReplyText" | "ReplyTool":
                self._waiting.pop(values["request"], None)
                self._lasting.pop("model", None)
                # Blanks are no word: a reply of nothing else is an empty one.
                self._model_works = self._model_works or name == "ReplyTool" or bool(str(values["text"]).strip())
            case "Speak":
                spoken = values["generation"]
                self._waiting = {request: one for request, one in self._waiting.items() if one[1] != spoken}
            case "ReplyEnded":
                self._waiting.pop(values["request"], None)
                if values["reason"] == "error":
                    return self._lasts(self._of("model", "broken_stream", "it ended its answer with an error", at_us))
                if values["reason"] == REFUSED:
                    return (self._of("model", FailureKind.BAD_REQUEST.value, "it refused to finish its answer", at_us),)
            case "VoiceFinished":
                self._lasting.pop("voice", None)
            case "CancelModel":
                self._give_up(values["request"], at_us)
            case "LegEnded":
                for request in tuple(self._waiting):
                    self._give_up(request, at_us)
                return self._settled(at_us, name)
            case "ProviderFailed":
                return self._failed(at_us, values)
            case "Note":
                return self._noted(at_us, str(values["kind"]))
            case "CallTool":
                self._tools[values["request"]] = str(values.get("name", "")), values.get("turn")
            case "tool_request":
                self._sent[values["request"]] = values
            case "ToolResult":
                return self._answered(at_us, values)
        return ()

    def _of(self, kind: str, failure: str, message: str, at_us: int) -> Failure:
        return Failure(kind, self._provider.get(kind, ""), failure, message, at_us, turn=self._turn)

    def _lasts(self, failure: Failure) -> tuple[Failure, ...]:
        self._lasting[failure.kind] = failure
        return (failure,)

    def _give_up(self, request: int, at_us: int) -> None:
        """An answer is not wanted any more. Whether that is because its time was over is in a later entry of the same moment."""
        asked_us, _ = self._waiting.pop(request, (at_us, 0))
        # A caller who asks whether anybody is there withdraws the question: of a model that never answered, such waits are one.
        wordless_us = at_us - asked_us + (0 if self._model_works else self._wordless_us)
        is_too_long = wordless_us >= MODEL_SILENT_SECONDS * 1_000_000
        self._wordless_us = 0 if is_too_long else wordless_us
        if is_too_long:
            message = f"it gave no word in {in_ms(wordless_us)}"
            self._given_up = self._of("model", UNANSWERED, message, at_us)

    def _settled(self, at_us: int, name: str) -> tuple[Failure, ...]:
        """The answer that was given up before, when its moment is over. A model that answered before was only slow; of one that
        failed otherwise, that is what is to be told."""
        failure = self._given_up
        if failure is None or (at_us == failure.at_us and name != "LegEnded"):
            return ()
        self._given_up = None
        lasting = self._lasting.get("model")
        if self._model_works or (lasting is not None and lasting.failure != UNANSWERED):
            return ()
        return self._lasts(
            replace(failure, message=f"{failure.message}; then the other side went on, or the call ended")
        )

    def _failed(self, at_us: int, values: Mapping[str, Any]) -> tuple[Failure, ...]:
        kind = str(values["kind"])
        self._waiting.pop(values.get("request", 0), None)
        _, turn = self._tools.get(values.get("request", 0), ("", self._turn))
        why = str(values["failure"])
        failure = Failure(kind, str(values["provider"]), why, str(values["message"]), at_us, turn=turn)
        # A question about the conversation has no generation: the agent answers without it.
        return self._lasts(failure) if values.get("generation") or kind == "transcriber" else (failure,)

    def _noted(self, at_us: int, kind: str) -> tuple[Failure, ...]:
        if kind == "reply_timeout":
            given_up, self._given_up = self._given_up, None
            message = given_up.message if given_up else "it gave nothing more until its time to answer was over"
            return self._lasts(self._of("model", NO_ANSWER, message, at_us))
        if kind in _WAITS:
            of, failure, message = _WAITS[kind]
            return self._lasts(self._of(of, failure, message, at_us))
        return ()

    def _answered(self, at_us: int, values: Mapping[str, Any]) -> tuple[Failure, ...]:
        """The result of a tool. What was never sent, for it did not fit, is no failure of the tool."""
        sent = self._sent.pop(values["request"], None)
        tool, turn = self._tools.get(values["request"], ("", self._turn))
        if sent is None or values["ok"]:
            return ()
        host, status = str(sent.get("host", "")), int(sent.get("status") or 0)
        if sent.get("blocked"):
            return (Failure("tool", tool, BLOCKED, str(values["result"]), at_us, host, turn),)
        if status:
            # The API's own words may hold anything.
            return (Failure("tool", tool, ERROR_ANSWER, f"the API answered with HTTP {status}", at_us, host, turn),)
        return (Failure("tool", tool, NO_ANSWER, str(values["result"]), at_us, host, turn),)


def failures_of(view: CallView) -> ProviderFailures:
    """The failures of a call, as far as its log goes."""
    found = ProviderFailures()
    for entry in view.entries:
        found.take(entry.at_us, entry.type, entry.values)
    return found
