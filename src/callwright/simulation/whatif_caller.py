"""The caller of a what-if run: says what the recording has, for as long as the agent's replies are about the same."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.wording import words_of
from callwright.simulation.whatif_recording import USUAL_THINK_MS, CallerLine, Recording
from callwright.simulation.world import World

FITS_PERCENT = 50
"""A reply is about the same when so much of the longer one's words are in both."""
HANGOVER_MS, FINAL_MS, VERDICT_MS, KEY_MS = 200, 250, 60, 250
LAST_MS = 1_500
"""After the last reply that was heard the caller leaves."""
FINISHED_PPM, UNFINISHED_PPM = 950_000, 50_000


class WhatIfCaller:
    """Speaks the recorded lines. ``left``: why there were no more; ``remarks``: what was not as in the recording."""

    def __init__(self, world: World, recording: Recording, *, keep_going: bool) -> None:
        self._world = world
        self._recording = recording
        self._keep_going = keep_going
        self._lines = list(recording.lines)
        self._segment = recording.last_segment
        self._speaking = False
        self._replies: dict[int, list[str]] = {}
        self._audible = 0
        self._plan = 0  # the newest wish to speak; older ones are void
        self.left = ""
        self.remarks: list[str] = []
        world.cast(self._heard, fx.AgentSaid)
        world.cast(self._unheard, fx.Withdrawn)
        world.cast(self._judge, fx.AskTurnModel)
        world.cast(self._let_go, fx.HangUp)

    def begin(self) -> None:
        """The run goes on: the words of the turn it was parted at are said when they were.

        From the beginning they are said then, too, unless the agent speaks before: then they follow it as they did.
        """
        if not self._lines:
            return
        wait_ms = max(1, (self._lines[0].from_us - self._world.now_us) // 1000)
        if self._recording.cut_us:
            self._world.after_ms(wait_ms, self._speak, self._lines.pop(0))
        else:
            self._plan += 1
            self._world.after_ms(wait_ms, self._try, self._plan, False)

    # -- what the agent does ---------------------------------------------------------------------------------------------------

    def released(self, effect: fx.Release) -> None:
        """The agent begins to be heard."""
        self._audible = effect.generation
        line = self._lines[0] if self._lines else None
        if line is not None and line.over_ms is not None:
            self._plan += 1
            self._world.after_ms(line.over_ms, self._try, self._plan, True)

    def _unheard(self, effect: fx.Withdrawn) -> None:
        if effect.generation == self._audible:
            self._audible = 0
            self._wait(USUAL_THINK_MS)

    def _heard(self, effect: fx.AgentSaid) -> None:
        self._audible = 0
        if effect.purpose != "silence":
            self._replies.setdefault(effect.turn, []).append(effect.text)
        line = self._lines[0] if self._lines else None
        self._wait(LAST_MS if line is None else USUAL_THINK_MS if line.over_ms is not None else max(1, line.think_ms))

    def _wait(self, wait_ms: int) -> None:
        self._plan += 1
        self._world.after_ms(wait_ms, self._try, self._plan, False)

    def _try(self, plan: int, over: bool) -> None:
        """Speak now, unless something has happened since this was planned."""
        state = self._world.conversation.state
        if plan != self._plan or self._speaking or (self._audible and not over) or self._world.conversation.ended:
            return
        if state in ("thinking", "working", "transferring") and not over:
            self._wait(USUAL_THINK_MS)
            return
        if not self._lines:
            self._leave("the recording has no more words of the caller")
        elif self._fits(self._lines[0].turn - 1) or self._keep_going:
            self._speak(self._lines.pop(0))
        else:
            line = self._lines[0]
            self._leave(f'the caller\'s next words, "{line.text or line.keys}", answered another reply')

    def _fits(self, turn: int) -> bool:
        """Whether what the agent said in ``turn`` is about what it said there in the recording. To a greeting anything is an answer."""
        now = set(words_of(" ".join(self._replies.get(turn, ()))))
        then = set(words_of(self._recording.replies.get(turn, "")))
        return (
            not turn
            or turn not in self._replies
            or not then
            or len(now & then) * 100 >= max(len(now), len(then)) * FITS_PERCENT
        )

    def _leave(self, why: str) -> None:
        self.left = why
        self._world.deliver(ev.LegEnded, "answered", "Callee", "the what-if is over", 0)

    def _let_go(self, _effect: fx.HangUp) -> None:
        self._world.after_ms(50, self._world.deliver, ev.LegEnded, "answered", "Agent", "hung up", 0)

    # -- what the caller does ----------------------------------------------------------------------------------------------------

    def _position_ms(self) -> int:
        return max(0, (self._world.now_us - self._recording.answered_us) // 1000)

    def _speak(self, line: CallerLine) -> None:
        self._speaking = True
        if not line.text:
            self._type(line.keys)
            return
        self._segment += 1
        self._world.deliver(ev.ActivityBegan, self._position_ms())
        self._world.after_ms(line.word_ms, self._word, line, 1)

    def _word(self, line: CallerLine, said: int) -> None:
        words = line.text.split()
        if said < len(words):
            text = " ".join(words[:said])
            self._world.deliver(ev.TranscriptPartial, self._position_ms(), self._segment, text)
            self._world.after_ms(line.word_ms, self._word, line, said + 1)
            return
        self._speaking = False
        at_ms = self._position_ms()
        self._world.after_ms(HANGOVER_MS, self._world.deliver, ev.ActivityEnded, at_ms)
        self._world.after_ms(FINAL_MS, self._world.deliver, ev.TranscriptFinal, at_ms, self._segment, line.text)
        if line.keys:
            self._world.after_ms(KEY_MS, self._type, line.keys)

    def _type(self, keys: str) -> None:
        """Keys one after the other, and the finishing key of the plan behind them."""
        end = self._recording.started.plan.keys_end
        for number, key in enumerate(keys + end):
            self._world.after_ms(number * KEY_MS, self._world.deliver, ev.KeyPressed, key)
        self._speaking = False

    def _judge(self, effect: fx.AskTurnModel) -> None:
        likely = UNFINISHED_PPM if self._speaking else FINISHED_PPM
        self._world.after_ms(VERDICT_MS, self._world.deliver, ev.TurnVerdict, effect.request, likely)
