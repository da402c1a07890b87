"""What goes wrong on the way between the world and the core: events lost, repeated, late; providers that fail."""

from __future__ import annotations

from random import Random

from callwright.lab.world import Weather

CALM = Weather("calm", failing=5)
ROUGH = Weather("rough", lost=5, repeated=10, late=50, late_ms=400, failing=40, silent=10)
FOG = Weather("fog", lost=5, repeated=10, late=50, late_ms=400, failing=20, silent=5, junk=60)
STORM = Weather("storm", lost=50, repeated=50, late=200, late_ms=2_000, failing=150, silent=50, junk=150)


def weather_of(random: Random) -> Weather:
    """Mostly calm; one conversation in ten is a storm."""
    return random.choices((CALM, ROUGH, FOG, STORM), (50, 30, 10, 10))[0]
