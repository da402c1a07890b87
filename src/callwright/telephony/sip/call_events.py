"""What the events of the stack mean for a call of the gateway: one function for each kind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from callwright.telephony.sip.call_facts import CallFacts
from callwright.telephony.sip.call_sound import CallSound
from callwright.telephony.sip.key_ears import KeyEars
from callwright.telephony.sip.stack import LineEvent
from callwright.telephony.sip.transfer import Transfers


class HappeningCall(Protocol):
    """The call as its events see it."""

    facts: CallFacts
    sound: CallSound
    ears: KeyEars
    transfers: Transfers
    over: asyncio.Future[None]

    def send(self, kind: str, **values: Any) -> None:
        """A control message to the server about this call."""


def happened(call: HappeningCall, event: LineEvent) -> None:
    """An event of the stack about ``call``. Kinds that mean nothing to it are left out."""
    handler = _HANDLERS.get(event.kind)
    if handler is not None:
        handler(call, event)


def _ringing(call: HappeningCall, event: LineEvent) -> None:
    call.send("ringing")


def _early_media(call: HappeningCall, event: LineEvent) -> None:
    call.send("early_media")


def _answered(call: HappeningCall, event: LineEvent) -> None:
    call.facts.answered = call.facts.answer_untold = True
    call.facts.times.ring = 0
    call.sound.start()


def _held(call: HappeningCall, event: LineEvent) -> None:
    call.facts.they_hold = event.kind == "held"
    call.send("held", on=call.facts.they_hold)


def _negotiated(call: HappeningCall, event: LineEvent) -> None:
    if call.facts.answered and not call.facts.answer_untold:
        call.facts.negotiated = event.text


def _key(call: HappeningCall, event: LineEvent) -> None:
    """From the stack: where it hears them itself, and those of SIP INFO."""
    if event.text:
        call.send("key", key=event.text)


def _refer(call: HappeningCall, event: LineEvent) -> None:
    call.transfers.asked(event.text)


def _statistics(call: HappeningCall, event: LineEvent) -> None:
    call.sound.statistics(event.statistics, call.ears.packets)


def _closed(call: HappeningCall, event: LineEvent) -> None:
    call.sound.statistics(event.statistics, call.ears.packets)
    call.ears.close()
    call.facts.closed, call.facts.closed_text = True, event.text
    call.transfers.closed(event.text)
    if not call.over.done():
        call.over.set_result(None)


_HANDLERS: Mapping[str, Callable[[HappeningCall, LineEvent], None]] = {
    "ringing": _ringing,
    "early_media": _early_media,
    "answered": _answered,
    "held": _held,
    "resumed": _held,
    "media": _negotiated,
    "key": _key,
    "refer": _refer,
    "statistics": _statistics,
    "closed": _closed,
}
