"""An end-of-turn model that hears how the text ended."""

from __future__ import annotations

from callwright.media.framing import PCM_FRAME_BYTES
from callwright.media.tonetext import ToneTextDecoder

UNFINISHED_WORDS = frozenset(
    {"and", "but", "or", "so", "because", "um", "uh", "the", "a", "my", "is", "at", "to", "for", "with"}
)
FINISHED_PPM, UNSURE_PPM, UNFINISHED_PPM = 970_000, 800_000, 40_000


class ScriptedTurnModel:
    """Finished after ``.``, ``?`` or ``!``; unfinished after ``,``, ``-``, ``...`` or a word that leads on; otherwise rather finished."""

    name = "scripted"

    async def judge(self, pcm: bytes) -> int:
        """Probability in parts per million that the turn is complete."""
        decoder = ToneTextDecoder()
        pieces = (pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm), PCM_FRAME_BYTES))
        text = "".join(heard.text for piece in pieces for heard in decoder.feed(piece)).strip()
        if not text or text.endswith(("...", "…", ",", "-")) or text.split()[-1].lower() in UNFINISHED_WORDS:
            return UNFINISHED_PPM
        return FINISHED_PPM if text.endswith((".", "?", "!")) else UNSURE_PPM
