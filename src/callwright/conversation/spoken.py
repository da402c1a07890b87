"""When each of the agent's words was played, and what the caller's words over them may be: an echo, or the answer to a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callwright.conversation.bounds import ECHO_LAG_MS, ECHO_LONE_MS, QUESTION_OPEN_MS
from callwright.conversation.heard import Clause, length_ms
from callwright.conversation.stops import normalised

QUESTION_MARKS = "?？؟"
_ENDS = "!…。！।॥" + QUESTION_MARKS
_CLOSERS = "\"'”’)]}»*_"
DOUBTFUL_WORDS = 2
"""So few words of the agent's over its question may just as well be the caller's choice ("at six or at seven?" "at six")."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word and when it was, or will be, played. ``last``: of its clause."""

    text: str
    from_us: int
    to_us: int
    last: bool


def timeline(clauses: Sequence[Clause], playout_us: int) -> list[SpokenWord]:
    """The words of an utterance whose first frame was played at ``playout_us``. What is not known to have ended is reckoned by length.
    Nothing was played later than the end of its clause: where that comes too early for what was told before it, that was told late."""
    spoken: list[SpokenWord] = []
    at_us = playout_us
    for clause in clauses:
        words = clause.text.split()
        length_us = length_ms(clause) * 1000
        if clause.audio_ms and clause.ended_us >= 0:
            at_us = min(at_us, clause.ended_us - length_us)
        timed = len(clause.words) == len(words)
        for index, word in enumerate(words):
            if timed:
                from_us, to_us = clause.words[index][1] * 1000, clause.words[index][2] * 1000
            else:
                from_us, to_us = length_us * index // len(words), length_us * (index + 1) // len(words)
            spoken.append(SpokenWord(word, at_us + from_us, at_us + to_us, index == len(words) - 1))
        at_us = clause.ended_us if clause.ended_us >= 0 else at_us + length_us
    return spoken


def is_echo(said: str, spoken: Sequence[SpokenWord], began_us: int, ended_us: int, stops: bool = False) -> bool:
    """Whether the caller's words ``said``, in a sound between the two times, are those of the agent's that were played then.

    Two words in three stand in the agent's order (recognisers mishear an echo). A single word must have been played just then. While a
    question is asked one or two words are the caller's: an answer that is lost is worse than an echo that is answered. Of words that ask
    the agent to stop, or say no (``stops``), all must be its own: a filler "let me think" is no reason not to hear "let me finish".
    """
    words = normalised(said).split()
    if not words or (len(words) <= DOUBTFUL_WORDS and question_open(spoken, began_us, True)):
        return False
    latest_us = min(ended_us, began_us + ECHO_LONE_MS * 1000) if len(words) == 1 else ended_us
    played = [
        token
        for word in spoken
        if began_us - ECHO_LAG_MS * 1000 <= word.from_us <= latest_us
        for token in normalised(word.text).split()
    ]
    return 3 * _in_order(words, played) >= (3 if stops else 2) * len(words)


def question_open(spoken: Sequence[SpokenWord], at_us: int, complete: bool) -> bool | None:
    """Whether a question was being asked at ``at_us``, or had been within QUESTION_OPEN_MS before. None: the sentence under way has no end
    yet, and more words may come (not ``complete``)."""
    under_way = next((index for index, word in enumerate(spoken) if word.to_us > at_us), len(spoken))
    before = next((word for word in reversed(spoken[:under_way]) if _end_of(word)), None)
    if before is not None and _end_of(before) in QUESTION_MARKS and at_us - before.to_us <= QUESTION_OPEN_MS * 1000:
        return True
    end = next((end for word in spoken[under_way:] if (end := _end_of(word))), "")
    if end:
        return end in QUESTION_MARKS
    return False if complete else None


def _end_of(word: SpokenWord) -> str:
    """The mark that ends a sentence with this word. A full stop does only at the end of a clause: elsewhere it is an abbreviation's."""
    last = (word.text.rstrip(_CLOSERS) or word.text)[-1]
    return last if last in _ENDS or (last == "." and word.last) else ""


def _in_order(words: Sequence[str], played: Sequence[str]) -> int:
    """How many of ``words`` are among ``played`` in the same order (the longest common subsequence)."""
    best = [0] * (len(played) + 1)
    for word in words:
        diagonal = 0
        for index, other in enumerate(played, 1):
            above = best[index]
            best[index] = diagonal + 1 if word == other else max(above, best[index - 1])
            diagonal = above
    return best[-1]
