"""Port of SIP trunks that are kept ready between calls: registered, and their gateways asked whether they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TrunkLine:
    """An active trunk. ``gateways``: host and port in their order; ``transport``: udp, tcp or tls; ``encryption``: clear, optional or
    required. ``registers``: whether it registers at its first gateway, as ``username`` with ``password``. ``qualify_seconds``: between two
    OPTIONS to each gateway, 0 for none."""

    id: str
    gateways: tuple[tuple[str, int], ...]
    transport: str
    encryption: str
    qualify_seconds: int
    registers: bool = False
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LineState:
    """How a registration or a gateway is, since when, and why; an empty ``reason`` where nothing is wrong."""

    state: str
    since: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrunkState:
    """A trunk as this process finds it. ``registration`` is None for one that this process does not register; ``gateways``: those that were
    asked, by ``host:port``."""

    registration: LineState | None = None
    gateways: Mapping[str, LineState] = field(default_factory=dict)


class TrunkLines(Protocol):
    """A carrier that keeps trunks ready."""

    def use(self, lines: Sequence[TrunkLine]) -> None:
        """Keep these ready from now on, and no others."""

    def trunk_state(self, trunk_id: str) -> TrunkState:
        """How a trunk is now."""
        ...


class TrunkStates(Protocol):
    """The trunks of this process, as use cases see them."""

    def changed(self) -> None:
        """A trunk was made, changed or deleted: look again."""

    def state(self, trunk_id: str) -> TrunkState:
        """How a trunk is now."""
        ...


class NoTrunkStates:
    """``TrunkStates`` of a process that keeps no trunks ready."""

    def changed(self) -> None:
        """Nobody looks."""

    def state(self, trunk_id: str) -> TrunkState:
        """Nothing is known."""
        return TrunkState()
