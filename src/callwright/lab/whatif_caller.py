"""The caller of a what-if run: says what the recording has, for as long as the agent's replies are about the same."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.insight.wording import words_of
from callwright.lab.whatif_lines import ANSWERABLE_MS, SILENCE, USUAL_THINK_MS, CallerLine
from callwright.lab.whatif_recording import USUAL_STAY_MS, Recording, Reply, with_more
from callwright.lab.whatif_speech import WhatIfSpeech
from callwright.lab.world import World

FITS_PERCENT = 50
"""A reply is about the same when so much of the longer one's words are in both."""
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
        self._speech = WhatIfSpeech(world, recording, self._said, self._went_on)
        self._turn = self._lines[0].turn - 1 if self._lines else 0  # the recorded turn that was said last
        self._turns: dict[int, int] = {}  # turns of the run, and the recorded ones that they are the end of
        self._replies: dict[int, Reply] = {}  # by turn of the run
        self._texts: dict[int, list[str]] = {}  # by generation
        self._audible = 0
        self._audible_us = 0
        self._silent_us = 0  # when the last words of the caller were over
        self._goes_on = False  # the next words are planned by the caller's own pause
        self._plan = 0  # the newest wish to speak or to leave; older ones are void
        self._due_us = 0  # when it is due; 0 while the caller speaks and until they are answered
        self._typing_us = 0  # until when keys are pressed
        self.left = ""
        self.remarks: list[str] = []
        world.cast(self._heard, fx.AgentSaid)
        world.cast(self._unheard, fx.Withdrawn)
        world.cast(self._spoken, fx.Speak)
        world.cast(self._understood, fx.UserSaid)
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
        self._audible, self._audible_us = effect.generation, self._world.now_us
        line, left = self._lines[0] if self._lines else None, self._recording.left
        if line is not None and line.over_ms is not None:
            self._wait(line.over_ms, over=True)
        elif line is None and left is not None and left.over:
            self._wait(left.wait_ms, over=True)

    def _spoken(self, effect: fx.Speak) -> None:
        self._texts.setdefault(effect.generation, []).append(effect.text)

    def _understood(self, effect: fx.UserSaid) -> None:
        """The agent takes what was said so far for a turn, which need not be what was one in the recording."""
        self._turns[effect.turn] = self._turn

    def _unheard(self, effect: fx.Withdrawn) -> None:
        if effect.generation == self._audible:
            self._audible = 0
            if not self._goes_on:
                self._wait(USUAL_THINK_MS if self._lines else self._stay_ms())

    def _heard(self, effect: fx.AgentSaid) -> None:
        answerable = self._answerable
        self._audible = 0
        if effect.purpose != SILENCE:
            text = " ".join(self._texts.get(effect.generation, [effect.text]))
            self._replies[effect.turn] = with_more(self._replies.get(effect.turn), Reply(text, effect.cut))
        if not self._goes_on:
            self._wait(self._think_ms(effect.purpose))
        elif answerable:
            self._answered_sooner()
            self._wait(USUAL_THINK_MS)

    def _think_ms(self, purpose: str) -> int:
        """How long the caller waits after what the agent said until they speak or leave."""
        line = self._lines[0] if self._lines else None
        if purpose == SILENCE and line is not None and line.asked_ms is not None:
            return line.asked_ms
        if purpose == SILENCE and self._due_us:
            # Being asked whether they are still there makes nobody speak or leave sooner or later who had not answered it.
            return (self._due_us - self._world.now_us) // 1000
        if line is None:
            return self._stay_ms()
        return line.think_ms if line.over_ms is None and line.pause_ms is None else USUAL_THINK_MS

    @property
    def _answerable(self) -> bool:
        """Whether so much of the agent's present words was heard since the caller's own that they can be answered."""
        since_us = max(self._audible_us, self._silent_us)
        return self._audible > 0 and self._world.now_us - since_us >= ANSWERABLE_MS * 1000

    def _answered_sooner(self) -> None:
        """A reply is heard before the caller has gone on."""
        self._goes_on = False
        self._remark(
            f"the caller said turn {self._lines[0].turn} before a reply was heard; here one is heard first, and whether they would still"
            " have said it the recording does not tell: they do, behind the reply"
        )

    def _remark(self, told: str) -> None:
        if told not in self.remarks:
            self.remarks.append(told)

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
        if plan != self._plan or self._speech.speaking or self._world.conversation.ended:
            return
        if self._goes_on and self._answerable:
            self._answered_sooner()
            return
        unasked = over or self._goes_on
        if self._audible and not unasked:
            return
        if typing_ms > 0 or (state in ("thinking", "working", "transferring") and not unasked):
            self._wait(max(USUAL_THINK_MS, typing_ms))
            return
        if not self._lines:
            self.leave(NO_MORE)
        elif self._lines[0].pause_ms is not None or self._fits(self._lines[0].turn - 1) or self._keep_going:
            self._speak(self._lines.pop(0))
        else:
            line = self._lines[0]
            keys = "".join(key for _, key in line.keys)
            self.leave(f'the caller\'s next words, "{line.text or keys}", answered another reply')

    def _fits(self, turn: int) -> bool:
        """Whether what the agent said to ``turn`` is about what it said to it in the recording. To a greeting anything is an answer."""
        runs = [number for number, recorded in self._turns.items() if recorded == turn and number in self._replies]
        then = self._recording.replies.get(turn)
        return not turn or not runs or then is None or _about_the_same(self._replies[runs[-1]], then)

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

    def _speak(self, line: CallerLine) -> None:
        self._due_us = 0
        self._goes_on = False
        self._turn = line.turn
        for after_ms, key in line.keys:
            self._typing_us = self._world.now_us + after_ms * 1000
            self._world.after_ms(after_ms, self._world.deliver, ev.KeyPressed, key)
        if line.text:
            self._speech.say(line)
        else:
            self._said()

    def _went_on(self, line: CallerLine) -> None:
        """The caller pauses within a turn no longer than they did, whatever the agent takes the pause for."""
        if self._audible:
            self._remark(
                f"the agent speaks before the caller has finished turn {line.turn}; what they would do then the recording does not tell:"
                " here they go on as they did"
            )

    def _said(self) -> None:
        """The words of a turn are over. Whoever hung up behind the last ones without a reply to them does so again."""
        left = self._recording.left
        self._silent_us = self._world.now_us
        pause_ms = self._lines[0].pause_ms if self._lines else None
        if pause_ms is not None:
            self._goes_on = True
            self._wait(pause_ms)
            return
        if self._lines or left is None or not left.unanswered:
            return
        self._plan += 1
        typing_ms = max(0, self._typing_us - self._world.now_us) // 1000
        # The recogniser has nothing more to say when the line is gone.
        self._world.after_ms(
            typing_ms + max(self._recording.ears.final_ms + 1, left.wait_ms), self._leave_unanswered, self._plan
        )


def _about_the_same(now: Reply, then: Reply) -> bool:
    """Whether two replies have half of their words in common. Of one that was cut only the beginning may be known: beginnings are
    compared."""
    said, recorded = words_of(now.text), words_of(then.text)
    if now.cut or then.cut:
        most = min(len(said), len(recorded))
        said, recorded = said[:most], recorded[:most]
    longest = max(len(set(said)), len(set(recorded)))
    return len(set(said) & set(recorded)) * 100 >= longest * FITS_PERCENT
