"""What goes wrong on the way between the world and the core: events lost, repeated, late; providers that fail."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances in thousandths. ``late_ms`` is the most a late event is late."""

    name: str
    lost: int = 0
    repeated: int = 0
    late: int = 0
    late_ms: int = 0
    failing: int = 0
    silent: int = 0
    junk: int = 0


CALM = Weather("calm", failing=5)
ROUGH = Weather("rough", lost=5, repeated=10, late=50, late_ms=400, failing=40, silent=10)
FOG = Weather("fog", lost=5, repeated=10, late=50, late_ms=400, failing=20, silent=5, junk=60)
STORM = Weather("storm", lost=50, repeated=50, late=200, late_ms=2_000, failing=150, silent=50, junk=150)


def weather_of(random: Random) -> Weather:
    """Mostly calm; one conversation in ten is a storm."""
    return random.choices((CALM, ROUGH, FOG, STORM), (50, 30, 10, 10))[0]
