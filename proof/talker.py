"""The far end of the simulated line: a caller with habits, and the recogniser and turn model that listen."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.phrases import ASSENTS, DENIALS, NODS, REFUSALS, STOPS
from proof.random_world import RandomWorld

LANGUAGES = ("en", "en", "hi", "de")
"""Of the simulated calls; their callers use the words of all of these."""

_DICTATED = ("five", "7", "4711", "B", "O", "C", "fünf", "सात", "and", "my number is", "yes", "no thanks", "um")
"""Words after which a caller is given more time, or less."""

_DIGITS = ("five", "7")

NEW = "w#"
"""Stands for the caller's next numbered word."""

_STOPS = tuple(
    phrase
    for language in dict.fromkeys(LANGUAGES)
    for table in (STOPS, DENIALS, REFUSALS)
    for phrase in table[language]
)
_OPT_OUTS = (
    "stop calling me, and never again.",
    "please never call this number again.",
    "rufen Sie nicht mehr an, und",
    "don't call me",
)
_NODS = tuple(phrase for language in dict.fromkeys(LANGUAGES) for phrase in (*ASSENTS[language], *NODS[language]))


@dataclass(frozen=True, slots=True)
class Habits:
    """How a caller behaves. Chances in thousandths; ``turns`` is how often the caller will speak."""

    turns: int
    think_ms: int
    word_ms: int
    interrupts: int
    pauses: int
    noises: int
    silent: int
    hangs_up: int
    detector: bool
    partials: int
    recogniser_ends: int
    resumes: int
    eager: int
    types: int
    holds: int
    nods: int
    dictates: int
    vanishes: int
    echoes: int
    read_late: int
    beside: int


def habits_of(random: Random) -> Habits:
    """A caller drawn at random."""
    return Habits(
        turns=random.randint(0, 7),
        think_ms=random.choice((50, 300, 800, 2_000)),
        word_ms=random.randint(150, 400),
        interrupts=random.choice((0, 100, 400, 900)),
        pauses=random.choice((0, 50, 200)),
        noises=random.choice((0, 50, 300)),
        silent=random.choice((0, 50, 300)),
        hangs_up=random.choice((0, 50, 200)),
        detector=random.random() < 0.95,
        partials=random.choice((0, 500, 1000)),
        recogniser_ends=random.choice((0, 0, 500)),
        resumes=random.choice((0, 100, 300)),
        eager=random.choice((0, 0, 300, 1000)),
        types=random.choice((0, 30, 300)),
        holds=random.choice((0, 0, 60)),
        nods=random.choice((0, 0, 200, 900)),
        dictates=random.choice((0, 0, 0, 600)),
        vanishes=random.choice((0, 100, 500)),
        echoes=random.choice((0, 0, 0, 500)),
        read_late=random.choice((0, 0, 0, 300)),
        beside=random.choice((0, 0, 0, 300)),
    )


class Talker:
    """The caller. Speaks when the agent has finished, over the agent, in pieces, or not at all."""

    __slots__ = (
        "_answer",
        "_answered_us",
        "_busy",
        "_goes_on",
        "_habits",
        "_said",
        "_segment",
        "_spoken",
        "_turns",
        "_world",
    )

    def __init__(self, world: RandomWorld, habits: Habits) -> None:
        self._world = world
        self._habits = habits
        self._answer = ""  # with which the next words begin
        self._busy = False
        self._goes_on = False  # with a number whose first half was taken for all of it
        self._answered_us = 0
        self._said = 0
        self._segment = 0
        self._spoken: list[str] = []
        self._turns = habits.turns
        world.cast(self._judge, fx.AskTurnModel)

    def answer(self) -> None:
        """The call begins for the caller."""
        self._answered_us = self._world.now_us
        if self._world.chance(300):
            self._world.after_ms(self._world.random.randint(0, 900), self.talk)
        self._world.after_ms(7_000, self._fidget)

    def mutter(self) -> None:
        """Words before the answer: the network's, or a neighbour's."""
        self._said += 1
        self._segment = self._world.next_segment()
        world, text = self._world, f"w{self._said}"
        world.deliver(ev.ActivityBegan, 0)
        world.deliver(ev.TranscriptPartial, 0, self._segment, text)
        world.deliver(ev.ActivityEnded, 0)
        world.deliver(ev.TranscriptFinal, 0, self._segment, text)
        world.deliver(ev.RecogniserEnd, 0)

    def hear_agent(self) -> None:
        """The agent begins to speak: some speak over it, some have heard enough, and some were not at the end of their number."""
        world, habits = self._world, self._habits
        if habits.dictates and self._spoken and self._spoken[-1] in _DICTATED and world.chance(700):
            world.after_ms(world.random.randint(100, 1_200), self._go_on)
        elif world.chance(habits.interrupts):
            world.after_ms(world.random.randint(100, 4_000), self.talk)
        elif world.chance(habits.hangs_up // 2):
            world.after_ms(world.random.randint(100, 6_000), world.end_leg, "answered", "Callee", "hung up", 4000)

    def hear_goodbye(self) -> None:
        """The agent wants to hang up, which brings back a caller who had nothing more to say."""
        self._turns = max(self._turns, 1)
        self.talk()

    def echo(self, text: str, length_ms: int) -> None:
        """The line gives the agent's last clause back, and the recogniser reads it."""
        world = self._world
        if self._busy or not world.chance(self._habits.echoes):
            return
        self._segment = self._world.next_segment()
        ended_ms = self._position_ms() + world.random.randint(0, 200)
        cuts_in = self._turns > 0 and world.chance(self._habits.interrupts // 2)
        if self._habits.detector:
            world.send(0, ev.ActivityBegan, max(ended_ms - length_ms, 0))
            if not cuts_in:
                world.send(world.random.randint(200, 350), ev.ActivityEnded, ended_ms)
        world.send(50, ev.TranscriptPartial, ended_ms, self._segment, text)
        world.send(world.random.randint(200, 600), ev.TranscriptFinal, ended_ms, self._segment, text)
        if cuts_in:
            self._speak()  # the echo and the caller's words are one sound to the detector

    def hear_silence(self) -> None:
        """The agent has stopped."""
        world, habits = self._world, self._habits
        if world.chance(habits.hangs_up):
            world.after_ms(world.random.randint(0, 3_000), world.end_leg, "answered", "Callee", "hung up", 4000)
        elif not world.chance(habits.silent):
            world.after_ms(habits.think_ms + world.random.randrange(400), self.talk)

    def talk(self) -> None:
        """Say something, unless nothing is left to say."""
        if self._busy or self._turns <= 0:
            return
        self._begin_sound()
        self._speak()

    def _go_on(self) -> None:
        """The rest of a number: nothing else is said in it."""
        if not self._busy and self._turns > 0:
            self._goes_on = True
            self.talk()

    def call_out(self, text: str) -> None:
        """Ask whether anybody is there, or say something like it; it costs no turn."""
        if self._busy or self._world.conversation.ended:
            return
        words = text.split()
        for place in (place for place, word in enumerate(words) if word == NEW):
            self._said += 1
            words[place] = f"w{self._said}"
        self._begin_sound()
        self._busy = True
        self._segment = self._world.next_segment()
        self._spoken = []
        self._world.after_ms(self._habits.word_ms, self._call_on, words)

    def _call_on(self, words: list[str]) -> None:
        world = self._world
        self._spoken.append(words[0])
        if world.chance(self._habits.partials):
            text = " ".join(self._spoken)
            world.send(world.random.randint(20, 250), ev.TranscriptPartial, self._position_ms(), self._segment, text)
        if len(words) > 1:
            world.after_ms(self._habits.word_ms, self._call_on, words[1:])
        else:
            self._next_word(0)

    def _speak(self) -> None:
        """The words of a sound that has begun."""
        self._turns -= 1
        self._busy = True
        words = self._world.random.choice((1, 2, 3) if self._goes_on else (1, 1, 2, 3, 4, 6, 9, 15))
        self._segment = self._world.next_segment()
        self._spoken = []
        self._answer = self._world.confirming.answer() if self._world.confirming else ""
        self._next_word(words)

    def _position_ms(self) -> int:
        return (self._world.now_us - self._answered_us) // 1000

    def _begin_sound(self) -> None:
        if self._habits.detector:
            self._world.send(self._world.random.randint(60, 120), ev.ActivityBegan, self._position_ms())

    def _end_sound(self) -> None:
        world = self._world
        if self._habits.detector and world.chance(self._habits.beside):
            world.after_ms(world.random.choice((1_000, 5_000, 30_000)), self._end_beside)  # somebody else goes on
        elif self._habits.detector:
            world.send(world.random.randint(200, 350), ev.ActivityEnded, self._position_ms())

    def _end_beside(self) -> None:
        """What the detector heard behind the caller's words is over."""
        if not self._busy:
            self._world.send(300, ev.ActivityEnded, self._position_ms())

    def _next_word(self, left: int) -> None:
        if left > 0:
            self._world.after_ms(self._habits.word_ms, self._word, left)
            return
        self._end_sound()
        self._finish_segment()
        self._world.after_ms(self._world.random.randint(0, 600), self._rest)

    def _word(self, left: int) -> None:
        world, habits = self._world, self._habits
        answer, self._answer = self._answer, ""
        if answer:
            self._spoken.append(answer)
        elif self._goes_on:
            self._spoken.append(world.random.choice(_DIGITS))
        elif not self._spoken and world.chance(15):
            self._spoken.append(world.random.choice(_OPT_OUTS))
        elif not self._spoken and world.chance(150):
            self._spoken.append(world.random.choice(_STOPS) + ".")
        elif world.chance(habits.dictates):
            self._spoken.append(world.random.choice(_DICTATED))
        elif world.chance(habits.nods):
            self._spoken.append(world.random.choice(_NODS) + ",")
        else:
            self._said += 1
            self._spoken.append(f"w{self._said}")
        if world.chance(habits.partials):
            text = " ".join(self._spoken)
            world.send(world.random.randint(20, 250), ev.TranscriptPartial, self._position_ms(), self._segment, text)
        if (left == 1 or world.chance(habits.pauses // 2)) and world.chance(habits.eager):
            self._seem_finished()
        if left > 1 and (answer or world.chance(habits.pauses)):
            self._end_sound()
            if answer or world.chance(500):
                self._finish_segment()
                self._segment = self._world.next_segment()
                self._spoken = []
            world.after_ms(world.random.randint(250, 2_500), self._resume, left - 1)
        else:
            self._next_word(left - 1)

    def _seem_finished(self) -> None:
        """A recogniser that guesses: the words so far, and that they may be all. Sometimes they are others than the final ones."""
        world = self._world
        words = [*self._spoken, "indeed"] if world.chance(100) else self._spoken
        delay_ms = world.random.randint(30, 200)
        world.send(delay_ms, ev.TranscriptPartial, self._position_ms(), self._segment, " ".join(words))
        world.send(delay_ms + 1, ev.RecogniserEager, self._position_ms())

    def _resume(self, left: int) -> None:
        self._begin_sound()
        if self._world.chance(self._habits.resumes):
            self._world.send(100, ev.RecogniserResumed, self._position_ms())
        self._next_word(left)

    def _finish_segment(self) -> None:
        if not self._spoken:
            return
        world, habits, text = self._world, self._habits, " ".join(self._spoken)
        if world.chance(habits.vanishes):
            # The partial words were none, or only "go on".
            text = world.random.choice(("", "", "mhm", "okay, haan"))
            self._spoken = text.split()
            if world.chance(habits.holds * 5):
                world.after_ms(world.random.randint(0, 1_500), self._hold)  # what was cut off is not heard any more
        delay_ms = world.random.randint(100, 900)
        if world.chance(habits.read_late):
            delay_ms += world.random.randint(500, 2_500)  # other words may be read before these
        position_ms = self._position_ms() + world.random.randint(0, 100)
        world.send(delay_ms, ev.TranscriptFinal, position_ms, self._segment, text)
        if self._spoken and world.chance(50):
            # The recogniser changes its mind about the last word, or the first.
            self._said += 1
            words = list(self._spoken)
            words[world.random.choice((0, -1))] = f"w{self._said}"
            world.send(delay_ms + 150, ev.TranscriptFinal, position_ms, self._segment, " ".join(words))
        if world.chance(habits.recogniser_ends):
            world.send(delay_ms // 2, ev.RecogniserEager, position_ms)
            world.send(delay_ms + world.random.randint(0, 200), ev.RecogniserEnd, position_ms)

    def _rest(self) -> None:
        self._busy = self._goes_on = False
        if self._world.chance(200):
            self.hear_silence()

    def _fidget(self) -> None:
        """Noises, keys, and walking away, every few seconds."""
        world, habits = self._world, self._habits
        if world.conversation.ended:
            return
        if not self._busy and world.chance(habits.noises):
            position_ms, length_ms = self._position_ms(), world.random.choice((60, 200, 700, 3_000, 20_000))
            world.send(80, ev.ActivityBegan, position_ms)
            if not world.chance(50):
                world.send(length_ms + 250, ev.ActivityEnded, position_ms + length_ms)
            if world.chance(500):
                self._segment = self._world.next_segment()
                world.send(length_ms + 500, ev.TranscriptFinal, position_ms + length_ms, self._segment, "")
        if world.chance(habits.types):
            self._type(world.random.choice((1, 1, 4, 10, 40)))
        if world.chance(habits.holds):
            self._hold()
        if world.chance(100):
            self.talk()
        if world.chance(habits.hangs_up // 8):
            world.end_leg("answered", "Callee", "hung up", 4000)
        world.after_ms(world.random.randint(2_000, 9_000), self._fidget)

    def _hold(self) -> None:
        if not self._world.conversation.ended:
            self._world.send(0, ev.LineHeld, True)
            self._world.after_ms(self._world.random.choice((500, 8_000, 40_000, 400_000)), self._take_back)

    def _take_back(self) -> None:
        if not self._world.conversation.ended:
            self._world.send(0, ev.LineHeld, False)

    def _type(self, left: int) -> None:
        world = self._world
        ends = left <= 1 and world.chance(400)
        world.send(0, ev.KeyPressed, "#" if ends else world.random.choice("0123456789*#"))
        if left > 1:
            world.after_ms(world.random.choice((120, 400, 400, 3_500)), self._type, left - 1)

    def _judge(self, effect: fx.AskTurnModel) -> None:
        """The turn model knows whether the caller has more to say, most of the time."""
        world = self._world
        if world.chance(world.weather.silent):
            return
        if world.chance(world.weather.failing):
            world.send(30, ev.ProviderFailed, "turn", "scripted", "unavailable", "busy", 0, effect.request)
            return
        right = not world.chance(100)
        likely = (not self._busy) == right
        probability_ppm = world.random.randint(500_000, 1_000_000) if likely else world.random.randint(0, 499_999)
        world.send(world.random.randint(10, 120), ev.TurnVerdict, effect.request, probability_ppm)
