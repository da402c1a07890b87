"""The vendors of speech. ``docs/reference/cloud-speech.md`` is made from this table.

A client is a class of a plugin package, as ``package.Class``; its arguments are what is sent. Where an agent says nothing and a row has no
default, the vendor's own default holds.
"""

from __future__ import annotations

from callwright.providers.cloud.provider_table_gemini import GEMINI_RECOGNISER, GEMINI_VOICE
from callwright.providers.cloud.provider_table_requests import REQUESTED_TRANSCRIBERS, REQUESTED_VOICES
from callwright.providers.cloud.provider_table_sockets import SOCKET_TRANSCRIBERS
from callwright.providers.cloud.provider_table_transcribers import TRANSCRIBERS
from callwright.providers.cloud.provider_table_voices import VOICES
from callwright.providers.cloud.vendor import Vendor

VENDORS: tuple[Vendor, ...] = (
    *TRANSCRIBERS,
    *SOCKET_TRANSCRIBERS,
    *REQUESTED_TRANSCRIBERS,
    GEMINI_RECOGNISER,
    *VOICES,
    *REQUESTED_VOICES,
    GEMINI_VOICE,
)
