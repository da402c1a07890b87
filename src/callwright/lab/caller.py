"""The mind of a synthetic caller: what it does about what it hears. Pure: it reads no clock and makes no sound.

Its inputs are what a person at the telephone notices, each with ``now_ms`` since the answer; what it wants done comes back as acts.
Only what really was heard counts: words that were cut off before they were played never arrive here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from callwright.lab.caller_scenario import Persona, Rule


@dataclass(frozen=True, slots=True)
class Say:
    """Say ``text`` now. ``over`` the agent's voice or not is only for the record."""

    text: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Beep:
    """Play an answering machine's beep."""


@dataclass(frozen=True, slots=True)
class Press:
    """Press ``keys`` one after the other."""

    keys: str


@dataclass(frozen=True, slots=True)
class PutDown:
    """Hang up now, whatever is being said."""


Act = Say | Beep | Press | PutDown

MOST_FALLBACKS_IN_A_ROW = 3
GIVE_UP_AFTER_NUDGES = 2
LONGEST_WAIT_FOR_WORDS_MS = 3_000
"""How long a caller whose ears are slow waits for the words of a voice that has ended."""
LONGEST_TO_GIVE_WAY_MS = 500
"""An agent that speaks on for so long behind the caller's words has not given way to them: what it said is heard out, and answered."""
MS_PER_WORD = 400
"""By this a caller whose ears tell nothing before the end of a sentence counts words."""


@dataclass(slots=True)
class _Agent:
    """What the caller knows of the agent: what it heard since it last spoke itself, and how the voice stands.

    ``words_outstanding``: the ears have not told all of the voice's words. ``spoken_over``: the caller has cut into what is being said, and
    what is left of it needs no answer. ``goes_on_ms``: a voice that still speaks then has not given way, and wants to be listened to.
    ``barge_in_ms``: when it will cut in if the ears tell no words before.
    """

    texts: list[str] = field(default_factory=list)
    speaks: bool = False
    spoke: bool = False
    words_outstanding: bool = False
    spoken_over: bool = False
    goes_on_ms: int | None = None
    barge_in_ms: int | None = None


class CallerMind:
    """One caller in one call. Ask :meth:`next_deadline_ms` after every input and call :meth:`tick` when it is due."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self._unused = list(persona.rules)
        self._agent = _Agent()
        self._quiet_since_ms = 0
        self._speaks = False
        self._plan: tuple[int, Rule] | None = None
        self._leave_ms: int | None = None
        self._linger_ms: int | None = None
        self._nudges = 0
        self._fallbacks = 0
        self._gone = False

    @property
    def gone(self) -> bool:
        """Whether the caller has hung up."""
        return self._gone

    def answered(self, now_ms: int) -> tuple[Act, ...]:
        """The caller has taken the call."""
        self._quiet_since_ms = now_ms
        answer = self._persona.answer
        if answer.how == "machine":
            self._speaks = True
            self._leave_ms = now_ms + answer.record_ms
            return (Say(answer.greeting), Beep())
        return self._say(self._persona.opening) if self._persona.opening else ()

    def agent_speaks(self, speaks: bool, now_ms: int) -> tuple[Act, ...]:
        """The agent's voice began or ended."""
        self._agent.speaks = speaks
        self._quiet_since_ms = now_ms
        self._agent.words_outstanding = self._agent.words_outstanding or speaks
        # A voice that pauses at a comma and goes on under the caller's words still says what the caller has cut into.
        if speaks and not self._speaks:
            self._agent.spoken_over = False
        self._agent.barge_in_ms = (
            now_ms + self._persona.barge_in_words * MS_PER_WORD if speaks and self._persona.barge_in_words else None
        )
        if speaks and not self._agent.spoke:
            self._agent.spoke = True
            if self._persona.answer.hang_up_after_ms:
                self._leave_ms = now_ms + self._persona.answer.hang_up_after_ms
        if speaks and self._plan is not None and not self._plan[1].interrupt_after_words:
            self._plan = None  # The agent goes on: listen first.
        elif not speaks:
            self._consider(now_ms)
        return ()

    def hears(self, text: str, now_ms: int) -> tuple[Act, ...]:
        """Words so far of what the agent is saying."""
        if self._speaks or self._gone or self._is_machine or not self._agent.speaks:
            return ()
        self._agent.barge_in_ms = None
        words = len(text.split())
        for rule in self._unused:
            if (
                rule.interrupt_after_words
                and words >= rule.interrupt_after_words
                and (not rule.heard or rule.fits(text))
            ):
                return self._do(rule, now_ms, over=True)
        if self._persona.barge_in_words and words >= self._persona.barge_in_words:
            choice = self._choice(text)
            if choice is not None:
                return self._do(choice, now_ms, over=True)
        return ()

    def heard(self, text: str, now_ms: int, *, to_the_end: bool = True) -> tuple[Act, ...]:
        """What the agent said, for good. The caller reacts after its pause to think, unless the agent goes on.

        ``to_the_end``: the text covers all of the agent's voice so far; otherwise more words of it are still to come.
        """
        self._agent.words_outstanding = not to_the_end
        if self._agent.goes_on_ms is not None and now_ms >= self._agent.goes_on_ms:
            self._agent.spoken_over = False
        # The rest of a sentence that the caller has cut off with its answer needs no second answer.
        if text.strip() and not self._agent.spoken_over:
            self._agent.texts.append(text.strip())
            self._nudges = 0
        self._consider(now_ms)
        return ()

    def said(self, now_ms: int) -> tuple[Act, ...]:
        """The caller's own words have been spoken."""
        self._speaks = False
        self._quiet_since_ms = now_ms
        if self._agent.spoken_over and self._agent.speaks:
            self._agent.goes_on_ms = now_ms + LONGEST_TO_GIVE_WAY_MS
        if self._linger_ms is not None:
            self._leave_ms = now_ms + self._linger_ms
        self._consider(now_ms)
        return ()

    def next_deadline_ms(self) -> int | None:
        """When :meth:`tick` must be called at the latest, or None."""
        if self._gone:
            return None
        times = [self._plan[0]] if self._plan and not self._speaks else []
        if self._leave_ms is not None:
            times.append(self._leave_ms)
        if self._agent.barge_in_ms is not None and not self._speaks:
            times.append(self._agent.barge_in_ms)
        silence_ms = self._shortest_silence_ms()
        if silence_ms and not self._speaks and not self._agent.speaks and self._plan is None and self._leave_ms is None:
            times.append(self._quiet_since_ms + silence_ms)
        return min(times, default=None)

    def tick(self, now_ms: int) -> tuple[Act, ...]:
        """Time has passed."""
        deadline = self.next_deadline_ms()
        if deadline is None or now_ms < deadline:
            return ()
        if self._leave_ms is not None and now_ms >= self._leave_ms:
            self._gone = True
            return (PutDown(),)
        if self._agent.barge_in_ms is not None:
            self._agent.barge_in_ms = None
            choice = self._choice("")
            return () if choice is None else self._do(choice, now_ms, over=True)
        if self._plan is not None:
            return self._do(self._plan[1], now_ms)
        return self._about_silence(now_ms)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    @property
    def _is_machine(self) -> bool:
        return self._persona.answer.how == "machine"

    def _consider(self, now_ms: int) -> None:
        """Make up a plan when the agent has said something and is quiet."""
        if not self._agent.texts or self._agent.speaks or self._speaks or self._is_machine:
            return
        if self._leave_ms is not None:
            # The goodbyes are exchanged; nothing is left to wait for.
            self._leave_ms = min(self._leave_ms, now_ms + self._persona.think_ms)
            return
        rule = self._choice(" ".join(self._agent.texts))
        if rule is not None:
            pause_ms = self._persona.think_ms + rule.wait_ms
            self._plan = (now_ms + pause_ms + (LONGEST_WAIT_FOR_WORDS_MS if self._agent.words_outstanding else 0), rule)

    def _choice(self, text: str) -> Rule | None:
        """A rule whose words were heard, else the next in order, else a way to say that the caller is lost."""
        for rule in self._unused:
            if rule.fits(text):
                return rule
        for rule in self._unused:
            if rule.in_order and not rule.silence_ms:
                return rule
        lines = self._persona.fallback
        if not lines:
            return None
        last = self._fallbacks >= min(len(lines), MOST_FALLBACKS_IN_A_ROW) - 1
        return Rule(say=lines[min(self._fallbacks, len(lines) - 1)], hang_up=last)

    def _do(self, rule: Rule, now_ms: int, *, over: bool = False) -> tuple[Act, ...]:
        if rule in self._unused:
            self._fallbacks = 0
            if not rule.repeat:
                self._unused.remove(rule)
        elif rule.say in self._persona.fallback:
            self._fallbacks += 1
        self._plan = None
        self._agent.spoken_over = over
        self._agent.goes_on_ms = None
        self._agent.texts.clear()
        self._quiet_since_ms = now_ms
        acts: list[Act] = list(self._say(rule.say, over)) if rule.say else []
        if rule.press:
            acts.append(Press(rule.press))
        if rule.hang_up and not rule.say:
            self._gone = True
            acts.append(PutDown())
        elif rule.hang_up:
            self._linger_ms = rule.linger_ms
        return tuple(acts)

    def _say(self, text: str, over: bool = False) -> tuple[Act, ...]:
        self._speaks = True
        return (Say(text, over),)

    def _shortest_silence_ms(self) -> int:
        waits = [rule.silence_ms for rule in self._unused if rule.silence_ms]
        if self._persona.patience_ms:
            waits.append(self._persona.patience_ms)
        return min(waits, default=0)

    def _about_silence(self, now_ms: int) -> tuple[Act, ...]:
        quiet_ms = now_ms - self._quiet_since_ms
        for rule in self._unused:
            if rule.silence_ms and quiet_ms >= rule.silence_ms:
                return self._do(rule, now_ms)
        if self._nudges >= GIVE_UP_AFTER_NUDGES:
            self._gone = True
            return (PutDown(),)
        self._nudges += 1
        return self._do(Rule(say=self._persona.nudge), now_ms)
