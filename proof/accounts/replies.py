"""The agent's utterances, as the effects and the events about them show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MAX_REPLY_CHARACTERS

ROUNDED_US = 1_000
"""Lengths are told in whole milliseconds."""

FAILED = frozenset({"model_failed", "reply_timeout", "empty_reply"})
"""What is noted, and why a reply is withdrawn, when the model fails at it."""


@dataclass(slots=True)
class Sound:
    """The spoken side of an utterance. Times of steps; -1 for what has not happened. ``texts``: its clauses; ``begun``: those
    of which the voice has told its first sound; ``sounded``: those of which any sound was told, also by their length or their mark.
    ``clauses`` are those to be heard; ``lost`` are those behind them at which the voice failed."""

    spoken: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)
    sounded: set[int] = field(default_factory=set)
    clauses: int = 0
    complete: bool = False
    lengths: dict[int, ev.VoiceFinished] = field(default_factory=dict)
    spoken_us: int = -1
    voice_us: int = -1
    released_us: int = -1
    playout_us: int = -1
    cleared_us: int = -1
    told_at: int = 0  # how many clauses were over when it was first told that any sounds
    marked: int = 0
    hurried: bool = False  # a mark came before what it marks can have been over: it was another's
    lost: int = 0

    def least_ms(self, until: int) -> int:
        """How long it takes to hear the clauses before ``until`` that were not over when it was first told that any sounds."""
        return sum(told.audio_ms for index, told in self.lengths.items() if self.told_at <= index < until)


@dataclass(slots=True)
class Utterance:
    """A generation. ``asked``: the words it answers; ``called``: the model wanted tools, ``hands_over``: or a transfer, ``farewell``:
    or the end of the call and no transfer, not even one that cannot be made; ``broken_off``: the model failed at it; ``acted``: its
    tools were called, without a word; ``said``: what was heard of it, behind what was heard of the one it goes on with; ``sign_us``:
    when model, voice or line told of it last."""

    number: int
    turn: int = 0
    purpose: str = ""
    begun_us: int = 0
    request: int = 0
    asked: str = ""
    speculative: bool = False
    answering: bool = False
    given: list[str] = field(default_factory=list)
    tools: list[ev.ReplyTool] = field(default_factory=list)
    called: bool = False
    broken_off: bool = False
    hands_over: bool = False
    farewell: bool = False
    over: bool = False
    acted: bool = False
    said: str = ""
    sign_us: int = 0
    sound: Sound = field(default_factory=Sound)
    released_turn: int = 0

    @property
    def words_given(self) -> list[str]:
        """The model's words, as far as the platform takes them."""
        return "".join(self.given)[:MAX_REPLY_CHARACTERS].split()


class Replies:
    """All of them; ``audible`` and ``pending`` (asked and not released, acted on or withdrawn)."""

    __slots__ = ("_before", "_calling", "_turn", "all", "at_us", "audible", "pending", "requests", "transfers")

    def __init__(self) -> None:
        self.all: dict[int, Utterance] = {}
        self.requests: dict[int, Utterance] = {}
        self.audible: Utterance | None = None
        self.pending: Utterance | None = None
        self.transfers: frozenset[str] = frozenset()
        self.at_us = 0
        self._turn = 0  # the caller's last turn
        self._calling: Utterance | None = None  # the reply of the newest tool
        self._before = (False, False)  # whether the reply ended the call, and wanted a transfer, before its newest tool

    def reads(self) -> dict[type, Callable[[Any], None]]:
        """What it follows."""
        return {
            ev.Started: self._begin,
            ev.ReplyText: self._text,
            ev.ReplyTool: self._tool,
            ev.ReplyEnded: self._ended,
            ev.ProviderFailed: self._failed,
            ev.VoiceReady: self._voice,
            ev.VoiceFinished: self._voice_finished,
            ev.PlayoutStarted: self._playout,
            ev.MarkPlayed: self._mark,
            fx.AskModel: self._ask,
            fx.UserSaid: self._user_said,
            fx.Speculative: self._speculative,
            fx.Committed: self._committed,
            fx.CancelModel: self._ended,
            fx.Speak: self._speak,
            fx.EndSpeech: self._end_speech,
            fx.Release: self._release,
            fx.Clear: self._clear,
            fx.AgentSaid: self._settle,
            fx.Withdrawn: self._settle,
            fx.CallTool: self._act,
            fx.SendKeys: self._act,
            fx.Transfer: self._act,
            fx.Note: self._note,
        }

    def get(self, generation: int) -> Utterance:
        """The utterance of this number; an empty one that is not kept when there is none."""
        return self.all.get(generation) or Utterance(generation)

    def ends_call(self) -> bool:
        """Whether the model has ended the call by a reply that was not withdrawn."""
        return any(one.farewell for one in self.all.values())

    def get_asked(self, request: int) -> Utterance:
        """The utterance that answers this request; an empty one that is not kept when there is none."""
        return self.requests.get(request) or Utterance(0)

    def _begin(self, event: ev.Started) -> None:
        self.transfers = self.transfers or frozenset(tool.name for tool in event.plan.transfers)

    def _text(self, event: ev.ReplyText) -> None:
        utterance = self.requests.get(event.request)
        if utterance is not None and utterance.answering:
            utterance.given.append(event.text)
            utterance.sign_us = event.at_us

    def _tool(self, event: ev.ReplyTool) -> None:
        utterance = self.requests.get(event.request)
        if utterance is None or not utterance.answering:
            return
        self._calling = utterance
        utterance.tools.append(event)
        utterance.called = True
        self._before = (utterance.farewell, utterance.hands_over)
        if event.name.startswith("end_call"):
            utterance.farewell = not utterance.hands_over
        elif event.name in self.transfers:
            utterance.hands_over = True
            utterance.farewell = False

    def _ended(self, item: ev.ReplyEnded | fx.CancelModel) -> None:
        utterance = self.requests.get(item.request)
        if utterance is not None:
            utterance.answering = False

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "model" and event.request in self.requests:
            self.requests[event.request].answering = False

    def _voice(self, event: ev.VoiceReady | ev.VoiceFinished) -> None:
        utterance = self.get(event.generation)
        if 0 <= event.index < utterance.sound.clauses:
            first = event.index not in utterance.sound.begun and event.index not in utterance.sound.lengths
            if isinstance(event, ev.VoiceFinished) or first:
                utterance.sign_us = event.at_us
            utterance.sound.sounded.add(event.index)
            if isinstance(event, ev.VoiceReady):
                utterance.sound.begun.add(event.index)
            if utterance.sound.voice_us < 0:
                utterance.sound.voice_us = event.at_us

    def _voice_finished(self, event: ev.VoiceFinished) -> None:
        utterance = self.get(event.generation)
        if 0 <= event.index < utterance.sound.clauses and not utterance.over:
            self._voice(event)
            utterance.sound.lengths[event.index] = event

    def _playout(self, event: ev.PlayoutStarted | ev.MarkPlayed) -> None:
        utterance = self.audible
        if utterance is None or utterance.number != event.generation:
            return
        if utterance.sound.voice_us < 0:
            utterance.sound.voice_us = event.at_us
        if utterance.sound.playout_us < 0:
            utterance.sound.playout_us = utterance.sign_us = event.at_us

    def _mark(self, event: ev.MarkPlayed) -> None:
        utterance = self.audible
        if utterance is None or utterance.number != event.generation or utterance.sound.cleared_us >= 0:
            return
        if 0 <= event.index < utterance.sound.clauses:
            if utterance.sound.playout_us < 0:
                utterance.sound.told_at = event.index + 1
            self._playout(event)
            utterance.sign_us = event.at_us
            heard_us = utterance.sound.playout_us + utterance.sound.least_ms(event.index + 1) * 1000
            utterance.sound.hurried = utterance.sound.hurried or event.at_us + ROUNDED_US < heard_us
            utterance.sound.marked = max(utterance.sound.marked, event.index + 1)
            utterance.sound.sounded.update(range(event.index + 1))

    def _ask(self, effect: fx.AskModel) -> None:
        utterance = self.all.setdefault(effect.generation, Utterance(effect.generation))
        utterance.turn, utterance.purpose, utterance.begun_us = effect.turn, effect.purpose, self.at_us
        utterance.request, utterance.answering = effect.request, True
        last = effect.messages[-1] if effect.messages else None
        answers = last is not None and last.role == "user" and effect.purpose != "welcome" and effect.turn > self._turn
        utterance.asked = last.content if last is not None and answers else ""
        self.requests[effect.request] = self.pending = utterance

    def _user_said(self, effect: fx.UserSaid) -> None:
        self._turn = effect.turn

    def _speculative(self, effect: fx.Speculative) -> None:
        self.all[effect.generation] = Utterance(effect.generation, effect.turn, speculative=True)

    def _committed(self, effect: fx.Committed) -> None:
        self.get(effect.generation).speculative = False

    def _speak(self, effect: fx.Speak) -> None:
        utterance = self.all.get(effect.generation)
        if utterance is None:
            utterance = Utterance(effect.generation, effect.turn, effect.purpose, self.at_us)
            self.all[effect.generation] = utterance
        if utterance.sound.spoken_us < 0:
            utterance.sound.spoken_us = self.at_us
        utterance.sign_us = self.at_us
        utterance.sound.texts.append(effect.text)
        utterance.sound.spoken.extend(effect.text.split())
        utterance.sound.clauses += 1
        if effect.purpose in ("transfer", "tool"):
            self._act(effect)

    def _end_speech(self, effect: fx.EndSpeech) -> None:
        utterance = self.get(effect.generation)
        sound, utterance.sign_us = utterance.sound, self.at_us
        sound.complete = True
        sound.lost += max(sound.clauses - effect.clauses, 0)
        sound.clauses = min(sound.clauses, effect.clauses)

    def _release(self, effect: fx.Release) -> None:
        utterance = self.audible = self.get(effect.generation)
        utterance.sound.released_us = self.at_us
        utterance.released_turn = effect.turn
        utterance.said = self.get(effect.resumes).said  # also where it is silenced before anybody hears it
        if self.pending is utterance:
            self.pending = None

    def _clear(self, effect: fx.Clear) -> None:
        self.get(effect.generation).sound.cleared_us = self.at_us

    def _settle(self, effect: fx.AgentSaid | fx.Withdrawn) -> None:
        utterance = self.get(effect.generation)
        utterance.over = True
        if isinstance(effect, fx.AgentSaid):
            utterance.said = f"{utterance.said} {effect.text}".strip()
        if isinstance(effect, fx.Withdrawn) and utterance.sound.released_us < 0:
            utterance.farewell = False  # the caller went on: what the model wanted counts for nothing
        if self.audible is utterance:
            self.audible = None
        if self.pending is utterance:
            self.pending = None

    def _act(self, _effect: fx.CallTool | fx.SendKeys | fx.Transfer | fx.Note | fx.Speak) -> None:
        """A reply of tools alone is no longer prepared: it was acted on."""
        if self.pending is not None and self.pending.called:
            self.pending.acted = True
            self.pending = None

    def _note(self, effect: fx.Note) -> None:
        if effect.kind in FAILED:
            self.get(int(effect.text.rpartition(" ")[2])).broken_off = True
        if effect.kind == "voicemail_found" and self.audible is not None:
            self.audible.farewell = False  # a machine is left its message, whatever the model wanted
        if effect.kind in ("tool_repeated", "tool_loops"):
            # It is the newest call that does not count, never one of the same name in the reply being heard meanwhile.
            for one in (self.audible, self.pending):
                if one is not None and one is self._calling and one.tools and _names(effect.text, one.tools[-1]):
                    one.tools.pop()
                    # A transfer that counts for nothing does not stand in the way of the end of the call either.
                    one.farewell, one.hands_over = self._before
        if effect.kind not in ("transfer_refused", "tool_refused"):
            return
        name = effect.text.partition(":")[0]
        for one in (self.audible, self.pending):
            refused = [] if one is None else [call for call in one.tools if call.name == name]
            if one is not None and refused:
                one.tools.remove(refused[-1])
        self._act(effect)


def _names(text: str, call: ev.ReplyTool) -> bool:
    """Whether a note is about this call: by its name, or its id, which is made where the model gave none."""
    return text in (call.call_id, call.name) or (not call.call_id and text.startswith(f"call-{call.request}-"))
