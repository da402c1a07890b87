"""One SIP call as ``ports.leg.Leg``: what the call's runtime wants goes to the gateway, what the gateway tells goes to the listener."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from callwright.domain.limits import SIP_REFER_SECONDS, SIP_TRANSFER_SECONDS
from callwright.domain.number import SIP, kind_of_address
from callwright.platform.executions.rules.causes import CAUSES, cause_of_sip
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import (
    LEG_FRAME_BYTES,
    HearsEarlyMedia,
    LegClosed,
    LegListener,
    PacketCapture,
    TransferFailedError,
    closed_by,
)
from callwright.telephony.sip.checks import (
    PROVIDER,
    callable_address,
    check_keys,
    reachable_address,
    refusal_of_referral,
    refused,
)
from callwright.telephony.sip.ending import Story, ending, facts_of_end

AHEAD_MS = 60
HANG_UP_SECONDS = 6.0
TRANSFER_WAIT_SECONDS = SIP_REFER_SECONDS + 5.0
"""For the gateway's word on a transfer: the time of the target, then a moment to join the two. Shorter than the core's own wait."""
DECLINED = 480
#: Answers to a REFER that mean: this phone cannot be transferred at all.
_CANNOT_REFER = frozenset({405, 420, 421, 489, 501})

Way = Callable[[str], Awaitable[tuple[str, Mapping[str, Any]]]]
"""Where the target of a transfer is, and the values of ``transfer`` that say as whom it is called. Raises ProviderError."""


class GatewayLine(Protocol):
    """The way to the gateway."""

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message."""

    def write(self, call: int, frame: bytes) -> None:
        """A frame of audio."""


class LegPlaces(Protocol):
    """Where a leg may go: ``configuration.SipSettings``."""

    @property
    def transfer_to(self) -> tuple[str, ...]:
        """The hosts a far end may send us to."""

    @property
    def places(self) -> tuple[str, ...]:
        """Where we may call."""


class LegOwner(Protocol):
    """Who keeps the legs."""

    def over(self, leg: SipLeg, *, cut_off: bool) -> None:
        """A leg is over. ``cut_off``: nobody has told the far end so."""


class SipLeg:
    """A call in progress. ``number`` is its number at the gateway; ``places`` says whom we may call and
    where a far end may send us.

    A leg keeps what it hears until a listener is attached: nothing is reported before ``dial`` has returned.
    """

    ahead_ms = AHEAD_MS

    def __init__(self, number: int, line: GatewayLine, owner: LegOwner, places: LegPlaces, *, inbound: bool) -> None:
        self.number = number
        self.provider_call_id = ""
        self.story = Story(inbound)
        self.dialog: Mapping[str, Any] = {}
        self._target_dialogs: dict[str, Mapping[str, Any]] = {}
        self.dialled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.way: Way | None = None
        """Of a call through a trunk, that of the trunk."""
        self._line = line
        self._owner = owner
        self._places = places
        self._listener: LegListener | None = None
        self._held: list[Mapping[str, Any] | bytes] = []
        self._untold: LegClosed | None = None
        self._transfers: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._requests = itertools.count(1)
        self._latest_transfer = 0
        self._closed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether the leg is over."""
        return self._closed.is_set()

    @property
    def owed(self) -> list[Mapping[str, Any]]:
        """The dialogs of whoever takes itself to be in a call, or rings: somebody must end them."""
        is_own = bool(self.dialog) and (self.story.answered or not self.story.inbound)
        return [*([self.dialog] if is_own else ()), *self._target_dialogs.values()]

    # -- ports.leg.Leg ---------------------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """Take an inbound call; ``answered`` follows once the caller has confirmed it."""
        if self.story.inbound and not self.story.answered and not self.ended:
            self._line.send(self.number, "answer")

    async def reject(self, code: int) -> None:
        """Refuse an inbound call with a SIP status from 400 to 699. Does nothing to a call that was answered."""
        if not 400 <= code <= 699:
            raise refused(f"{code} is no status a call can be refused with; use one from 400 to 699")
        if self.story.inbound and not self.story.answered and not self.ended:
            self._line.send(self.number, "reject", code=code)

    async def hang_up(self, reason: str) -> None:
        """End the leg when the gateway has sent what was written; returns when it is over. A call not yet answered is cancelled, or refused
        where it came in. A gateway that does not confirm the end is not waited for longer than HANG_UP_SECONDS."""
        if self.ended:
            return
        if self.story.hang_up_reason is None:
            self.story.hang_up_reason = reason
            if self.story.inbound and not self.story.answered:
                self._line.send(self.number, "reject", code=DECLINED)
            else:
                self._line.send(self.number, "hang_up", drain=self.story.answered)
        try:
            await asyncio.wait_for(self._closed.wait(), HANG_UP_SECONDS)
        except TimeoutError:
            self.finish(ending(self.story, {"by": "us"}), cut_off=True)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        """Hand the far end to a ``sip:`` address by REFER. Errors as the port says; one call is transferred once at a time. An attended
        transfer calls the target ourselves, so it must be where we may call; a blind one leaves that to the far end. A phone number needs a
        trunk."""
        identity: Mapping[str, Any] = {}
        if self.way is not None and (attended or kind_of_address(target) != SIP):
            target, identity = await self.way(target)
        address = reachable_address(target, self._places.places) if attended else callable_address(target)
        if not self.story.answered or self.ended:
            raise refused("only a call that was answered and goes on can be transferred")
        if self._transfers:
            raise refused("this call is being transferred already")
        request = self._latest_transfer = next(self._requests)
        answer = self._transfers[request] = asyncio.get_running_loop().create_future()
        try:
            self._line.send(
                self.number,
                "transfer",
                request=request,
                target=address,
                attended=attended,
                seconds=SIP_TRANSFER_SECONDS if attended else SIP_REFER_SECONDS,
                **(identity if attended else {}),
            )
            result = await asyncio.wait_for(answer, TRANSFER_WAIT_SECONDS)
        except TimeoutError as error:
            raise _unanswered(address) from error
        finally:
            self._transfers.pop(request, None)
        if not result.get("ok"):
            raise _failed_transfer(address, result)

    async def send_keys(self, keys: str) -> None:
        """Play DTMF keys (RFC 4733). Raises ProviderError(BAD_REQUEST) for what are no keys, and before the answer."""
        check_keys(keys)
        if not self.story.answered or self.ended:
            raise refused("keys can be sent while a call is answered")
        self._line.send(self.number, "keys", keys=keys)

    def capture(self, wanted: PacketCapture) -> None:
        """See ``ports.leg.CapturesPackets``. How it went is a fact of the line (``capture``)."""
        if not self.ended:
            self._line.send(self.number, "capture", **asdict(wanted))

    def write(self, frame: bytes) -> None:
        """The agent's next 20 ms. Dropped before the answer and after the end."""
        if self.story.answered and not self.ended and len(frame) == LEG_FRAME_BYTES:
            self._line.write(self.number, frame)

    def clear(self) -> None:
        """Drop what was written and not yet sent."""
        if self.story.answered and not self.ended:
            self._line.send(self.number, "clear")

    # -- from the gateway ------------------------------------------------------------------------------------------------------

    def attach(self, listener: LegListener) -> None:
        """Who hears of the leg from now on, beginning with what was kept for it."""
        self._listener = listener
        held, self._held = self._held, []
        for one in held:
            if isinstance(one, bytes):
                self.audio(one)
            else:
                self.control(one)
        if self._untold is not None:
            listener.closed(self._untold)

    def control(self, message: Mapping[str, Any]) -> None:
        """A message about this call. Whatever the listener raises comes out."""
        if self.ended:
            return
        kind = message["type"]
        if not self.dialled.done() and kind in ("dialled", "closed"):
            self._on_dialled(message)
        if self._listener is None:
            self._held.append(message)
            return
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, self._listener, message)

    def audio(self, frames: bytes) -> None:
        """The far end's next frames."""
        if self.ended:
            return
        if self._listener is None:
            self._held.append(frames)
        elif not self.story.answered:
            _early_sound(self._listener, frames)
        else:
            for at in range(0, len(frames), LEG_FRAME_BYTES):
                self._listener.audio(frames[at : at + LEG_FRAME_BYTES])

    def target_audio(self, frames: bytes) -> None:
        """The next frames of a transfer's target before it answers."""
        if self._transfers and not self.ended:
            _early_sound(self._listener, frames)

    def lost(self, why: str) -> None:
        """The gateway is gone."""
        if not self.dialled.done():
            self.dialled.set_exception(ProviderError(FailureKind.UNAVAILABLE, PROVIDER, f"the gateway is gone: {why}"))
        self.finish(closed_by(CAUSES["gateway_lost"]), cut_off=True)

    def crashed(self) -> None:
        """A defect of the listener or of this adapter: the call ends, the others go on."""
        self._line.send(self.number, "hang_up", drain=False)
        self.finish(closed_by(CAUSES["crash"]))

    def finish(self, closed: LegClosed, *, cut_off: bool = False) -> None:
        """The leg is over, once."""
        if self.ended:
            return
        self._closed.set()
        for answer in self._transfers.values():
            if not answer.done():
                answer.set_result({"ok": self.story.transferred, "reason": "the call ended before the target took it"})
        self._owner.over(self, cut_off=cut_off)
        if self._listener is None:
            self._untold = closed
        else:
            self._listener.closed(closed)

    # -- one message each ------------------------------------------------------------------------------------------------------

    def _on_dialled(self, message: Mapping[str, Any]) -> None:
        """The INVITE is out; or the call was over before, by a status of the far end or because the gateway could not call at all."""
        if message["type"] == "closed" and not message.get("sip_status"):
            reason = str(message.get("reason") or "the gateway could not place the call")
            self.dialled.set_exception(ProviderError(FailureKind.UNAVAILABLE, PROVIDER, reason[:500]))
            return
        self.provider_call_id = str(message.get("call_id") or self.provider_call_id)
        self.dialled.set_result(None)

    def _on_ringing(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        if not self.story.rang and not self.story.answered:
            self.story.rang = True
            listener.ringing()

    def _on_early_media(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        if not self.story.answered:
            listener.early_media()

    def _on_answered(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        if self.story.answered:
            return
        self.story.answered = True
        listener.answered()
        listener.noted("media", {"codec": str(message.get("codec") or ""), "why": "answer"})

    def _on_dialog(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        self.dialog = values_of(message)
        listener.noted("dialog", self.dialog)

    def _on_target_dialog(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        dialog = values_of(message)
        call_id = str(dialog.get("call_id") or "")
        self._target_dialogs.pop(call_id, None)
        if len(dialog) > 1:
            self._target_dialogs[call_id] = dialog
        listener.noted("target_dialog", dialog)

    def _on_key(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        listener.key(str(message.get("key") or ""))

    def _on_fact(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        listener.noted(message["type"], values_of(message))

    def _on_refer_asked(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        target = str(message.get("target") or "")[:1_000]
        why = refusal_of_referral(target, self._places.transfer_to)
        self._line.send(self.number, "refer", accept=not why)
        if why:
            listener.noted("refer_refused", {"target": target, "why": why})

    def _on_transfer_progress(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        """Of a transfer that nobody waits for any more it is no news."""
        if message.get("request") in self._transfers:
            call_id = str(message.get("call_id") or "")
            listener.noted(
                "transfer", {"state": str(message.get("state") or ""), **({"call_id": call_id} if call_id else {})}
            )

    def _on_transferred(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        request = message.get("request")
        answer = self._transfers.get(request) if isinstance(request, int) else None
        if message.get("ok"):
            self.story.transferred = True
            if answer is None and request == self._latest_transfer:
                # Nobody waits for it any more. Of an earlier one it cannot be told: news is of the latest.
                listener.noted("transfer", {"state": "completed"})
        if answer is not None and not answer.done():
            answer.set_result(message)

    def _on_closed(self, listener: LegListener, message: Mapping[str, Any]) -> None:
        listener.noted("sip", facts_of_end(message, self.provider_call_id))
        self.finish(ending(self.story, message))


def _early_sound(listener: LegListener | None, frames: bytes) -> None:
    if listener is not None and isinstance(listener, HearsEarlyMedia):
        for at in range(0, len(frames), LEG_FRAME_BYTES):
            listener.early_sound(frames[at : at + LEG_FRAME_BYTES])


def values_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message without its type."""
    return {name: value for name, value in message.items() if name != "type"}


def _not_taken(key: str, message: str) -> TransferFailedError:
    cause = CAUSES[key]
    return TransferFailedError(PROVIDER, message, cause.outcome, cause.code)


def _unanswered(target: str) -> TransferFailedError:
    return _not_taken("no_answer", f"{target} did not take the call in time")


def _failed_transfer(target: str, result: Mapping[str, Any]) -> ProviderError:
    if result.get("unanswered"):
        return _unanswered(target)
    status = result.get("sip_status")
    said = (
        f"{status} {result.get('reason') or ''}".strip() if status else str(result.get("reason") or "no reason given")
    )
    if status in _CANNOT_REFER:
        return refused(f"the far end cannot be transferred ({said})")
    key = cause_of_sip(status).key if isinstance(status, int) and status >= 300 else "temporary_failure"
    return _not_taken(key, f"{target} did not take the call ({said})")


_HANDLERS = {
    "trying": SipLeg._on_fact,
    "ringing": SipLeg._on_ringing,
    "early_media": SipLeg._on_early_media,
    "answered": SipLeg._on_answered,
    "dialog": SipLeg._on_dialog,
    "target_dialog": SipLeg._on_target_dialog,
    "key": SipLeg._on_key,
    "held": SipLeg._on_fact,
    "media": SipLeg._on_fact,
    "quality": SipLeg._on_fact,
    "capture": SipLeg._on_fact,
    "moved": SipLeg._on_fact,
    "move_failed": SipLeg._on_fact,
    "refer_asked": SipLeg._on_refer_asked,
    "transfer_progress": SipLeg._on_transfer_progress,
    "transferred": SipLeg._on_transferred,
    "closed": SipLeg._on_closed,
}
