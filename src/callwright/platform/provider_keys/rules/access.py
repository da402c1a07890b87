"""What a tenant has with a provider: its keys and an endpoint of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callwright.platform.custom_models.rules import CUSTOM_KEYS


@dataclass(frozen=True, slots=True)
class Access:
    """Handed to a provider with a call's settings. ``keys``: the tenant's provider keys by their names in capitals, only those the plugin
    asks for. ``base_url``: an endpoint of the tenant's choice that may have these keys, reached through the guarded client only.
    ``refused_url``: an address the agent names beside a vendor whose keys go to the vendor alone; nothing may be sent there.
    ``withheld``: there may be keys, and this agent's address gets none of them. Never logged or stored."""

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_url: str = ""
    refused_url: str = ""
    withheld: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the provider is asked, as far as the tenant says so: under another address another provider answers."""
        stored = (value for name, value in sorted(self.keys.items()) if name.endswith("_API_BASE"))
        return tuple(one for one in (self.base_url, *stored) if one)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which provider keys may be opened for an agent's model (``names``) and, as in ``Access``, where they may go."""

    names: Sequence[str]
    base_url: str = ""
    refused_url: str = ""
    withheld: bool = False


def reach_of_agent(names: Sequence[str], agents_url: str, *, trusted: bool) -> Reach:
    """What a model of the provider that asks for the keys ``names`` may have when its agent names the address ``agents_url``, or none.

    Who writes an agent decides where its questions go, and need not be who may see the keys. So a vendor's key goes to no address of an
    agent, and the keys for any endpoint only where the address is ``trusted``: the agent is the organisation's own, or an administrator of
    the organisation named the address as a model of its own.
    """
    if not agents_url:
        return Reach(names)
    if not set(names) <= set(CUSTOM_KEYS):
        return Reach(names, refused_url=agents_url)
    return Reach(names, agents_url) if trusted else Reach((), agents_url, withheld=True)
