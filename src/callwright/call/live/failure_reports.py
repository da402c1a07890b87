"""Reports what providers and tools of a call fail at, as it happens: a line of the server's log and a count for ``/metrics``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.think import Thinker
from callwright.insight.provider_failures import ProviderFailures, switch_of
from callwright.ops.metrics import Metrics
from callwright.ports.model import RemoteModel

_LOG = logging.getLogger(__name__)


class FailureReports:
    """Listens to the log of one call (a ``logfile.EntryListener``). The same failure of a provider is logged once a call, and counted each
    time."""

    def __init__(self, execution_id: str, thinker: Thinker, metrics: Metrics) -> None:
        self._execution_id = execution_id
        self._thinker = thinker
        self._metrics = metrics
        self._failures = ProviderFailures()

    def take(self, seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]) -> None:
        """The next entry."""
        if name == "ProviderSwitched":
            switch = switch_of(at_us, values)
            self._metrics.provider_switches.labels(kind=switch.kind).inc()
            if switch.failure:
                self._metrics.provider_errors.labels(kind=switch.kind, failure=switch.failure).inc()
            _LOG.warning("execution %s: %s", self._execution_id, switch.sentence)
        for failure in self._failures.take(at_us, name, values):
            self._metrics.provider_errors.labels(kind=failure.kind, failure=failure.failure).inc()
            if self._failures.groups[failure.key].first is failure:
                host = failure.host or self._host_of(failure.kind)
                where = f" at {host}" if host else ""
                _LOG.warning("execution %s%s: %s", self._execution_id, where, failure.sentence())

    def _host_of(self, kind: str) -> str:
        model, host = self._thinker.model, ""
        if kind == "model" and isinstance(model, RemoteModel):
            with plugin_boundary(self._thinker.provider, lambda _, __: None):
                host = model.host(self._thinker.settings)
        return host
