"""Speech and language on this machine: models from the store, run in worker processes.

Every factory shares one :class:`~callwright.providers.local.inference.LocalInference`: the service ``local_inference`` of the context,
else one per models folder.
"""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.providers.local.inference import shared
from callwright.providers.local.intents import IntentModel
from callwright.providers.local.model import LocalModel
from callwright.providers.local.transcriber import WhisperTranscriber
from callwright.providers.local.turn import SmartTurn
from callwright.providers.local.vad import SileroVad
from callwright.providers.local.voice import LocalVoice

PLUGINS = (
    Plugin(
        "transcriber", "local", "Whisper tiny.en on this machine", lambda c: WhisperTranscriber(shared(c)), ("whisper",)
    ),
    Plugin("vad", "local", "Silero voice activity at 8 kHz", lambda c: SileroVad(shared(c)), ("silero",)),
    Plugin("turn", "local", "Smart Turn: has the caller finished", lambda c: SmartTurn(shared(c)), ("smart_turn",)),
    Plugin(
        "voice",
        "local",
        "Piper: joe, and robin for the synthetic caller",
        lambda c: LocalVoice(shared(c), "piper"),
        ("piper",),
    ),
    Plugin("voice", "kokoro", "Kokoro-82M: natural and slow", lambda c: LocalVoice(shared(c), "kokoro")),
    Plugin("model", "local", "a language model on this machine", lambda c: LocalModel(shared(c)), ("llama",)),
    Plugin("model", "intents", "intents and templates, without a language model", lambda c: IntentModel(shared(c))),
)
