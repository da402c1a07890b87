"""The caller of a what-if run: says what the recording has, for as long as the agent's replies are about the same."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.insight.wording import words_of
from callwright.simulation.whatif_recording import SILENCE, USUAL_STAY_MS, USUAL_THINK_MS, CallerLine, Recording
from callwright.simulation.world import World

FITS_PERCENT = 50
"""A reply is about the same when so much of the longer one's words are in both."""
HANGOVER_MS, FINAL_MS, VERDICT_MS = 200, 250, 60
FINISHED_PPM, UNFINISHED_PPM = 950_000, 50_000
NO_MORE = "the recording has no more words of the caller"


class WhatIfCaller:
    """Speaks the recorded lines, and stays behind the last one as long as the caller stayed; where the agent ended the call, until it does.

    ``left``: why there were no more; ``remarks``: what was not as in the recording.
    """

    def __init__(self, world: World, recording: Recording, *, keep_going: bool) -> None:
        self._world = world
        self._recording = recording
        self._keep_going = keep_going
        self._lines = list(recording.lines)
        self._segment = recording.last_segment
        self._speaking = False
        self._replies: dict[int, list[str]] = {}
        self._audible = 0
        self._plan = 0  # the newest wish to speak or to leave; older ones are void
        self._due_us = 0  # when it is due; 0 while the caller speaks and until they are answered
        self._typing_us = 0  # until when keys are pressed
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
        left = self._recording.left
        if not self._lines:
            self._wait(self._stay_ms() if left is None else (left.at_us - self._world.now_us) // 1000)
            return
        wait_ms = max(1, (self._lines[0].from_us - self._world.now_us) // 1000)
        if self._recording.cut_us:
            self._world.after_ms(wait_ms, self._speak, self._lines.pop(0))
        else:
            self._wait(wait_ms)

    # -- what the agent does ---------------------------------------------------------------------------------------------------

    def released(self, effect: fx.Release) -> None:
        """The agent begins to be heard."""
        self._audible = effect.generation
        line, left = self._lines[0] if self._lines else None, self._recording.left
        if line is not None and line.over_ms is not None:
            self._wait(line.over_ms, over=True)
        elif line is None and left is not None and left.over:
            self._wait(left.wait_ms, over=True)

    def _unheard(self, effect: fx.Withdrawn) -> None:
        if effect.generation == self._audible:
            self._audible = 0
            self._wait(USUAL_THINK_MS if self._lines else self._stay_ms())

    def _heard(self, effect: fx.AgentSaid) -> None:
        self._audible = 0
        line = self._lines[0] if self._lines else None
        think_ms = self._stay_ms() if line is None else USUAL_THINK_MS if line.over_ms is not None else line.think_ms
        if effect.purpose != SILENCE:
            self._replies.setdefault(effect.turn, []).append(effect.text)
        elif line is not None and line.asked_ms is not None:
            think_ms = line.asked_ms
        elif self._due_us:
            # Being asked whether they are still there makes nobody speak or leave sooner or later who had not answered it.
            think_ms = (self._due_us - self._world.now_us) // 1000
        self._wait(think_ms)

    def _stay_ms(self) -> int:
        """How long the caller stays after a reply behind which they have nothing to say."""
        left = self._recording.left
        if left is None:
            return MAX_CALL_SECONDS * 1000  # the agent ends every call by then
        return USUAL_STAY_MS if left.over or left.unanswered else left.wait_ms

    def _wait(self, wait_ms: int, *, over: bool = False) -> None:
        """Speak or leave in ``wait_ms``, and not as planned before."""
        self._plan += 1
        self._due_us = self._world.now_us + max(1, wait_ms) * 1000
        self._world.after_ms(max(1, wait_ms), self._try, self._plan, over)

    def _try(self, plan: int, over: bool) -> None:
        """Speak now, unless something has happened since this was planned."""
        state, typing_ms = self._world.conversation.state, (self._typing_us - self._world.now_us) // 1000
        if plan != self._plan or self._speaking or (self._audible and not over) or self._world.conversation.ended:
            return
        if typing_ms > 0 or (state in ("thinking", "working", "transferring") and not over):
            self._wait(max(USUAL_THINK_MS, typing_ms))
            return
        if not self._lines:
            self.leave(NO_MORE)
        elif self._fits(self._lines[0].turn - 1) or self._keep_going:
            self._speak(self._lines.pop(0))
        else:
            line = self._lines[0]
            keys = "".join(key for _, key in line.keys)
            self.leave(f'the caller\'s next words, "{line.text or keys}", answered another reply')

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

    def _leave_unanswered(self, plan: int) -> None:
        """No reply has begun since the last words."""
        if plan == self._plan and not self._audible and not self._world.conversation.ended:
            self.leave(NO_MORE)

    def leave(self, why: str) -> None:
        """The caller hangs up, and the run is over."""
        self.left = why
        self._world.end_leg("answered", "Callee", "the what-if is over", 0)

    def _let_go(self, _effect: fx.HangUp) -> None:
        self._world.after_ms(50, self._world.end_leg, "answered", "Agent", "hung up", 0)

    # -- what the caller does ----------------------------------------------------------------------------------------------------

    def _position_ms(self) -> int:
        return max(0, (self._world.now_us - self._recording.audio_began_us) // 1000)

    def _speak(self, line: CallerLine) -> None:
        self._due_us = 0
        for after_ms, key in line.keys:
            self._typing_us = self._world.now_us + after_ms * 1000
            self._world.after_ms(after_ms, self._world.deliver, ev.KeyPressed, key)
        if not line.text:
            self._said()
            return
        self._speaking = True
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
        self._said()

    def _said(self) -> None:
        """The words of a turn are over. Whoever hung up behind the last ones without a reply to them does so again."""
        left = self._recording.left
        if self._lines or left is None or not left.unanswered:
            return
        self._plan += 1
        typing_ms = max(0, self._typing_us - self._world.now_us) // 1000
        # The recogniser has nothing more to say when the line is gone.
        self._world.after_ms(typing_ms + max(FINAL_MS + 1, left.wait_ms), self._leave_unanswered, self._plan)

    def _judge(self, effect: fx.AskTurnModel) -> None:
        likely = UNFINISHED_PPM if self._speaking else FINISHED_PPM
        self._world.after_ms(VERDICT_MS, self._world.deliver, ev.TurnVerdict, effect.request, likely)
