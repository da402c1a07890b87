"""What a tenant has with a provider: its keys and an endpoint of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """Handed to a provider with a call's settings. ``keys``: the tenant's provider keys by their names in capitals, only those the plugin
    asks for. ``base_url``: an endpoint of the tenant's choice, reached through the guarded client only. Never logged or stored."""

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_url: str = ""
