"""Recognition of whole utterances: in the order of speech, and nothing lost at the end."""

from __future__ import annotations

import asyncio

from callwright.ports.failures import ProviderError
from callwright.ports.speech import FRAME_BYTES, TranscriberSettings, UsageAmount
from callwright.providers.utterances import UtteranceStream


class Reader:
    """Reads when it is told to: each reading waits for its gate."""

    is_idle = False

    def __init__(self) -> None:
        self.gates: list[asyncio.Event] = []

    async def read(self, pcm: bytes, *, final: bool) -> str:
        number = len(self.gates)
        self.gates.append(asyncio.Event())
        await self.gates[number].wait()
        return f"reading {number}"


class Heard:
    """A sink that keeps what was final."""

    def __init__(self) -> None:
        self.finals: list[tuple[int, str]] = []

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        self.finals.append((segment, text))

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Not looked at."""

    def usage(self, amount: UsageAmount) -> None:
        """Not looked at."""

    def failed(self, error: ProviderError) -> None:
        raise error


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def said_twice(reader: Reader, heard: Heard) -> UtteranceStream:
    """The caller's first words are still being read when the second are read, and read again after a longer pause."""
    stream = UtteranceStream(reader, TranscriberSettings(), heard, ("p", "m"), by_reading=True)  # type: ignore[arg-type]
    for pauses in (1, 2):
        for _ in range(pauses):
            stream.activity(True, 0)
            stream.feed(bytes(FRAME_BYTES))
            stream.activity(False, 20)
            await settle()
        if pauses == 1:
            stream.close_utterance(20)
    return stream


async def test_segments_are_reported_in_the_order_of_speech() -> None:
    reader, heard = Reader(), Heard()
    stream = await said_twice(reader, heard)
    first, _, again = reader.gates
    again.set()
    await settle()
    assert heard.finals == []
    first.set()
    await settle()
    assert heard.finals == [(1, "reading 0"), (2, "reading 2")]
    await stream.aclose()


async def test_the_end_waits_for_every_segment_that_is_being_read() -> None:
    reader, heard = Reader(), Heard()
    stream = await said_twice(reader, heard)
    ending = asyncio.create_task(stream.aclose())
    await settle()
    for gate in reversed(reader.gates):
        gate.set()
        await settle()
    await ending
    assert heard.finals == [(1, "reading 0"), (2, "reading 2")]
