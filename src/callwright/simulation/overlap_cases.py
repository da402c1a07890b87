"""Labelled cases of a caller who speaks while the agent does."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from callwright.conversation import effects as fx
from callwright.conversation.phrases import ASSENTS, NODS, STOPS
from callwright.conversation.plan import CallPlan
from callwright.simulation.exchange import PARTIAL_LAG_MS, WORD_MS, Exchange
from callwright.simulation.measured import Measured, measured

CASES = 200
STATEMENTS = (
    "We are open from Monday to Friday between eight in the morning and six at night and on Saturdays until noon.",
    "Your parcel left the depot this morning and the driver will bring it to your door in the early afternoon today.",
    "The room has a large bed and a view of the sea and breakfast is served downstairs every day until ten.",
)
INTERRUPTIONS = (
    "I would rather come tomorrow",
    "that is not what I asked for",
    "sorry can you say that again",
    "my parcel never came to me",
    "but I need a smaller one",
    "yes but what does it cost",
    "okay and who pays for that",
)
LATEST_CLEAR_MS = PARTIAL_LAG_MS + 1
"""After the deciding word was spoken."""


def interruptions_missed(seed: int) -> Measured:
    """A caller who says a sentence over the agent and is not given the floor at the deciding word."""
    return measured("barge-in: interruptions missed", _interruptions(Random(seed)))


def stop_phrases_missed(seed: int) -> Measured:
    """A stop phrase in the call's language, in any spelling, that does not silence the agent."""
    return measured("barge-in: stop phrases missed", _stop_phrases(Random(seed)))


def back_channels_that_interrupt(seed: int) -> Measured:
    """Any number of "mhm", "okay", "yeah" over a statement, which must not silence the agent."""
    return measured("barge-in: back-channels that interrupt", _back_channels(Random(seed)))


def listening(random: Random, language: str = "en", words: int = 2) -> Exchange:
    """A conversation in which the agent has just begun a long statement."""
    plan = CallPlan(welcome_message=random.choice(STATEMENTS), words_to_interrupt=words, language=language)
    return Exchange(plan)


def _interruptions(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        enough = random.randint(1, 4)
        exchange = listening(random, words=enough)
        text, at_ms, word_ms = random.choice(INTERRUPTIONS), random.randint(500, 3_000), random.randint(200, 450)
        exchange.say(at_ms, text, word_ms)
        exchange.run(at_ms + 4_000)
        latest_ms = at_ms + (enough + 1) * word_ms + LATEST_CLEAR_MS
        cleared_ms = exchange.first_ms(fx.Clear)
        yield "" if 0 <= cleared_ms <= latest_ms else f"{text!r} with {enough} words: cleared at {cleared_ms}"


def _stop_phrases(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        language = random.choice(sorted(STOPS))
        phrase = random.choice(STOPS[language])
        exchange = listening(random, language, words=9)
        exchange.say(random.randint(500, 3_000), _spelled(random, phrase))
        exchange.run(6_000)
        yield "" if exchange.first_ms(fx.Clear) >= 0 else f"{phrase!r} in {language}"


def _back_channels(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        language = random.choice(sorted(ASSENTS))
        known = (*ASSENTS[language], *NODS[language])
        text = " ".join(random.choice(known) for _ in range(random.randint(1, 4)))
        exchange = listening(random, language, words=random.randint(1, 3))
        exchange.say(random.randint(500, 2_500), _spelled(random, text), WORD_MS // 2)
        exchange.run(5_000)
        yield f"{text!r} in {language}" if exchange.first_ms(fx.Clear) >= 0 else ""


def _spelled(random: Random, text: str) -> str:
    """As recognisers may write it."""
    return random.choice((text, text.upper(), text.capitalize() + ".", text + "!", text.replace(" ", ", ")))
