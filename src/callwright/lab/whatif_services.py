"""Model, voice, tools and line of a what-if run. The model is asked for real; the others behave as they did in the recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.trace import Step
from callwright.lab.whatif_answers import Answers
from callwright.lab.whatif_recording import NotRecordedError, Recording
from callwright.lab.world import World
from callwright.ports.failures import ProviderError

CLAUSE_MS = 30
"""Between the beginnings of two clauses of a voice."""
CLASSIFIER_MS = 400
NO_RESULT_MS = 30
TRANSFER_MS = 2_000
NOT_RECORDED = "a what-if calls no tools, and the recording has no further result of this one"


def answered_as_recorded(effect: fx.CallTool | fx.SendKeys) -> str:
    """The remark on a tool that a what-if did not call."""
    return f"the tool {effect.name} was not called; it answered as recorded"


def nobody_transferred(effect: fx.Transfer) -> str:
    """The remark on a transfer."""
    return f"nobody was transferred to {effect.target}"


class WhatIfModel:
    """Asks for answers and tells the core of them at the recorded pace. ``leave`` ends the run where the recording has no answer.

    ``remarks`` names what failed, which may be the model's and not the agent's doing.
    """

    def __init__(self, world: World, recording: Recording, answers: Answers, leave: Callable[[str], None]) -> None:
        self._world = world
        self._first_ms = recording.pace.first_token_ms
        self._piece_ms = recording.pace.piece_ms
        self._answers = answers
        self._leave = leave
        self.remarks: list[str] = []
        self._cancelled: set[int] = set()
        world.cast(self._ask, fx.AskModel)
        world.cast(self._cancel, fx.CancelModel)
        world.cast(self._classify, fx.AskClassifier)

    def _cancel(self, effect: fx.CancelModel) -> None:
        self._cancelled.add(effect.request)

    def _ask(self, effect: fx.AskModel) -> None:
        generation, request = effect.generation, effect.request
        try:
            pieces = self._answers.reply(effect)
        except NotRecordedError as error:
            self._world.after_ms(self._first_ms, self._stop, request, str(error))
            return
        except ProviderError as error:
            self.remarks.append(f"the model failed in turn {effect.turn}: {error.message or error.kind.value}")
            failed = (ev.ProviderFailed, "model", error.provider, error.kind.value, error.message, generation, request)
            self._world.after_ms(self._first_ms, self._tell, request, *failed)
            return
        at_ms = self._first_ms
        for delta in pieces:
            if delta.text:
                self._world.after_ms(at_ms, self._tell, request, ev.ReplyText, generation, request, delta.text)
            if delta.tool_call is not None:
                call = delta.tool_call
                fields = (generation, request, call.call_id, call.name, call.arguments)
                self._world.after_ms(at_ms, self._tell, request, ev.ReplyTool, *fields)
            if delta.ended:
                self._world.after_ms(at_ms, self._tell, request, ev.ReplyEnded, generation, request, delta.ended)
            at_ms += self._piece_ms

    def _stop(self, request: int, why: str) -> None:
        """Nobody knows what was to be said. A question that was taken back meanwhile needs no answer."""
        if request not in self._cancelled and not self._world.conversation.ended:
            self._leave(why)

    def _tell(self, request: int, event: type, *fields: object) -> None:
        if request not in self._cancelled:
            self._world.deliver(event, *fields)

    def _classify(self, effect: fx.AskClassifier) -> None:
        try:
            verdict = self._answers.judge(effect)
        except ProviderError as error:
            failed = (ev.ProviderFailed, "model", error.provider, error.kind.value, error.message, 0, effect.request)
            self._world.after_ms(CLASSIFIER_MS, self._world.deliver, *failed)
            return
        self._world.after_ms(
            CLASSIFIER_MS, self._world.deliver, ev.ClassifierVerdict, effect.request, effect.purpose, verdict
        )


class WhatIfVoice:
    """Says clauses in the time their letters take, one generation at a time, as the loudspeaker does."""

    def __init__(self, world: World, recording: Recording, released: Callable[[fx.Release], None]) -> None:
        self._world = world
        self._recording = recording
        self._tell_released = released
        self._lengths_ms: dict[tuple[int, int], int] = {}
        self._loud = 0
        self._playing = -1  # the clause that sounds, -1 between two
        self._since_us = 0
        self._done_ms = 0
        self._next = 0
        self._gone: set[int] = set()
        world.cast(self._speak, fx.Speak)
        world.cast(self._released, fx.Release)
        world.cast(self._clear, fx.Clear)
        world.cast(self._drop, fx.CancelVoice)
        world.position = self._position

    def take_over(self, steps: Sequence[Step]) -> None:
        """What was said and is being said in the recording goes on here."""
        for event, effects in steps:
            if isinstance(event, ev.VoiceFinished):
                self._lengths_ms[event.generation, event.index] = event.audio_ms
            elif isinstance(event, ev.PlayoutStarted) and event.generation == self._loud:
                self._playing, self._since_us = self._next, event.at_us
            elif isinstance(event, ev.MarkPlayed) and event.generation == self._loud:
                self._done_ms += self._lengths_ms.get((event.generation, event.index), 0)
                self._next, self._playing, self._since_us = event.index + 1, event.index + 1, event.at_us
            for effect in effects:
                self._remember(effect)
        if self._loud:
            self._go_on()
        for generation, index in [key for key in self._lengths_ms if key[0] not in (self._loud, *self._gone)]:
            self._world.after_ms(0, self._ready, generation, index)

    def _remember(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Speak():
                self._lengths_ms.setdefault((effect.generation, effect.index), self._length_ms(effect.text))
            case fx.Release():
                self._loud, self._playing, self._next, self._done_ms = effect.generation, -1, 0, 0
            case fx.AgentSaid() | fx.Withdrawn() | fx.CancelVoice():
                self._gone.add(effect.generation)
                if effect.generation == self._loud:
                    self._loud = 0

    def unless_called_off(self, event: ev.Event) -> None:
        """A recorded input that was under way, as long as nobody has called it off since."""
        generation = int(getattr(event, "generation", 0))
        if not self._world.conversation.ended and generation not in self._gone:
            fields = [getattr(event, name) for name in event.__dataclass_fields__ if name != "at_us"]
            self._world.deliver(type(event), *fields)

    def _length_ms(self, text: str) -> int:
        return max(100, round(len(text) * self._recording.pace.ms_per_character))

    def _speak(self, effect: fx.Speak) -> None:
        self._lengths_ms[effect.generation, effect.index] = self._length_ms(effect.text)
        wait_ms = self._recording.pace.first_audio_ms + effect.index * CLAUSE_MS
        self._world.after_ms(wait_ms, self._ready, effect.generation, effect.index)

    def _ready(self, generation: int, index: int) -> None:
        if generation in self._gone:
            return
        world, length_ms = self._world, self._lengths_ms[generation, index]
        world.deliver(ev.VoiceReady, generation, index)
        world.deliver(ev.VoiceFinished, generation, index, length_ms, (), True)
        if generation == self._loud and self._playing < 0:
            self._go_on()

    def _released(self, effect: fx.Release) -> None:
        self._loud, self._playing, self._next, self._done_ms = effect.generation, -1, 0, 0
        self._tell_released(effect)
        self._world.after_ms(0, self._go_on)

    def _go_on(self) -> None:
        """The next clause of the loud generation sounds, if it is there."""
        world, key = self._world, (self._loud, self._next)
        if not self._loud or key not in self._lengths_ms:
            return
        elapsed_ms = (world.now_us - self._since_us) // 1000 if self._playing == self._next else 0
        if self._playing != self._next:
            self._playing, self._since_us = self._next, world.now_us
            if self._next == 0:
                world.deliver(ev.PlayoutStarted, self._loud)
        world.after_ms(max(1, self._lengths_ms[key] - elapsed_ms), self._played, *key)

    def _played(self, generation: int, index: int) -> None:
        if generation != self._loud or index != self._next:
            return
        self._done_ms += self._lengths_ms[generation, index]
        self._next, self._playing = index + 1, -1
        self._world.deliver(ev.MarkPlayed, generation, index)
        if generation == self._loud:
            self._go_on()

    def _clear(self, effect: fx.Clear) -> None:
        generation, heard_ms = self._position()
        played_ms = heard_ms if effect.generation == generation else 0
        self._loud = 0
        self._world.after_ms(0, self._world.deliver, ev.Cleared, effect.generation, played_ms)

    def _position(self) -> tuple[int, int]:
        """The generation that is loud, and how much of it was played."""
        sounding_ms = (self._world.now_us - self._since_us) // 1000 if self._playing >= 0 else 0
        return self._loud, self._done_ms + sounding_ms

    def _drop(self, effect: fx.CancelVoice) -> None:
        self._gone.add(effect.generation)


class WhatIfTools:
    """Tools answer as they did; transfers go nowhere. ``remarks`` names what the recording could not answer."""

    def __init__(self, world: World, recording: Recording) -> None:
        self._world = world
        self._results = {name: list(results) for name, results in recording.tools.items()}
        self.remarks: list[str] = []
        world.cast(self._call, fx.CallTool)
        world.cast(self._call, fx.SendKeys)
        world.cast(self._transfer, fx.Transfer)

    def _call(self, effect: fx.CallTool | fx.SendKeys) -> None:
        results = self._results.get(effect.name, [])
        if results:
            # The last result stands for every further call of the same tool.
            took_ms, ok, text = results.pop(0) if len(results) > 1 else results[0]
            self.remarks.append(answered_as_recorded(effect))
        else:
            took_ms, ok, text = NO_RESULT_MS, False, NOT_RECORDED
            self.remarks.append(
                f"the tool {effect.name} was not called, and the recording has no result of it from that turn on: it failed"
            )
        self._world.after_ms(max(1, took_ms), self._world.deliver, ev.ToolResult, effect.request, ok, text)

    def _transfer(self, effect: fx.Transfer) -> None:
        self.remarks.append(nobody_transferred(effect))
        self._world.after_ms(TRANSFER_MS, self._world.deliver, ev.TransferProgress, effect.request, "completed")
