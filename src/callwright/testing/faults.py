"""What a provider owes when its network or its vendor fails: one of the five kinds of failure, soon, and no word of its key."""

from __future__ import annotations

import asyncio
import logging
import traceback
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from types import TracebackType
from typing import Any, ClassVar

from callwright.ports.failures import FailureKind, ProviderError
from callwright.testing.contract import PluginContract, left_out, must


class Fault(StrEnum):
    """What can be wrong with a vendor or the way to it."""

    REFUSED = "refused"
    """Nothing listens at the address."""
    HANG = "hang"
    """The connection is never accepted."""
    CLOSED = "closed"
    """It is accepted and closed at once."""
    RESET = "reset"
    """It is reset while the work goes on."""
    TRICKLE = "trickle"
    """What comes is too slow to be of use."""
    GARBAGE = "garbage"
    """What comes is not of the protocol."""
    UNAUTHORISED = "401"
    LIMITED = "429"
    BROKEN = "500"


_DOWN = frozenset({FailureKind.UNAVAILABLE})
_LOST = frozenset({FailureKind.UNAVAILABLE, FailureKind.BROKEN_STREAM})
KINDS: Mapping[Fault, frozenset[FailureKind]] = {
    Fault.REFUSED: _DOWN,
    Fault.HANG: _DOWN,
    Fault.CLOSED: _LOST,
    Fault.RESET: _LOST,
    Fault.TRICKLE: _LOST,
    Fault.GARBAGE: frozenset(FailureKind),
    Fault.UNAUTHORISED: frozenset({FailureKind.REFUSED}),
    Fault.LIMITED: frozenset({FailureKind.LIMIT}),
    Fault.BROKEN: _DOWN,
}
"""The kinds of failure that each fault may be."""


class Log(logging.Handler):
    """Keeps what is logged within the block, as far as a server would write it: all of the platform's own, and warnings of libraries."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._level = logging.WARNING

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as it would be written."""
        if record.levelno >= logging.WARNING or record.name.startswith("callwright"):
            self.lines.append(self.format(record))

    def __enter__(self) -> Log:
        root = logging.getLogger()
        self._level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._level)


def told(error: BaseException) -> str:
    """Everything that a log of the error could show."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__) + repr(error.__context__)


def _test_of(fault: Fault, sentence: str) -> Callable[[FaultContract], None]:
    def run(self: FaultContract) -> None:
        asyncio.run(self.meet(fault))

    run.__doc__ = sentence
    return run


class FaultContract(PluginContract):
    """Base of the suites of providers that reach a vendor."""

    fault_seconds: ClassVar[float] = 10.0
    """Longest time until a fault is known."""

    def faulty(self, fault: Fault) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """The plugin's instance, and settings with which it meets the fault. Override it to have the faults tested."""
        raise left_out("faulty()")

    @abstractmethod
    async def work(self, made: Any, settings: Any) -> None:
        """What the provider is for, once. Raises ProviderError."""

    async def meet(self, fault: Fault) -> None:
        """Raises AssertionError when the fault ends in something else than it should."""
        failed: ProviderError | None = None
        with Log() as log:
            async with self.faulty(fault) as (made, settings):
                try:
                    async with asyncio.timeout(self.fault_seconds):
                        await self.work(made, settings)
                except ProviderError as error:
                    failed = error
                except TimeoutError as error:
                    raise AssertionError(f"{fault}: nothing is known of it after {self.fault_seconds:g} s") from error
        must(failed is not None or fault is Fault.GARBAGE, f"{fault}: the work succeeds")
        if failed is not None:
            must(failed.kind in KINDS[fault], f"{fault}: it is {failed.kind.value!r} ({failed})")
            must(failed.provider == self.plugin.name, f"{fault}: the failure names {failed.provider!r}")
            must(not self.secret or self.secret not in told(failed), f"{fault}: the failure shows the key")
        must(not self.secret or self.secret not in "\n".join(log.lines), f"{fault}: the log shows the key")

    test_a_refused_connection = _test_of(Fault.REFUSED, "Nothing listens: unavailable.")
    test_a_connection_that_hangs = _test_of(Fault.HANG, "It is never accepted: unavailable, soon.")
    test_a_connection_closed_at_once = _test_of(Fault.CLOSED, "It is closed at once: unavailable or broken.")
    test_a_connection_reset_at_work = _test_of(Fault.RESET, "It is reset: unavailable or broken.")
    test_a_trickle = _test_of(Fault.TRICKLE, "Too slow to be of use: unavailable or broken.")
    test_garbage = _test_of(Fault.GARBAGE, "What is not of the protocol is a failure, or is passed over.")
    test_a_refused_key = _test_of(Fault.UNAUTHORISED, "401: refused credentials.")
    test_a_limit = _test_of(Fault.LIMITED, "429: the limit is reached.")
    test_a_broken_vendor = _test_of(Fault.BROKEN, "500: unavailable.")
