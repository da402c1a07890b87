"""What the caller was saying when a log breaks off, as that of a process that died does: the words that no turn has."""

from __future__ import annotations

from callwright.conversation.words import Words
from callwright.insight.view import CallView

_TAKING = frozenset({"back_channel", "discarded_words", "words_unconfirmed"})
"""Notes with which pending words cease to be any."""


def untaken(view: CallView) -> str:
    """The words heard behind the last turn, final or not, on one line. Empty when the conversation came to its end, which takes them."""
    if view.first("LegEnded") is not None:
        return ""
    words = Words()
    newest = 0
    for entry in view.of("TranscriptPartial", "TranscriptFinal", "UserSaid", "Note"):
        values = entry.values
        if entry.type in ("TranscriptPartial", "TranscriptFinal"):
            newest = int(values["segment"])
            words.hear(newest, str(values["text"]), entry.type == "TranscriptFinal", int(values["audio_ms"]))
        elif entry.type == "UserSaid" or values["kind"] in _TAKING:
            words.take()
        elif values["kind"] == "echo":
            words.dismiss(newest)
    return " ".join(words.text().split())
