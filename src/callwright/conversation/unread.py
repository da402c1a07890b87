"""Sound that follows sound while nobody tells any words of it, nor that it has none: a dog, typing, a television, or a caller whom the
recogniser reads only when they have come to an end."""

from __future__ import annotations

from callwright.conversation.bounds import DENSE_MOST_MS, DENSE_PERCENT, DOUBT_MOST_MS


class Unread:
    """How long it goes on, and how much of that time sounds: whoever speaks pauses little."""

    __slots__ = ("_since_us", "_voiced_ms")

    def __init__(self) -> None:
        self._since_us = -1
        self._voiced_ms = 0

    def begin(self, now_us: int, anew: bool) -> None:
        """A sound begins; ``anew``: what was before it is settled."""
        if anew or self._since_us < 0:
            self._since_us, self._voiced_ms = now_us, 0

    def end(self, voiced_ms: int) -> None:
        """A sound of this length is over."""
        self._voiced_ms += voiced_ms

    def read(self) -> None:
        """New words were told."""
        self._since_us = -1

    def most_us(self, now_us: int, streams: bool) -> int:
        """How long it is waited for. ``streams``: the recogniser tells words as they are spoken, so that there would be some by now."""
        lasted_ms = (now_us - self._since_us) // 1000 if self._since_us >= 0 else 0
        dense = self._voiced_ms * 100 >= lasted_ms * DENSE_PERCENT
        return (DENSE_MOST_MS if dense and not streams else DOUBT_MOST_MS) * 1000

    def is_outwaited(self, now_us: int, streams: bool) -> bool:
        """Whether it has gone on for so long."""
        return 0 <= self._since_us <= now_us - self.most_us(now_us, streams)
