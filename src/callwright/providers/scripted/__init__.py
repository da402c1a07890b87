"""Speech and language by script: real audio and deterministic answers without any model, for tests and for trying things out.

The voice says its text as two-tone audio (``callwright.media.tonetext``) and the transcriber hears exactly what was played of it.
Everything is instant unless its options ask for delays or failures. A server has them only if one of its settings names one: what an
agent's script asks for is no tenant's to ask of a server with phones.
"""

from __future__ import annotations

from callwright.media.vad import EnergyVad
from callwright.ports.catalogue import ModelOffer, VoiceOffer
from callwright.ports.registry import Plugin
from callwright.providers.scripted.model import ScriptedModel
from callwright.providers.scripted.transcriber import ScriptedTranscriber
from callwright.providers.scripted.turn import ScriptedTurnModel
from callwright.providers.scripted.voice import ScriptedVoice


class EnergyVadPlugin:
    """``ports.speech.Vad`` on signal energy: needs no model."""

    name = "energy"

    def open(self) -> EnergyVad:
        """A fresh detector."""
        return EnergyVad()


PLUGINS = (
    Plugin(
        "transcriber",
        "scripted",
        "hears text carried in two-tone audio",
        lambda _: ScriptedTranscriber(),
        only_by_setting=True,
    ),
    Plugin(
        "voice",
        "scripted",
        "says text as two-tone audio",
        lambda _: ScriptedVoice(),
        voices=(VoiceOffer("scripted", "Two tones", "scripted", languages=()),),
        only_by_setting=True,
    ),
    Plugin(
        "model",
        "scripted",
        "answers by rules or from a list",
        lambda _: ScriptedModel(),
        models=(ModelOffer("", "Rules of the agent", "scripted"),),
        only_by_setting=True,
    ),
    Plugin(
        "turn",
        "scripted",
        "judges a turn by its last word and punctuation",
        lambda _: ScriptedTurnModel(),
        only_by_setting=True,
    ),
    Plugin(
        "vad", "energy", "voice activity by signal energy, without a model", lambda _: EnergyVadPlugin(), ("scripted",)
    ),
)
