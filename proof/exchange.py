"""A conversation in which everything but the caller is perfect: for labelled cases of turn taking, and for measuring them.

The model answers with given sentences, the voice and the line take fixed times, and the recogniser hears what a case says it hears. Times
are milliseconds since the answer; positions in the caller's audio are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.plan import CallPlan

ANSWERED_MS = 1_000
MODEL_MS = 250
VOICE_MS = 60
WORD_MS = 300
"""Length of each word of the agent; a caller's are as long unless a case says otherwise."""

PARTIAL_LAG_MS = 150
FINAL_LAG_MS = 250
HANGOVER_MS = 300
"""How long after the caller's last sound the detector says that it was the last."""

LAST_WORDS = "Thank you."


@dataclass(frozen=True, slots=True)
class Happened:
    """An effect and when it was wanted."""

    at_ms: int
    effect: fx.Effect


class Exchange:
    """One conversation. ``replies`` are the model's, in order. ``judge`` answers the turn model's questions: parts per million for the
    caller's audio until a position. ``model_ms``: so long the model takes for an answer."""

    __slots__ = (
        "_actions",
        "_audible",
        "_clauses",
        "_count",
        "_judge",
        "_model_ms",
        "_replies",
        "core",
        "happened",
        "now_ms",
        "segment",
    )

    def __init__(
        self,
        plan: CallPlan,
        replies: Sequence[str] = (),
        judge: Callable[[int], int] = lambda _audio_ms: 900_000,
        model_ms: int = MODEL_MS,
    ) -> None:
        self.core = Conversation()
        self.now_ms = 0
        self.segment = 0
        self.happened: list[Happened] = []
        self._actions: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._replies = list(replies)
        self._judge = judge
        self._model_ms = model_ms
        self._clauses: dict[int, list[str]] = {}
        self._audible = (0, 0)  # the generation being played, and since when
        self.core.step(ev.Started(0, plan, (), 1))
        self._give(ev.Answered)

    def say(self, at_ms: int, text: str, word_ms: int = WORD_MS, final: str | None = None, sound: bool = True) -> int:
        """The caller says ``text`` from ``at_ms`` on: sound, partial words and the final ones (``text``, unless ``final`` differs).
        Returns when the last word is over."""
        self.segment += 1
        words = text.split()
        end_ms = at_ms + len(words) * word_ms
        if sound:
            self._later(at_ms + 80, ev.ActivityBegan, at_ms)
        for count in range(1, len(words) + 1):
            heard_ms = at_ms + count * word_ms
            partial = " ".join(words[:count])
            self._later(heard_ms + PARTIAL_LAG_MS, ev.TranscriptPartial, heard_ms, self.segment, partial)
        if sound:
            self._later(end_ms + HANGOVER_MS, ev.ActivityEnded, end_ms)
        said = text if final is None else final
        self._later(end_ms + HANGOVER_MS + FINAL_LAG_MS, ev.TranscriptFinal, end_ms, self.segment, said)
        return end_ms

    def tell(self, at_ms: int, event: type, *fields: Any) -> None:
        """The core gets ``event`` at ``at_ms``."""
        self._later(at_ms, event, *fields)

    def run(self, until_ms: int) -> None:
        """Let time pass."""
        while True:
            due_us = self.core.next_deadline()
            deadline_ms = 1 << 40 if due_us is None else -(-due_us // 1000) - ANSWERED_MS
            action_ms = self._actions[0][0] if self._actions else 1 << 40
            if min(deadline_ms, action_ms) > until_ms:
                self.now_ms = until_ms
                return
            if action_ms <= deadline_ms:
                self.now_ms = max(self.now_ms, action_ms)
                heappop(self._actions)[2]()
            else:
                self.now_ms = max(self.now_ms, deadline_ms)
                self._give(ev.DeadlineReached)

    def first_ms(self, kind: type, since_ms: int = 0) -> int:
        """When an effect of ``kind`` was first wanted from ``since_ms`` on, or -1."""
        return next((one.at_ms for one in self.happened if one.at_ms >= since_ms and isinstance(one.effect, kind)), -1)

    def heard(self) -> list[str]:
        """The record: both sides' words in order."""
        return [
            f"{'caller' if isinstance(one.effect, fx.UserSaid) else 'agent'}: {one.effect.text}"
            for one in self.happened
            if isinstance(one.effect, fx.UserSaid | fx.AgentSaid)
        ]

    def notes(self) -> list[str]:
        """Kinds of notes, in order."""
        return [one.effect.kind for one in self.happened if isinstance(one.effect, fx.Note)]

    def _later(self, at_ms: int, event: type, *fields: Any) -> None:
        self._do(at_ms, lambda: self._give(event, *fields))

    def _do(self, at_ms: int, action: Callable[[], None]) -> None:
        self._count += 1
        heappush(self._actions, (at_ms, self._count, action))

    def _give(self, event: type, *fields: Any) -> None:
        for effect in self.core.step(event((self.now_ms + ANSWERED_MS) * 1000, *fields)):
            self.happened.append(Happened(self.now_ms, effect))
            self._perform(effect)

    def _perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.AskModel():
                text = self._replies.pop(0) if self._replies else LAST_WORDS
                self._later(self.now_ms + self._model_ms, ev.ReplyText, effect.generation, effect.request, text)
                self._later(self.now_ms + self._model_ms, ev.ReplyEnded, effect.generation, effect.request, "stop")
            case fx.AskTurnModel():
                verdict = self._judge(effect.audio_ms)
                self._later(self.now_ms + 30, ev.TurnVerdict, effect.request, verdict)
            case fx.Speak():
                self._synthesise(effect)
            case fx.Release():
                self._later(self.now_ms, ev.PlayoutStarted, effect.generation)
                self._play(effect.generation)
            case fx.Clear():
                self._audible, began_ms = (0, 0), self._audible[1]
                self._later(self.now_ms, ev.Cleared, effect.generation, self.now_ms - began_ms)

    def _synthesise(self, effect: fx.Speak) -> None:
        self._clauses.setdefault(effect.generation, []).append(effect.text)
        words = tuple((word, i * WORD_MS, (i + 1) * WORD_MS) for i, word in enumerate(effect.text.split()))
        ready_ms = self.now_ms + VOICE_MS
        self._later(ready_ms, ev.VoiceReady, effect.generation, effect.index)
        fields = (effect.generation, effect.index, len(words) * WORD_MS, words, False)
        self._later(ready_ms, ev.VoiceFinished, *fields)

    def _play(self, generation: int) -> None:
        """Prepared words are released in the step in which they are spoken: what is played shows when that step is over."""
        self._audible = (generation, self.now_ms)
        self._do(self.now_ms, lambda: self._play_clauses(generation))

    def _play_clauses(self, generation: int) -> None:
        end_ms = self.now_ms
        for index, clause in enumerate(self._clauses.get(generation, [])):
            end_ms += len(clause.split()) * WORD_MS
            self._do(end_ms, lambda index=index: self._mark(generation, index))  # type: ignore[misc]

    def _mark(self, generation: int, index: int) -> None:
        if self._audible[0] == generation:
            self._give(ev.MarkPlayed, generation, index)
