"""The world of a random conversation: the laboratory's, and whether its agent asks for a yes."""

from __future__ import annotations

from random import Random

from callwright.lab.world import Weather, World
from proof.confirming import Confirming


class RandomWorld(World):
    """A world whose agent may ask for a yes or a no."""

    __slots__ = ("confirming",)

    def __init__(self, random: Random, weather: Weather, confirming: Confirming | None = None) -> None:
        super().__init__(random, weather)
        self.confirming = confirming
