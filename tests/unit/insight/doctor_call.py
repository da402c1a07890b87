"""Calls for the doctor: a healthy one in a few words, in which a test plants one fault. Times are milliseconds since the attempt began."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

from tests.unit.insight.call_log import CallLog

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.insight.cost import CallCost
from callwright.insight.doctor import diagnose
from callwright.insight.doctor_finding import Finding

ANSWERED_MS = 1_000
PLAN = CallPlan(welcome_message="Hello, this is Maya.", words_to_interrupt=2)


class DoctorCall(CallLog):
    """A call as the runner writes it. Both sides' sounds are given as from and to; a turn is answered 600 ms after its last sound."""

    def __init__(self, **plan: Any) -> None:
        super().__init__()
        self.generation = 0
        self.turn = 0
        self.segment = 0
        self.event(ev.Started, replace(PLAN, **plan), (), 7)

    def audio(self, at_ms: int) -> int:
        """The position in the caller's audio."""
        return at_ms - ANSWERED_MS

    def picked_up(self) -> Self:
        return self.at(ANSWERED_MS).answered()

    def sounds(self, from_ms: int, to_ms: int) -> Self:
        """A sound of the caller, as the detector tells it: 80 ms and 200 ms late."""
        self.at(from_ms + 80).event(ev.ActivityBegan, self.audio(from_ms))
        self.voiced_ms = max(self.voiced_ms, self.audio(to_ms))
        self.at(to_ms + 200).fact("core", "voiced_end", audio_ms=self.audio(to_ms), arrived_us=to_ms * 1000)
        return self.event(ev.ActivityEnded, self.audio(to_ms))

    def words(self, text: str, to_ms: int, at_ms: int = 0) -> Self:
        """The recogniser's final words of a segment that ends at ``to_ms``."""
        self.segment += 1
        return self.at(at_ms or to_ms + 250).event(ev.TranscriptFinal, self.audio(to_ms), self.segment, text)

    def says(self, text: str, from_ms: int, to_ms: int) -> Self:
        """A sound of the caller with its words."""
        return self.sounds(from_ms, to_ms).words(text, to_ms)

    def takes_turn(self, text: str, from_ms: int, to_ms: int, at_ms: int) -> Self:
        self.turn += 1
        return self.at(at_ms).caller_said(self.turn, text, self.audio(from_ms), self.audio(to_ms))

    def asks(self, at_ms: int) -> Self:
        """The model is asked for the turn that is about to be taken."""
        self.generation += 1
        return self.at(at_ms).turn_taken().asked(self.turn + 1, self.generation)

    def asks_again(self, at_ms: int) -> Self:
        """The model is asked once more in the same turn, as after a tool."""
        self.generation += 1
        return self.at(at_ms).asked(self.turn, self.generation)

    def speaks_from(self, text: str, from_ms: int, to_ms: int, *, purpose: str = "reply", cut: bool = False) -> Self:
        """A generation with one clause, heard between the two times. Of one that was not asked for the number is the next."""
        if purpose != "reply":
            self.generation += 1
        self.gives(text, from_ms - 60, purpose).at(from_ms).released(self.turn, self.generation).audible(
            self.generation
        )
        return self.ends(text, to_ms, purpose=purpose, cut=cut)

    def gives(self, text: str, at_ms: int, purpose: str = "reply", index: int = 0) -> Self:
        """A clause is given to the voice, and its audio is there at once."""
        self.at(at_ms).speaks(self.turn, self.generation, text, purpose, index)
        return self.event(ev.VoiceReady, self.generation, index)

    def ends(self, text: str, at_ms: int, *, purpose: str = "reply", cut: bool = False, index: int = 0) -> Self:
        self.at(at_ms)
        if not cut:
            self.event(ev.MarkPlayed, self.generation, index)
        return self.agent_said(self.turn, self.generation, text, purpose, cut)

    def welcomed(self) -> Self:
        """Answered and greeted: the agent is heard from 1.2 to 3.5 s."""
        return self.picked_up().speaks_from("Hello, this is Maya.", 1_200, 3_500, purpose="welcome")

    def exchange(self, text: str, reply: str, from_ms: int) -> Self:
        """The caller speaks for 1 s, the model's words come 400 ms later and are heard for 2 s from 600 ms after the last sound on."""
        to_ms = from_ms + 1_000
        self.says(text, from_ms, to_ms).asks(to_ms + 300)
        self.at(to_ms + 400).model_wrote(self.generation, reply).model_ended(self.generation)
        self.takes_turn(text, from_ms, to_ms, to_ms + 500)
        return self.speaks_from(reply, to_ms + 600, to_ms + 2_600)

    def tool(self, name: str, from_ms: int, to_ms: int = 0) -> Self:
        """A tool of the present turn, answered at ``to_ms`` unless that is 0."""
        self.request += 1
        request = self.request
        self.at(from_ms).write(fx.CallTool(request, self.turn, f"call-{request}", name, "{}"))
        return self.at(to_ms).event(ev.ToolResult, request, True, "{}") if to_ms else self

    def interrupted(self, at_ms: int) -> Self:
        """The agent is silenced by the recogniser's newest words."""
        return self.at(at_ms).write(fx.Clear(self.generation)).event(ev.Cleared, self.generation, 0)

    def hangs_up(self, at_ms: int, reason: str) -> Self:
        return self.at(at_ms).write(fx.HangUp("Agent", reason)).at(at_ms + 50).leg_ended("Agent", reason)

    def line(self, **counters: Any) -> Self:
        """The counters of the line at the end."""
        return self.fact("leg", "line", **counters)

    def findings(self, cost: CallCost | None = None) -> list[Finding]:
        return list(diagnose(self.view, cost).findings)

    def found(self, rule: str, cost: CallCost | None = None) -> Finding:
        """The one finding of the call, which is by ``rule``."""
        findings = self.findings(cost)
        assert [finding.rule for finding in findings] == [rule], findings
        return findings[0]


def healthy() -> DoctorCall:
    """A welcome and two turns, to 12.6 s; nobody has hung up yet."""
    call = DoctorCall().welcomed()
    call.exchange("A table for two please.", "For when shall it be?", 4_500)
    return call.exchange("Tonight at eight.", "Done, see you tonight.", 9_000)
