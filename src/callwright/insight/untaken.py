"""What the caller was saying when a log breaks off, as that of a process that died does: the words that no turn has."""

from __future__ import annotations

from callwright.conversation.bounds import WORD_LONGEST_MS
from callwright.conversation.heard import Clause
from callwright.conversation.spoken import SpokenWord, is_echo, timeline
from callwright.conversation.words import Words
from callwright.insight.view import CallView

_TAKING = frozenset({"back_channel", "discarded_words", "words_unconfirmed"})
"""Notes with which pending words cease to be any."""


def untaken(view: CallView) -> str:
    """The words heard behind the last turn, final or not, on one line. Empty when the conversation came to its end, which takes them.
    Words that were not final yet and are those the agent was just saying are its echo, as the conversation would have found."""
    if view.first("LegEnded") is not None:
        return ""
    words = Words()
    newest = 0
    unread_ms = -1  # up to where the newest segment is known, while it is not final
    for entry in view.of("TranscriptPartial", "TranscriptFinal", "UserSaid", "Note"):
        values = entry.values
        if entry.type in ("TranscriptPartial", "TranscriptFinal"):
            newest, final = int(values["segment"]), entry.type == "TranscriptFinal"
            words.hear(newest, str(values["text"]), final, int(values["audio_ms"]))
            unread_ms = -1 if final else int(values["audio_ms"])
        elif entry.type == "UserSaid" or values["kind"] in _TAKING:
            words.take()
        elif values["kind"] == "echo":
            words.dismiss(newest)
    said = " ".join(words.pieces().get(newest, ()))
    if unread_ms >= 0 and said and _is_agents(view, said, unread_ms):
        words.dismiss(newest)
    return " ".join(words.text().split())


def _is_agents(view: CallView, said: str, audio_ms: int) -> bool:
    """Whether ``said``, which ends at ``audio_ms`` of the caller's audio, is what the agent was saying then."""
    ended_us = view.audio_began_us + audio_ms * 1000
    began_us = max(ended_us - len(said.split()) * WORD_LONGEST_MS * 1000, view.audio_began_us)
    return is_echo(said, _speaking(view), began_us, ended_us)


def _speaking(view: CallView) -> list[SpokenWord]:
    """The words of the agent's last utterance that was heard. None when it was silenced: behind that the words are the caller's."""
    began = view.last("PlayoutStarted")
    if began is None:
        return []
    generation = int(began.values["generation"])
    if any(int(entry.values["generation"]) == generation for entry in view.of("Clear")):
        return []
    clauses = {
        int(e.values["index"]): Clause(str(e.values["text"]))
        for e in view.of("Speak")
        if int(e.values["generation"]) == generation
    }
    for entry in view.of("MarkPlayed"):
        if int(entry.values["generation"]) == generation and int(entry.values["index"]) in clauses:
            clauses[int(entry.values["index"])].ended_us = entry.at_us
    return timeline([clauses[index] for index in sorted(clauses)], began.at_us)
