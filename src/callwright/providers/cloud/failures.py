"""What a vendor's client raises, as one of the five kinds of failure. Only the status and the kind of error are told: the texts and the
causes of the clients' errors may repeat the request, and with it the key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType

from callwright.domain.errors import BlockedUrlError
from callwright.ports.failures import FailureKind, ProviderError
from callwright.providers.cloud.session import VendorSession

_LOG = logging.getLogger(__name__)

_KINDS = {401: FailureKind.REFUSED, 403: FailureKind.REFUSED, 402: FailureKind.LIMIT, 429: FailureKind.LIMIT}
_TRANSIENT = (408, 409, 425)
_CLOSE_CODES = range(1000, 5000)
_LONGEST_CHAIN = 8


def status_of(error: BaseException) -> int | None:
    """The HTTP status or websocket close code that the error or one of its causes names."""
    cause: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if cause is None:
            return None
        for name in ("status_code", "status"):
            status = getattr(cause, name, None)
            if isinstance(status, int) and status > 0:
                return status
        cause = cause.__cause__ or cause.__context__
    return None


def failure(provider: str, error: BaseException, *, begun: bool, known: int | None = None) -> ProviderError:
    """The failure that ``error`` means. ``begun``: something had come before it. ``known``: a status that the error may not tell."""
    status = status_of(error) or known
    if status is not None:
        return failure_of_status(provider, status, begun=begun)
    if isinstance(error, BlockedUrlError):
        return ProviderError(FailureKind.BAD_REQUEST, provider, f"{error.message}; {error.hint}")
    why = "nothing came in time" if _is_timeout(error) else f"the connection failed ({type(error).__name__})"
    return ProviderError(_or_broken(begun), provider, why)


def failure_of_status(provider: str, status: int, *, begun: bool = False) -> ProviderError:
    """The failure that an HTTP status or the code of a closed websocket means."""
    if status in _CLOSE_CODES:
        return ProviderError(FailureKind.BROKEN_STREAM, provider, f"it closed the connection (code {status})")
    kind = _KINDS.get(status, _or_broken(begun))
    if 400 <= status < 500 and status not in (*_KINDS, *_TRANSIENT):
        kind = FailureKind.BAD_REQUEST
    return ProviderError(kind, provider, f"it answered with HTTP {status}{_REMEDIES.get(kind, '')}")


def _or_broken(begun: bool) -> FailureKind:
    return FailureKind.BROKEN_STREAM if begun else FailureKind.UNAVAILABLE


_REMEDIES = {
    FailureKind.REFUSED: "; check the provider key, POST /providers replaces it",
    FailureKind.LIMIT: "; raise the limit of the account, or call less at once",
    FailureKind.BAD_REQUEST: "; check model, voice and language of the agent",
}


def _is_timeout(error: BaseException) -> bool:
    return isinstance(error, TimeoutError | asyncio.TimeoutError) or "Timeout" in type(error).__name__


class VendorBoundary:
    """Ends a block in which clients of many hands work. ``failed`` is the failure afterwards, None where there was none.

    It is to be raised behind the block: an error raised within would keep the client's own as its context, and with it the key.
    """

    def __init__(self, provider: str, begun: Callable[[], bool], session: VendorSession | None = None) -> None:
        """``begun`` says whether something had come of the vendor. ``session``: the client's."""
        self._provider = provider
        self._begun = begun
        self._session = session
        self.failed: ProviderError | None = None

    def __enter__(self) -> None:
        """Begins the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Keeps the failure. Cancellation and the end of a generator go on."""
        if isinstance(error, ProviderError):
            self.failed = error
        elif isinstance(error, Exception):
            known = self._session.status if self._session is not None else None
            self.failed = failure(self._provider, error, begun=self._begun(), known=known)
        return self.failed is not None


async def close(provider: str, closing: Callable[[], Awaitable[object]], seconds: float) -> None:
    """Closes a client or its stream within ``seconds``. What is left of a lost connection may raise its error again."""
    try:
        async with asyncio.timeout(seconds):
            await closing()
    except Exception as error:  # noqa: BLE001 - the boundary to clients of many hands; nothing is wanted of this one any more
        _LOG.info("a client of %s did not close: %s", provider, type(error).__name__)
