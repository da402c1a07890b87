"""The five kinds of failure a provider of speech or language can have. Everything else is a defect of the plugin."""

from __future__ import annotations

from enum import StrEnum

from callwright.platform.agents.rules.availability import LackKind


class FailureKind(StrEnum):
    """What a failed provider means for the call: whether to retry, switch or give up."""

    REFUSED = "refused_credentials"
    LIMIT = "limit_reached"
    BAD_REQUEST = "bad_request"
    UNAVAILABLE = "unavailable"
    BROKEN_STREAM = "broken_stream"


#: Kinds after which the same request may succeed on the same provider.
RETRYABLE: frozenset[FailureKind] = frozenset({FailureKind.LIMIT, FailureKind.UNAVAILABLE, FailureKind.BROKEN_STREAM})


_KIND_OF_STATUS = {
    401: FailureKind.REFUSED,
    402: FailureKind.LIMIT,
    403: FailureKind.REFUSED,
    408: FailureKind.UNAVAILABLE,
    429: FailureKind.LIMIT,
}


def kind_of_status(status: int) -> FailureKind:
    """Returns what the HTTP status of a refused request means."""
    return _KIND_OF_STATUS.get(status, FailureKind.UNAVAILABLE if status >= 500 else FailureKind.BAD_REQUEST)


class ProviderError(Exception):
    """A provider failed. ``message`` names what to do and holds no secret."""

    def __init__(self, kind: FailureKind, provider: str, message: str) -> None:
        super().__init__(f"{provider}: {message}")
        self.kind = kind
        self.provider = provider
        self.message = message


class MissingError(ProviderError):
    """Something that can be added is missing. ``lack``: what kind of thing; ``reason``: what is wrong, in a sentence that continues the
    provider's name ("has no key"); ``remedy``: the command or request that adds it."""

    def __init__(self, lack: LackKind, provider: str, reason: str, remedy: str) -> None:
        kind = FailureKind.REFUSED if lack is LackKind.NO_KEY else FailureKind.BAD_REQUEST
        super().__init__(kind, provider, f"it {reason}; {remedy}")
        self.lack = lack
        self.reason = reason
        self.remedy = remedy
