"""A call in a few words: the far side of the core, played by the test."""

from __future__ import annotations

from typing import Any, TypeVar

from tests.agent_of_settings import changed, plan_with

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.plan import CallPlan

E = TypeVar("E")
WORD_MS = 200


def planned(**settings: Any) -> dict[str, Any]:
    """The fields of the plan that an agent's ``task_config`` of these settings changes."""
    return changed(plan_with({}), plan_with({f"task_config.{name}": value for name, value in settings.items()}))


class Call:
    """One conversation under test. Times in milliseconds; each word of the agent lasts WORD_MS."""

    def __init__(self, answered: bool = True, **plan: Any) -> None:
        self.core = Conversation()
        self.now_ms = 0
        self.answered_ms = 0
        self.segment = 0
        self.effects: list[fx.Effect] = []
        self.step(ev.Started(0, CallPlan(**{"system_prompt": "You are {name}.", **plan}), (("name", "Ada"),), 7))
        if answered:
            self.now_ms = self.answered_ms = 1_000
            self.give(ev.Answered)

    def step(self, event: ev.Event) -> tuple[fx.Effect, ...]:
        effects = self.core.step(event)
        self.effects.extend(effects)
        return effects

    def give(self, event: type, *fields: Any) -> tuple[fx.Effect, ...]:
        return self.step(event(self.now_ms * 1000, *fields))

    def wait(self, ms: int) -> list[fx.Effect]:
        """Let time pass, waking the core when it wants to be woken; returns what it did."""
        until_us, seen = (self.now_ms + ms) * 1000, len(self.effects)
        while (due_us := self.core.next_deadline()) is not None and due_us <= until_us:
            self.step(ev.DeadlineReached(due_us))
        self.now_ms += ms
        return self.effects[seen:]

    @property
    def audio_ms(self) -> int:
        return self.now_ms - self.answered_ms

    def begins(self) -> None:
        self.give(ev.ActivityBegan, self.audio_ms)

    def pauses(self) -> None:
        self.give(ev.ActivityEnded, self.audio_ms)

    def hears(self, text: str) -> tuple[fx.Effect, ...]:
        """A partial transcript of the present segment."""
        return self.give(ev.TranscriptPartial, self.audio_ms, max(self.segment, 1), text)

    def tells(self, text: str) -> tuple[fx.Effect, ...]:
        """A partial transcript of a new segment."""
        return self.give(ev.TranscriptPartial, self.audio_ms, self.segment + 1, text)

    def finishes(self, text: str) -> tuple[fx.Effect, ...]:
        """A final transcript, as a new segment."""
        self.segment += 1
        return self.give(ev.TranscriptFinal, self.audio_ms, self.segment, text)

    def judges(self, probability_ppm: int = 900_000) -> tuple[fx.Effect, ...]:
        return self.give(ev.TurnVerdict, self.last(fx.AskTurnModel).request, probability_ppm)

    def caller_says(self, text: str) -> None:
        """A whole turn: sound, words, silence, and a turn model that agrees."""
        self.begins()
        self.wait(len(text.split()) * 300)
        self.pauses()
        self.wait(50)
        self.finishes(text)
        if self.all(fx.AskTurnModel):
            self.judges()

    def model_says(self, text: str, ended: bool = True) -> None:
        ask = self.last(fx.AskModel)
        self.give(ev.ReplyText, ask.generation, ask.request, text)
        if ended:
            self.model_ends()

    def model_ends(self, reason: str = "stop") -> None:
        ask = self.last(fx.AskModel)
        self.give(ev.ReplyEnded, ask.generation, ask.request, reason)

    def model_calls(self, name: str, call_id: str = "c1", arguments: str = "{}") -> None:
        ask = self.last(fx.AskModel)
        self.give(ev.ReplyTool, ask.generation, ask.request, call_id, name, arguments)

    def model_fails(self, failure: str = "unavailable") -> None:
        ask = self.last(fx.AskModel)
        self.give(ev.ProviderFailed, "model", "scripted", failure, "failed", ask.generation, ask.request)

    def clauses(self) -> list[fx.Speak]:
        """The clauses of the newest generation given to the voice."""
        newest = self.last(fx.Speak).generation
        return [speak for speak in self.all(fx.Speak) if speak.generation == newest]

    def voice_speaks(self, word_ms: int = WORD_MS) -> None:
        """The voice has synthesised all clauses so far of the newest generation."""
        for speak in self.clauses():
            words = tuple((w, i * word_ms, (i + 1) * word_ms) for i, w in enumerate(speak.text.split()))
            self.give(ev.VoiceReady, speak.generation, speak.index)
            self.give(ev.VoiceFinished, speak.generation, speak.index, len(words) * word_ms, words, False)

    def starts_playing(self, word_ms: int = WORD_MS) -> None:
        """The voice is ready, the floor time passes, and the caller begins to hear."""
        self.voice_speaks(word_ms)
        if self.core.state == "thinking":
            self.wait(1_000)
        self.give(ev.PlayoutStarted, self.last(fx.Release).generation)

    def plays(self, word_ms: int = WORD_MS) -> None:
        """The newest generation is heard to its end."""
        self.starts_playing(word_ms)
        for speak in self.clauses():
            self.wait(len(speak.text.split()) * word_ms)
            self.give(ev.MarkPlayed, speak.generation, speak.index)

    def types(self, keys: str, each_ms: int = 200) -> None:
        """Keys one after the other."""
        for key in keys:
            self.wait(each_ms)
            self.give(ev.KeyPressed, key)

    def transfer_goes(self, state: str, detail: str = "") -> tuple[fx.Effect, ...]:
        """News of the newest transfer."""
        return self.give(ev.TransferProgress, self.last(fx.Transfer).request, state, detail)

    def clears(self, played_ms: int) -> tuple[fx.Effect, ...]:
        return self.give(ev.Cleared, self.last(fx.Clear).generation, played_ms)

    def agent_replies(self, text: str) -> None:
        """A whole reply of the model, heard to its end."""
        self.model_says(text)
        self.plays()

    def all(self, cls: type[E]) -> list[E]:
        return [effect for effect in self.effects if isinstance(effect, cls)]

    def answered_in(self, ms: int) -> bool:
        """Wait; whether the model is first asked at the end of that time, to the millisecond."""
        self.wait(ms - 1)
        if self.all(fx.AskModel):
            return False
        self.wait(1)
        return bool(self.all(fx.AskModel))

    def last(self, cls: type[E]) -> E:
        return self.all(cls)[-1]

    def said(self) -> list[str]:
        """The record so far: who said what."""
        return [
            f"{'caller' if isinstance(effect, fx.UserSaid) else 'agent'}: {effect.text}"
            for effect in self.effects
            if isinstance(effect, fx.UserSaid | fx.AgentSaid)
        ]

    def notes(self) -> list[str]:
        return [note.kind for note in self.all(fx.Note)]

    def told(self) -> list[str]:
        """What the model was last told, without the system prompt."""
        return [f"{m.role}: {m.content}" for m in self.last(fx.AskModel).messages if m.role != "system"]

    def hung_up(self) -> str:
        """The reason of the hang-up, or nothing."""
        hangups = self.all(fx.HangUp)
        return hangups[0].reason if hangups else ""

    def ends(self, *position: int) -> None:
        """The caller hangs up. ``position``: the generation that was heard last and how many milliseconds of it."""
        self.give(ev.LegEnded, "answered", "Callee", "Call recipient hung up", 4000, *position)
