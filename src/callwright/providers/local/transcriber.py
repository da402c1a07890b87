"""Whisper behind the transcriber port. It does not stream: utterances are read as they grow."""

from __future__ import annotations

from callwright.platform.agents.rules.providers import knows_language
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import TranscriberSettings, TranscriberSink
from callwright.providers.local.inference import LocalInference
from callwright.providers.local.pool import InferenceProcess, Priority
from callwright.providers.utterances import UtteranceStream

_MODEL = "whisper-tiny.en"
LANGUAGES = ("en",)


class _SpeechProcess:
    """``utterances.UtteranceReader`` in the speech process."""

    def __init__(self, process: InferenceProcess) -> None:
        self._process = process

    @property
    def is_idle(self) -> bool:
        return self._process.is_idle

    async def read(self, pcm: bytes, *, final: bool) -> str:
        result = await self._process.ask("asr", {"pcm": pcm}, Priority.LIVE if final else Priority.PARTIAL)
        return str(result["text"])


class WhisperTranscriber:
    """``ports.speech.Transcriber`` in the speech process. English only. Options: ``partials`` (true)."""

    name = "local"
    reading_pause_ms = 100
    """Reading takes some 200 ms: begun this early it is done soon after the pause has become one."""

    def __init__(self, inference: LocalInference) -> None:
        self._inference = inference

    def check(self, settings: TranscriberSettings) -> None:
        """Raises MissingError without its packages or model."""
        self._inference.check_speech("asr")

    def billed_model(self, settings: TranscriberSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return _MODEL

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> UtteranceStream:
        """Start the speech process if need be and open a stream. Raises ProviderError."""
        if not knows_language(LANGUAGES, settings.language):
            raise ProviderError(
                FailureKind.BAD_REQUEST,
                self.name,
                f"the local recogniser hears English only, not {settings.language!r}",
            )
        self._inference.require("asr")
        await self._inference.speech.ready()
        process = _SpeechProcess(self._inference.speech)
        return UtteranceStream(process, settings, sink, (self.name, _MODEL), by_reading=False)
