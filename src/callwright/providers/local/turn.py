"""Smart Turn behind the turn port."""

from __future__ import annotations

from callwright.providers.local.inference import LocalInference
from callwright.providers.local.pool import Priority

_MAX_BYTES = 8 * 16_000


class SmartTurn:
    """``ports.speech.TurnModel`` in the speech process."""

    name = "local"

    def __init__(self, inference: LocalInference) -> None:
        self._inference = inference

    def check(self) -> None:
        """Raises MissingError without its packages or model."""
        self._inference.check_speech("turn")

    async def judge(self, pcm: bytes) -> int:
        """Probability in parts per million that the turn in ``pcm`` is complete; its last 8 s count. Raises ProviderError."""
        self._inference.require("turn")
        result = await self._inference.speech.ask("turn", {"pcm": pcm[-_MAX_BYTES:]}, Priority.TURN)
        return int(result["ppm"])
