"""Where this package catches everything: around plugins. Rounds of loops that must go on have ``ops.rounds``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

from callwright.ports.failures import FailureKind, ProviderError

_LOG = logging.getLogger(__name__)


class plugin_boundary:  # noqa: N801 - used like a function in a with statement
    """Whatever the plugin ``name`` raises inside becomes a failure of one of the five kinds.

    A call must not die of a plugin's defect, for plugins are other people's code: what is not a ProviderError counts as a broken
    stream, a timeout as unavailable. The block is left; cancellation and other ends of the process pass through.
    """

    def __init__(self, name: str, failed: Callable[[FailureKind, str], None] | None = None) -> None:
        """``failed`` hears of the failure within the block; ``failure`` is it afterwards, None for nothing."""
        self._name = name
        self._failed = failed
        self.failure: ProviderError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.failure = failure_of(self._name, error)
        if self._failed is not None:
            self._failed(self.failure.kind, self.failure.message)
        return True


def failure_of(name: str, error: Exception) -> ProviderError:
    """What the plugin ``name`` raised, as a failure under that name."""
    if isinstance(error, ProviderError):
        return ProviderError(error.kind, name, error.message)
    if isinstance(error, TimeoutError):
        return ProviderError(FailureKind.UNAVAILABLE, name, "no answer in time")
    _LOG.error("the plugin %s failed", name, exc_info=error)
    return ProviderError(FailureKind.BROKEN_STREAM, name, type(error).__name__)
