"""Breakers of providers: after several failures, new calls begin with a fallback, and a few at a time try the provider again.

All calls of a process share them. A failure that may be the account's own doing (a refused key, a limit) opens only the breaker of that
account with that provider; so does what only this agent calls a failure. A model that does not answer, or breaks off, is down for
everybody. A request that the provider finds wrong counts for nobody: another agent's may be right.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, replace

from callwright.domain.limits import (
    BREAKER_CLOSED_AT,
    BREAKER_FAILURES,
    BREAKER_REST_SECONDS,
    BREAKER_SECONDS,
    BREAKER_TRIAL_SECONDS,
    MAX_BREAKERS,
)
from callwright.ports.failures import FailureKind

_OF_ACCOUNT = frozenset({FailureKind.REFUSED, FailureKind.LIMIT})
_OF_EVERYBODY = frozenset({FailureKind.UNAVAILABLE, FailureKind.BROKEN_STREAM})
_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Service:
    """A provider's model as one account uses it. ``kind``: transcriber, voice or model; ``address``: an endpoint of somebody's choice,
    empty for the provider's own; ``account``: a digest of its keys, which shows none of them."""

    kind: str
    provider: str
    address: str = ""
    account: str = ""
    model: str = ""


class _Breaker:
    """One breaker. BREAKER_FAILURES within BREAKER_SECONDS open it for BREAKER_REST_SECONDS. Then one call is let through in each step of
    BREAKER_TRIAL_SECONDS. A failure opens it again. A success doubles the calls of a step, and closes it at BREAKER_CLOSED_AT."""

    __slots__ = ("_let_through", "_share", "_step_us", "failures_us", "opened_us")

    def __init__(self) -> None:
        self.failures_us: deque[int] = deque(maxlen=BREAKER_FAILURES)
        self.opened_us = -1
        self._share = 1
        self._step_us = -1
        self._let_through = 0

    def fail(self, now_us: int) -> None:
        self.failures_us.append(now_us)
        recent = self.failures_us[0] > now_us - BREAKER_SECONDS * _S
        trying = self.opened_us >= 0 and not self.rests(now_us)
        if trying or (len(self.failures_us) == BREAKER_FAILURES and recent):
            self.opened_us, self._share, self._step_us = now_us, 1, -1

    def rests(self, now_us: int) -> bool:
        return self.opened_us >= 0 and now_us < self.opened_us + BREAKER_REST_SECONDS * _S

    def work(self, now_us: int) -> None:
        if self.opened_us < 0 or self.rests(now_us):
            return  # a success from before it opened
        self._share *= 2
        if self._share >= BREAKER_CLOSED_AT:
            self.opened_us = -1
            self.failures_us.clear()

    def has_room(self, now_us: int) -> bool:
        """Whether a call may begin with the provider now."""
        if self.opened_us < 0:
            return True
        return not self.rests(now_us) and (self._is_new_step(now_us) or self._let_through < self._share)

    def let(self, now_us: int) -> None:
        """A call begins with it."""
        if self._is_new_step(now_us):
            self._step_us, self._let_through = now_us, 0
        self._let_through += 1

    def _is_new_step(self, now_us: int) -> bool:
        return self._step_us < 0 or now_us >= self._step_us + BREAKER_TRIAL_SECONDS * _S


class Breakers:
    """Those of a process. Times are microseconds of one monotonic clock."""

    def __init__(self) -> None:
        self._breakers: OrderedDict[Service, _Breaker] = OrderedDict()

    def failed(self, service: Service, kind: FailureKind, now_us: int, *, shared: bool = True) -> None:
        """The provider failed. ``shared``: as it might for everybody."""
        if kind in _OF_EVERYBODY and shared:
            self._of(_shared(service)).fail(now_us)
        elif kind in _OF_ACCOUNT or kind in _OF_EVERYBODY:
            self._of(service).fail(now_us)

    def worked(self, service: Service, now_us: int) -> None:
        """The provider did what it was asked."""
        for one in self._known(service):
            one.work(now_us)

    def is_open(self, service: Service) -> bool:
        """Whether calls should not turn to the provider if they have another one. True also while a few try it."""
        return any(one.opened_us >= 0 for one in self._known(service))

    def has_room(self, service: Service, now_us: int) -> bool:
        """Whether a new call may begin with the provider."""
        return all(one.has_room(now_us) for one in self._known(service))

    def admit(self, service: Service, now_us: int) -> bool:
        """Whether a new call begins with the provider. It then counts as one of those that try it."""
        if not self.has_room(service, now_us):
            return False
        for one in self._known(service):
            one.let(now_us)
        return True

    def _known(self, service: Service) -> list[_Breaker]:
        keys = dict.fromkeys((service, _shared(service)))
        return [self._breakers[key] for key in keys if key in self._breakers]

    def _of(self, service: Service) -> _Breaker:
        breaker = self._breakers.setdefault(service, _Breaker())
        self._breakers.move_to_end(service)
        while len(self._breakers) > MAX_BREAKERS:
            self._breakers.popitem(last=False)
        return breaker


def _shared(service: Service) -> Service:
    return replace(service, account="")
