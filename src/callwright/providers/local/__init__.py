"""Speech and language on this machine: models from the store, run in worker processes.

Every factory of a context shares one :class:`~callwright.providers.local.inference.LocalInference`.
"""

from __future__ import annotations

from callwright.ports.catalogue import ModelOffer, VoiceOffer
from callwright.ports.registry import Plugin
from callwright.providers.local.inference import shared
from callwright.providers.local.intents import IntentModel
from callwright.providers.local.model import LocalModel
from callwright.providers.local.speaking import MANNERS
from callwright.providers.local.transcriber import LANGUAGES, WhisperTranscriber
from callwright.providers.local.turn import SmartTurn
from callwright.providers.local.vad import SileroVad
from callwright.providers.local.voice import LocalVoice

LOCAL = "local"
_GENDERS = {"joe": "male", "kumo": "male", "nezumi": "female", "gongitsune": "female", "tebukuro": "female"}


def _voices(engine: str) -> tuple[VoiceOffer, ...]:
    """The voices of an engine. They read English; Kokoro's speakers are Japanese, and one hears it."""
    accent = "japanese" if engine == "kokoro" else "american"
    return tuple(
        VoiceOffer(name, name.capitalize(), engine, gender=_GENDERS.get(name), accent=accent)
        for name, manner in MANNERS.items()
        if manner.engine == engine
    )


PLUGINS = (
    Plugin(
        "transcriber",
        "local",
        "Whisper tiny.en on this machine",
        lambda c: WhisperTranscriber(shared(c)),
        ("whisper",),
        languages=LANGUAGES,
    ),
    Plugin("vad", "local", "Silero voice activity at 8 kHz", lambda c: SileroVad(shared(c)), ("silero",)),
    Plugin("turn", "local", "Smart Turn: has the caller finished", lambda c: SmartTurn(shared(c)), ("smart_turn",)),
    Plugin(
        "voice",
        "local",
        "Piper: joe, and robin for the synthetic caller",
        lambda c: LocalVoice(shared(c), "piper"),
        ("piper",),
        voices=_voices("piper"),
    ),
    Plugin(
        "voice",
        "kokoro",
        "Kokoro-82M: natural and slow",
        lambda c: LocalVoice(shared(c), "kokoro"),
        voices=_voices("kokoro"),
    ),
    Plugin(
        "model",
        "local",
        "a language model on this machine",
        lambda c: LocalModel(shared(c)),
        ("llama",),
        models=(ModelOffer("", "Local language model", LOCAL),),
    ),
    Plugin(
        "model",
        "intents",
        "intents and templates, without a language model",
        lambda c: IntentModel(shared(c)),
        models=(ModelOffer("", "Intents and templates", LOCAL),),
    ),
)
