"""Carriers that listen: opened when the process starts, so that calls come in."""

from __future__ import annotations

import logging

from callwright.bootstrap.foundation import Foundation
from callwright.domain.errors import CallwrightError
from callwright.domain.number import SIP
from callwright.ops.rounds import round_boundary
from callwright.ports.failures import ProviderError
from callwright.ports.leg import InboundDesk

_LOG = logging.getLogger(__name__)


async def open_carriers(foundation: Foundation, desk: InboundDesk) -> None:
    """Let every carrier that can listen do so, SIP where its setting names an address. One that cannot is logged and left out: the
    platform runs without it."""
    for plugin in foundation.plugins.registry.all():
        if plugin.kind == "carrier" and (plugin.name != SIP or foundation.settings.sip_listen):
            with round_boundary(f"opening the carrier {plugin.name}"):
                await _open(foundation, plugin.name, desk)


async def _open(foundation: Foundation, name: str, desk: InboundDesk) -> None:
    try:
        carrier = foundation.plugins("carrier", name)
        listen = getattr(carrier, "open", None)
        if listen is not None:
            await listen(desk)
            _LOG.info("the carrier %s takes calls", name)
    except (CallwrightError, ProviderError) as error:
        _LOG.error("the carrier %s takes no calls: %s", name, error)
