"""Carriers that listen: opened when the process starts, so that calls come in."""

from __future__ import annotations

import logging

from callwright.api.doors import Doors
from callwright.bootstrap.plugins import PluginInstances
from callwright.domain.errors import CallwrightError
from callwright.domain.number import SIP
from callwright.ops.rounds import round_boundary
from callwright.ports.door import HasDoors
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


def mount_doors(plugins: PluginInstances, doors: Doors, *, sip: bool) -> None:
    """Open the doors of every carrier that brings some, of that for SIP only with ``sip``. Raises ConfigurationError for a door without a
    proof: no process starts with it."""
    for plugin in plugins.registry.all():
        if plugin.kind == "carrier" and (sip or plugin.name != SIP):
            carrier = None
            with round_boundary(f"making the carrier {plugin.name}"):
                carrier = plugins("carrier", plugin.name)
            if isinstance(carrier, HasDoors):
                doors.mount(plugin.name, carrier.doors())


async def _open(plugins: PluginInstances, name: str, desk: InboundDesk) -> None:
    try:
        carrier = plugins("carrier", name)
        if isinstance(carrier, ListeningCarrier):
            await carrier.open(desk)
    except (CallwrightError, ProviderError) as error:
        _LOG.error("the carrier %s takes no calls: %s", name, error)
