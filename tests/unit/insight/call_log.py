"""Logs of small calls, written the way the runner writes them."""

from __future__ import annotations

from typing import Any, Self

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import EVENT_TYPES, Header, entry_line, header_line, values_of
from callwright.insight.view import CallView, view_of
from callwright.ports.model import Message

STARTED_AT = "2026-03-01T12:00:00+00:00"


class CallLog:
    """One call. Every method writes what its name says at ``now_ms`` (since the attempt began)."""

    def __init__(self, started_at: str = STARTED_AT) -> None:
        self.now_ms = 0
        self.seq = 0
        self.request = 0
        self.voiced_ms = 0
        self.lines = [header_line(Header("call-1", 1, started_at, {}, 7, {}, 1))]

    @property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def view(self) -> CallView:
        return view_of(self.text)

    def at(self, ms: int) -> Self:
        self.now_ms = ms
        return self

    def write(self, item: ev.Event | fx.Effect) -> Self:
        direction = "in" if type(item).__name__ in EVENT_TYPES else "out"
        return self._line("core", direction, type(item).__name__, values_of(item))

    def fact(self, section: str, name: str, /, **values: Any) -> Self:
        return self._line(section, "fact", name, values)

    def _line(self, section: str, direction: str, name: str, values: dict[str, Any]) -> Self:
        self.seq += 1
        self.lines.append(entry_line(self.seq, self.now_ms * 1000, section, direction, name, values))
        return self

    def event(self, event: type, *fields: Any) -> Self:
        return self.write(event(self.now_ms * 1000, *fields))

    def answered(self) -> Self:
        return self.event(ev.Answered)

    def leg_ended(self, by: str = "Callee", reason: str = "Call recipient hung up", code: int = 4000) -> Self:
        return self.event(ev.LegEnded, "completed", by, reason, code)

    def caller_said(self, turn: int, text: str, from_ms: int = 0, to_ms: int = 0) -> Self:
        return self.write(fx.UserSaid(turn, text, from_ms, to_ms))

    def agent_said(
        self,
        turn: int,
        generation: int,
        text: str,
        purpose: str = "reply",
        cut: bool = False,
        resumes: int = 0,
        estimated: bool = False,
    ) -> Self:
        return self.write(fx.AgentSaid(turn, generation, purpose, text, cut, estimated, 800, resumes))

    def voice_stopped(self, arrived_ms: int) -> Self:
        """The caller's last voiced frame came at ``arrived_ms``; the detector says so now."""
        self.voiced_ms = max(self.voiced_ms, arrived_ms)
        return self.fact("core", "voiced_end", audio_ms=arrived_ms, arrived_us=arrived_ms * 1000)

    def turn_taken(self, voiced_ms: int = 0) -> Self:
        """The caller's turn is taken, whose voice ended last at ``voiced_ms`` of their audio (0: by the detector)."""
        self.voiced_ms = voiced_ms or self.voiced_ms
        return self.write(fx.CloseUtterance(self.voiced_ms))

    def asked(self, turn: int, generation: int, words: str = "hello", purpose: str = "reply") -> Self:
        self.request += 1
        return self.write(fx.AskModel(self.request, generation, turn, purpose, (Message("user", words),)))

    def model_wrote(self, generation: int, text: str) -> Self:
        return self.event(ev.ReplyText, generation, self.request, text)

    def model_ended(self, generation: int) -> Self:
        return self.event(ev.ReplyEnded, generation, self.request, "stop")

    def gives_up(self, turn: int, generation: int, reason: str) -> Self:
        """The reply is withdrawn unheard; a failure of the voice is noted, too."""
        self.write(fx.Withdrawn(generation, turn, reason))
        return self.write(fx.Note("voice_failed", f"generation {generation}")) if reason == "voice_failed" else self

    def speaks(self, turn: int, generation: int, text: str, purpose: str = "reply", index: int = 0) -> Self:
        return self.write(fx.Speak(generation, index, turn, purpose, text))

    def audio_ready(self, generation: int) -> Self:
        return self.event(ev.VoiceReady, generation, 0)

    def released(self, turn: int, generation: int, resumes: int = 0) -> Self:
        return self.write(fx.Release(generation, turn, resumes))

    def audible(self, generation: int) -> Self:
        return self.event(ev.PlayoutStarted, generation)

    def connected(self, kind: str, provider: str, model: str = "", ms: int = 12, voice: str = "") -> Self:
        return self.fact(
            "core", "provider_connected", kind=kind, provider=provider, model=model, voice=voice, language="en", ms=ms
        )

    def used(
        self,
        kind: str,
        generation: int,
        purpose: str,
        amount: int,
        output: int = 0,
        *,
        provider: str = "p",
        model: str = "m",
        parts: tuple[int, int, int] = (0, 0, 0),
    ) -> Self:
        """``parts``: tokens from the cache, of thought, and into the cache."""
        return self.event(ev.UsageReported, kind, provider, model, purpose, generation, 0, amount, output, *parts)

    def used_after(self, purpose: str, amount: int, output: int) -> Self:
        return self.fact(
            "post",
            "usage",
            kind="model",
            provider="p",
            model="m",
            purpose=purpose,
            amount=amount,
            amount_output=output,
            amount_cached=0,
        )


def two_turns() -> CallLog:
    """Answered at 1 s, a welcome, the caller speaks at 3-4 s and 8-9 s of the call's audio, hangs up at 13 s."""
    log = CallLog().at(1_000).answered()
    log.connected("carrier", "loopback").connected("transcriber", "ears", "ear-1", 30)
    log.connected("model", "brain", "brain-1").connected("voice", "throat", "throat-1", 45, "maya")
    log.speaks(0, 1, "Hello, this is Maya.", "welcome").released(0, 1)
    log.at(1_200).audio_ready(1).audible(1)
    log.at(3_500).agent_said(0, 1, "Hello, this is Maya.", "welcome")
    log.at(5_000).voice_stopped(4_980)
    log.at(5_200).turn_taken().asked(1, 2, "A table for two.").caller_said(1, "A table for two.", 3_000, 4_000)
    log.at(5_500).model_wrote(2, "For when?").at(5_550).speaks(1, 2, "For when?").model_ended(2)
    log.at(5_700).audio_ready(2).at(5_750).released(1, 2).at(5_760).audible(2)
    log.at(7_000).agent_said(1, 2, "For when?")
    log.at(10_000).voice_stopped(9_990)
    log.at(10_300).turn_taken().asked(2, 3, "Tonight.").caller_said(2, "Tonight.", 8_000, 9_000)
    log.at(10_600).model_wrote(3, "Done, goodbye.").speaks(2, 3, "Done, goodbye.").model_ended(3)
    log.at(10_900).audio_ready(3).released(2, 3).audible(3)
    log.at(12_500).agent_said(2, 3, "Done, goodbye.")
    return log.at(13_000).leg_ended()
