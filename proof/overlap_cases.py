"""Labelled cases of a caller who speaks while the agent does."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from callwright.conversation import effects as fx
from callwright.conversation.phrases import ASSENTS, NODS, STOPS
from callwright.conversation.plan import CallPlan
from proof.exchange import PARTIAL_LAG_MS, WORD_MS, Exchange
from proof.measured import Measured, measured

CASES = 200
STATEMENTS = (
    "We are open from Monday to Friday between eight in the morning and six at night and on Saturdays until noon.",
    "Your parcel left the depot this morning and the driver will bring it to your door in the early afternoon today.",
    "The room has a large bed and a view of the sea and breakfast is served downstairs every day until ten.",
)
QUESTIONS = (
    "We have a table by the window at seven o'clock tonight. Shall I book it for you?",
    "Your appointment with the doctor is on Monday at nine. Is that still convenient for you?",
    "I can send somebody to look at it tomorrow in the morning. Does that suit you?",
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


def answers_lost(seed: int) -> Measured:
    """A "yes" over the end of a question that is not the caller's turn."""
    return measured("overlap: answers lost", _answers(Random(seed)))


def back_channels_taken_as_turns(seed: int) -> Measured:
    """A back-channel in the middle of a statement that is answered, or left out of the record."""
    return measured("overlap: back-channels taken as turns", _back_channels_in_the_middle(Random(seed)))


def echoes_taken_for_the_caller(seed: int) -> Measured:
    """The agent's own words, heard again 50 to 300 ms later and misheard in parts, that interrupt or become a turn."""
    return measured("echo: taken for the caller", _echoes(Random(seed)))


def repetitions_taken_for_echoes(seed: int) -> Measured:
    """The agent's last words, repeated by a caller once the agent has finished, that are not a turn."""
    return measured("echo: repetitions not heard", _repetitions(Random(seed)))


def false_interruptions_not_resumed(seed: int) -> Measured:
    """Words that silenced the agent and were none, after which it does not say the rest of its sentence, or asks the model again."""
    return measured("barge-in: false ones not resumed", _false_interruptions(Random(seed)))


def interruptions_talked_over(seed: int) -> Measured:
    """A true interruption after which the agent goes on with its sentence."""
    return measured("barge-in: true ones talked over", _true_interruptions(Random(seed)))


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


def _answers(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        language, question = random.choice(sorted(ASSENTS)), random.choice(QUESTIONS)
        exchange = Exchange(CallPlan(welcome_message=question, language=language))
        text = random.choice(ASSENTS[language])
        exchange.say(len(question.split()) * WORD_MS - random.randint(50, 1_200), _spelled(random, text), WORD_MS)
        exchange.run(9_000)
        yield "" if any(line.startswith("caller: ") for line in exchange.heard()) else f"{text!r} in {language}"


def _back_channels_in_the_middle(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        language = random.choice(sorted(ASSENTS))
        exchange = listening(random, language)
        text = random.choice((*ASSENTS[language], *NODS[language]))
        exchange.say(random.randint(500, 3_000), _spelled(random, text), WORD_MS)
        exchange.run(12_000)
        answered = any(line.startswith("caller: ") for line in exchange.heard())
        yield f"{text!r} in {language}" if answered or "back_channel" not in exchange.notes() else ""


def _echoes(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        exchange, text = _echoing(random)
        exchange.run(14_000)
        taken = any(line.startswith("caller: ") for line in exchange.heard())
        yield f"{text!r}" if taken or exchange.first_ms(fx.Clear) >= 0 else ""


def _echoing(random: Random) -> tuple[Exchange, str]:
    statement = random.choice(STATEMENTS)
    words = statement.split()
    first = random.randrange(len(words) - 3)
    count = random.randint(1, len(words) - first)
    heard = words[first : first + count]
    if count >= 8:
        heard[random.randrange(count)] = "something"
    exchange = Exchange(CallPlan(welcome_message=statement, words_to_interrupt=random.randint(1, 3)))
    text = _spelled(random, " ".join(heard))
    exchange.say(first * WORD_MS + random.randint(50, 300), text, WORD_MS)
    return exchange, text


def _repetitions(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        statement = random.choice(STATEMENTS)
        text = " ".join(statement.split()[-random.randint(1, 4) :])
        exchange = Exchange(CallPlan(welcome_message=statement))
        exchange.say(len(statement.split()) * WORD_MS + random.randint(200, 1_500), text, random.randint(200, 400))
        exchange.run(14_000)
        yield "" if any(line.startswith("caller: ") for line in exchange.heard()) else f"{text!r}"


def _false_interruptions(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        statement = random.choice(STATEMENTS)
        exchange = Exchange(CallPlan(welcome_message=statement, backoff_ms=random.choice((0, 0, 500))))
        final = random.choice(("", "", "okay, yeah", "mhm"))
        exchange.say(random.randint(500, 3_000), random.choice(INTERRUPTIONS), random.randint(150, 300), final)
        exchange.run(16_000)
        said = " ".join(line.removeprefix("agent: ") for line in exchange.heard())
        asked = exchange.first_ms(fx.AskModel) >= 0
        yield "" if said == statement and not asked else f"{final!r}: {said!r}"


def _true_interruptions(random: Random) -> Iterator[str]:
    for _ in range(CASES):
        exchange = listening(random)
        text = random.choice(INTERRUPTIONS)
        exchange.say(random.randint(500, 3_000), text, random.randint(150, 450))
        exchange.run(14_000)
        resumed = any(isinstance(one.effect, fx.Release) and one.effect.resumes for one in exchange.happened)
        yield f"{text!r}" if resumed or f"caller: {text}" not in exchange.heard() else ""


def _spelled(random: Random, text: str) -> str:
    """As recognisers may write it."""
    return random.choice((text, text.upper(), text.capitalize() + ".", text + "!", text.replace(" ", ", ")))
