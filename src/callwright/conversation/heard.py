"""What the caller heard of a reply: played milliseconds to whole words, by word times where the voice gave them."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.conversation.bounds import MS_PER_CHARACTER, SLOW_MS_PER_CHARACTER


@dataclass(slots=True)
class Clause:
    """A clause given to the voice. ``audio_ms`` 0: not synthesised to its end yet. ``words`` as (text, start_ms, end_ms). ``begun``: the
    voice has its first sound."""

    text: str
    audio_ms: int = 0
    words: tuple[tuple[str, int, int], ...] = ()
    estimated: bool = True
    ended_us: int = -1
    """When its end was played, as far as known."""
    sounded_us: int = -1
    """When any sound of it was told of first; none of it was played before."""
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """The words heard, whether that was all of them, and whether it is a guess."""

    text: str
    whole: bool
    estimated: bool


def length_ms(clause: Clause) -> int:
    """The clause's length, guessed from its text while it is not known."""
    return clause.audio_ms or len(clause.text) * MS_PER_CHARACTER


def longest_ms(clause: Clause) -> int:
    """The longest it may last. While the voice makes it, nothing tells how slowly it speaks."""
    if clause.begun and not clause.audio_ms:
        return len(clause.text) * SLOW_MS_PER_CHARACTER
    return length_ms(clause)


def most_played_ms(clauses: list[Clause], began_us: int, until_us: int, marked: int) -> int:
    """The most that can have been played until ``until_us`` of what began to play at ``began_us`` (-1: nothing did), where nobody tells.

    Clauses before ``marked`` are known to have been played. A pause, in which the next clause had no sound yet, is no speech.
    """
    if began_us < 0:
        return 0
    played_ms, at_us = 0, began_us
    for index, clause in enumerate(clauses):
        clause_ms = length_ms(clause)
        if index < marked:
            played_ms += clause_ms
            at_us = max(at_us, clause.ended_us)
            continue
        if clause.sounded_us < 0:
            break
        at_us = max(at_us, clause.sounded_us)
        here_ms = min(max(until_us - at_us, 0) // 1000, clause_ms)
        played_ms += here_ms
        if here_ms < clause_ms or not clause.audio_ms:
            break
        at_us += clause_ms * 1000
    return played_ms


def heard_of(clauses: list[Clause], played_ms: int, marked: int) -> Heard:
    """The whole words of ``clauses`` within the first ``played_ms``. Clauses before ``marked`` are known to have been played.

    A word counts when its end was played: history must never hold a word the caller could not have heard.
    """
    parts: list[str] = []
    rest_ms = played_ms
    guessed = unsure = False
    for index, clause in enumerate(clauses):
        clause_ms = length_ms(clause)
        if index < marked or (clause.audio_ms and rest_ms >= clause_ms):
            parts.append(clause.text)
            rest_ms -= clause_ms
            # Behind a clause of unknown length the position within the rest is a guess, even where it seems to cover a clause whole.
            unsure = unsure or (guessed and index >= marked)
            guessed = guessed or not clause.audio_ms
            continue
        words, estimated = _words_within(clause, max(rest_ms, 0))
        if words:
            parts.append(words)
        return Heard(" ".join(parts), False, estimated or guessed)
    return Heard(" ".join(parts), True, unsure)


def _words_within(clause: Clause, played_ms: int) -> tuple[str, bool]:
    spoken = clause.text.split()
    if clause.audio_ms and clause.words:
        whole = sum(1 for _, _, end_ms in clause.words if end_ms <= played_ms)
        # A voice may count words differently from us (numbers read out): then its count is a proportion too.
        if len(clause.words) == len(spoken):
            return " ".join(spoken[:whole]), clause.estimated
        return " ".join(spoken[: len(spoken) * whole // len(clause.words)]), True
    known_ms = max(length_ms(clause), 1)
    return " ".join(spoken[: min(len(spoken) * played_ms // known_ms, len(spoken))]), True
