"""What can be watched on the line of a loopback call, for the demo and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class LineMoment:
    """Something at the far end.

    ``kind``: dialled (``text`` is the number), ringing, answered, said (by the caller, when it begins), heard (of the agent), key,
    transferred (to whom), closed.

    ``at_ms`` counts from the answer; before it, from the dialling. ``call`` is the leg's provider_call_id, ``callback_id`` the dial's.
    """

    call: str
    callback_id: str
    persona: str
    kind: str
    text: str
    at_ms: int


class LineObserver(Protocol):
    """Watches calls. Called from the event loop; must return at once."""

    def __call__(self, moment: LineMoment, /) -> None:
        """Take notice."""


@runtime_checkable
class SoundObserver(Protocol):
    """An observer that also hears the caller."""

    def sound(self, frame: bytes) -> None:
        """Takes the caller's next 20 ms from the answer on (mu-law), as they come to us but without the noise and the echo of a simulated
        line."""
