"""Synthetic callers, lines and wishes drawn at random: who is at the far end of a simulated call of the real shell."""

from __future__ import annotations

from random import Random

from callwright.lab.caller_scenario import KEYS, AnswerPlan, Persona, Rule
from callwright.lab.line_conditions import PCMA, LineConditions

DIGITS = 5
"""Every word of a caller is a ``v`` and so many digits, so that a word that was cut can be told from a whole one."""
_KEYS = sorted(KEYS)
_STOPS = ("Stop.", "Wait, wait.", "Hold on.", "One moment please.", "No.")


class _Words:
    """Words nobody else says, each once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._used: set[int] = set()

    def say(self) -> str:
        """One thing to say."""
        random = self._random
        if random.random() < 0.12:
            return random.choice(_STOPS)
        words = [self._word() for _ in range(random.choice((1, 1, 2, 3, 4, 6, 9)))]
        return " ".join(words) + random.choice((".", "?", ",", "", "..."))

    def _word(self) -> str:
        number = self._random.randrange(10**DIGITS)
        while number in self._used:
            number = self._random.randrange(10**DIGITS)
        self._used.add(number)
        return f"v{number:0{DIGITS}d}"


def persona_of_chance(random: Random) -> Persona:
    """A caller drawn at random: mostly one who answers and talks."""
    words = _Words(random)
    rules = tuple(_rule(random, words) for _ in range(random.randint(0, 7)))
    return Persona(
        name="chance",
        opening=words.say() if random.random() < 0.3 else "",
        think_ms=random.choice((0, 50, 300, 800, 2_000)),
        patience_ms=random.choice((0, 3_000, 9_000, 15_000)),
        nudge="Hello?",
        barge_in_words=random.choice((0, 0, 0, 1, 3)),
        rules=rules,
        fallback=random.choice(((), ("Sorry?", "Pardon?", "Goodbye."), ("Mhm.", "Mhm."))),
        answer=_answer(random),
    )


def _rule(random: Random, words: _Words) -> Rule:
    kind = random.random()
    press = "".join(random.choice(_KEYS) for _ in range(random.choice((1, 4, 12)))) if random.random() < 0.1 else ""
    leaves = random.random() < 0.1
    return Rule(
        heard=random.choice(("a1", "a2", "help", "[?]", "there")) if kind < 0.2 else "",
        silence_ms=random.choice((1_500, 4_000, 8_000)) if 0.2 <= kind < 0.3 else 0,
        in_order=kind >= 0.3,
        interrupt_after_words=random.choice((1, 2, 4)) if random.random() < 0.25 else 0,
        wait_ms=random.choice((0, 0, 0, 700, 5_000)),
        say=words.say() if not press or random.random() < 0.5 else "",
        press=press,
        hang_up=leaves,
        linger_ms=random.choice((0, 500, 4_000)) if leaves else 0,
    )


def _answer(random: Random) -> AnswerPlan:
    how = random.choices(("answer", "machine", "busy", "no-answer", "refuse", "failed"), (88, 6, 2, 1, 2, 1))[0]
    return AnswerPlan(
        how,
        after_ms=random.choice((0, 0, 300, 1_000, 6_000)),
        hang_up_after_ms=random.choice((0, 0, 0, 0, 0, 10, 700, 3_000)),
        greeting="Nobody is here. Speak after the tone.",
        record_ms=random.choice((500, 8_000, 30_000)),
    )


def line_of_chance(random: Random) -> LineConditions | None:
    """Mostly a perfect line."""
    if random.random() < 0.75:
        return None
    return LineConditions(
        loss_percent=random.choice((0, 0, 1, 5, 30)),
        jitter_ms=random.choice((0, 20, 100)),
        delay_ms=random.choice((0, 50, 300)),
        duplicate_percent=random.choice((0, 5)),
        codec=random.choice(("", PCMA)),
        echo_db=random.choice((None, None, -20.0)),
        noise_db=random.choice((None, None, -50.0)),
        seed=random.randrange(1_000_000),
    )
