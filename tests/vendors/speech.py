"""All vendors of speech at one address on loopback. What each is like is in its own module, what they share in ``server``.

A key decides how the vendors behave, so that one address serves every fault. The modules of those whose own client was tried against the
server say so; Gladia, Smallest, Rime, Azure, Inworld, Maya and Pixa are as their documentation and LiveKit's clients have them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.vendors import (
    assembly,
    azure,
    bodhi,
    cartesia,
    deepgram,
    elevenlabs,
    gemini,
    gladia,
    google,
    inworld,
    maya,
    openai,
    pixa,
    polly,
    rime,
    sarvam,
    smallest,
    soniox,
)
from tests.vendors.server import (
    BREAKING,
    CLOSING,
    FAILING,
    GARBLED,
    GOOD,
    HANGING,
    LIMITED,
    REFUSED,
    RESETTING,
    SILENT,
    TRICKLING,
    Line,
    SpeechVendors,
    Visit,
    of_all,
    serving,
)

__all__ = [
    "BREAKING",
    "CLOSING",
    "FAILING",
    "GARBLED",
    "GOOD",
    "HANGING",
    "LIMITED",
    "REFUSED",
    "RESETTING",
    "SILENT",
    "TRICKLING",
    "Line",
    "SpeechVendors",
    "Visit",
    "speech_vendors",
]

_VENDORS = (
    assembly,
    azure,
    bodhi,
    cartesia,
    deepgram,
    elevenlabs,
    gemini,
    gladia,
    google,
    inworld,
    maya,
    openai,
    pixa,
    polly,
    rime,
    sarvam,
    smallest,
    soniox,
)


@asynccontextmanager
async def speech_vendors() -> AsyncIterator[SpeechVendors]:
    """The vendors, until the block ends."""
    async with serving(tuple(of_all(*_VENDORS))) as place:
        yield place
