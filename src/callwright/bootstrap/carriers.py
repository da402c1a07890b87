"""Carriers that listen: opened when the process starts, so that calls come in."""

from __future__ import annotations

import logging

from callwright.bootstrap.plugins import PluginInstances
from callwright.domain.errors import CallwrightError
from callwright.domain.number import SIP
from callwright.ops.rounds import round_boundary
from callwright.ports.failures import ProviderError
from callwright.ports.leg import InboundDesk, ListeningCarrier

_LOG = logging.getLogger(__name__)


async def open_carriers(plugins: PluginInstances, desk: InboundDesk, *, sip: bool) -> None:
    """Let every carrier that can listen do so, the one for SIP only with ``sip``. One that cannot is logged and left out: the platform runs
    without it."""
    for plugin in plugins.registry.all():
        if plugin.kind == "carrier" and (sip or plugin.name != SIP):
            with round_boundary(f"opening the carrier {plugin.name}"):
                await _open(plugins, plugin.name, desk)


async def _open(plugins: PluginInstances, name: str, desk: InboundDesk) -> None:
    try:
        carrier = plugins("carrier", name)
        if isinstance(carrier, ListeningCarrier):
            await carrier.open(desk)
    except (CallwrightError, ProviderError) as error:
        _LOG.error("the carrier %s takes no calls: %s", name, error)
