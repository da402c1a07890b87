"""Where a call of the gateway stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from callwright.telephony.sip.trace import TracedCall


@dataclass(slots=True)
class Times:
    """Ticks of 20 ms. ``passed`` since the call was known, ``answer`` and ``closed`` since these were; the others are left until something
    is no longer waited for, 0 when nothing is."""

    passed: int = 0
    answer: int = 0
    closed: int = 0
    ring: int = 0
    drain: int = 0
    goodbye: int = 0
    refusal: int = 0


@dataclass(slots=True)
class CallFacts:
    """What is known of a call.

    ``announced``: the server knows the call; ``closed``: the stack is done with it, ``closed_text`` are its words; ``closed_told``: nothing
    more is told to the server. ``refusal`` is the status it shall be refused with, ``refused_status`` the one we refused it with ourselves.
    """

    inbound: bool = False
    announced: bool = False
    answered: bool = False
    answer_untold: bool = False
    trying_untold: bool = False
    they_hold: bool = False
    we_hold: bool = False
    negotiated: str = ""
    codec: str = ""
    hang_up_asked: bool = False
    refusal: int = 0
    refused_status: int = 0
    transferred: bool = False
    closed: bool = False
    closed_text: str = ""
    closed_told: bool = False
    reason: str = ""
    times: Times = field(default_factory=Times)

    def moved(self) -> None:
        """The call goes on with somebody else, whose line is another one of the stack."""
        self.they_hold = self.we_hold = self.closed = False
        self.times.closed = 0
        self.closed_text = ""

    def is_explained(self, traced: TracedCall | None) -> bool:
        """Whether the messages that ended the call have been read. The stack's copies may be a moment behind its own words, and it calls a
        call closed when it has sent CANCEL, before the INVITE is answered with 487."""
        if traced is None:
            return False
        if traced.ended_by and (self.answered or traced.status):
            return True
        return self.transferred or (not self.answered and traced.status >= 300)

    def ending(self, traced: TracedCall | None) -> tuple[str, int, str]:
        """Who ended the call (``us``, ``them``, ``line``), the SIP status of its INVITE (0: none came), and why. What the messages tell
        goes before the stack's own words."""
        status, reason = status_of(self.closed_text)
        if traced is not None:
            status = traced.status or status
            reason = traced.reason if traced.status >= 300 and traced.reason else reason
        by = self._who(traced, status)
        if self.answered and by != "line":
            reason = "transferred" if self.transferred else ""
        return by, self.refused_status or status, self.reason or reason

    def _who(self, traced: TracedCall | None, status: int) -> str:
        if self.hang_up_asked or self.transferred:
            return "us"
        if traced is not None and traced.ended_by:
            return traced.ended_by
        if not self.answered and not self.inbound and status >= 300:
            return "them"
        return "line"


def status_of(text: str) -> tuple[int, str]:
    """``486 Busy Here`` in its parts; a text without a status keeps to itself."""
    head, _, rest = text.partition(" ")
    return (int(head), rest) if len(head) == 3 and head.isascii() and head.isdigit() else (0, text)
