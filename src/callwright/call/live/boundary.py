"""Where this package catches everything: around plugins. Rounds of loops that must go on have ``ops.rounds``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType

from callwright.ports.failures import FailureKind, ProviderError

_LOG = logging.getLogger(__name__)


class plugin_boundary:  # noqa: N801 - used like a function in a with statement
    """Whatever the plugin ``name`` raises inside becomes one of the five kinds of failure and a message for ``failed``.

    A call must not die of a plugin's defect, for plugins are other people's code: what is not a ProviderError counts as a broken
    stream, a timeout as unavailable. The block is left; cancellation and other ends of the process pass through.
    """

    def __init__(self, name: str, failed: Callable[[FailureKind, str], None]) -> None:
        self._name = name
        self._failed = failed

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        if isinstance(error, ProviderError):
            self._failed(error.kind, error.message)
        elif isinstance(error, TimeoutError):
            self._failed(FailureKind.UNAVAILABLE, "no answer in time")
        else:
            _LOG.error("the plugin %s failed", self._name, exc_info=error)
            self._failed(FailureKind.BROKEN_STREAM, type(error).__name__)
        return True
