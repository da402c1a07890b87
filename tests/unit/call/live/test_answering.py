"""A leg that was offered: what happens before anybody listens is kept, and its end is told in the words of a call that came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from callwright.call.live.answering import MOST_KEPT, OfferedLeg, rings_for_model, unwatched
from callwright.call.process.inbound import header_variables
from callwright.conversation.plan import plan_for
from callwright.platform.agent_settings.rules.conversation import ConversationSettings, VoicemailSettings
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.leg import ArrangedCall, InboundOffer, LegClosed, closed_by


class Line:
    """A leg that only notes what is asked of it."""

    provider_call_id = "p-1"
    ahead_ms = 60

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self) -> None:
        self.asked.append("answer")

    async def reject(self, code: int) -> None:
        self.asked.append(f"reject {code}")

    async def hang_up(self, reason: str) -> None:
        self.asked.append("hang_up")

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        self.asked.append("transfer")

    async def send_keys(self, keys: str) -> None:
        self.asked.append("keys")

    def write(self, frame: bytes) -> None:
        self.asked.append("write")

    def clear(self) -> None:
        self.asked.append("clear")


class Ear:
    """A listener that keeps everything."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def ringing(self) -> None:
        self.heard.append("ringing")

    def early_media(self) -> None:
        self.heard.append("early_media")

    def answered(self) -> None:
        self.heard.append("answered")

    def audio(self, frame: bytes) -> None:
        self.heard.append(frame)

    def key(self, key: str) -> None:
        self.heard.append(key)

    def machine(self, kind: str) -> None:
        self.heard.append(kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        self.heard.append((what, dict(values)))

    def closed(self, closed: LegClosed) -> None:
        self.heard.append(closed)


def report(offered: OfferedLeg) -> None:
    offered.ringing()
    offered.early_media()
    offered.noted("headers", {"X-A": "1"})
    offered.noted("media", {"codec": "pcmu"})
    offered.answered()
    offered.machine("human")
    offered.audio(b"frame")
    offered.key("5")


REPORTED = ["early_media", ("media", {"codec": "pcmu"}), "answered", "human", b"frame", "5"]


def test_what_happened_before_anybody_listened_is_told_in_order_and_then_everything_else() -> None:
    offered, ear = OfferedLeg(Line()), Ear()
    report(offered)
    offered.tell(ear)
    assert ear.heard == REPORTED
    report(offered)
    assert ear.heard == REPORTED * 2


def test_of_a_flood_the_end_is_kept() -> None:
    offered, ear = OfferedLeg(Line()), Ear()
    for _ in range(MOST_KEPT + 50):
        offered.audio(b"frame")
    offered.closed(closed_by(CAUSES["caller_hung_up"]))
    offered.tell(ear)
    assert len(ear.heard) == MOST_KEPT + 1
    assert ear.heard[-1].by == "Caller"


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("normal_clearing", "caller_hung_up"),
        ("originator_cancel", "caller_abandoned"),
        ("caller_hung_up", "caller_hung_up"),
        ("caller_abandoned", "caller_abandoned"),
        ("media_timeout", "media_timeout"),
        ("gateway_lost", "gateway_lost"),
        ("hung_up_by_us", "hung_up_by_us"),
    ],
)
def test_the_far_end_is_the_caller(said: str, means: str) -> None:
    offered, ear = OfferedLeg(Line()), Ear()
    offered.tell(ear)
    offered.closed(closed_by(CAUSES[said]))
    assert ear.heard == [closed_by(CAUSES[means])]


def test_what_the_carrier_itself_said_stays() -> None:
    offered, ear = OfferedLeg(Line()), Ear()
    offered.tell(ear)
    offered.closed(closed_by(CAUSES["normal_clearing"], "BYE"))
    offered.closed(LegClosed("answered", "Callee", "went away", 3020, "x"))
    assert [(end.by, end.reason, end.provider_code) for end in ear.heard] == [
        ("Caller", "Call ended", "BYE"),
        ("Caller", "went away", "x"),
    ]


async def test_a_call_we_refuse_was_taken_back_by_us() -> None:
    line, ear = Line(), Ear()
    offered = OfferedLeg(line)
    offered.tell(ear)
    await offered.refuse(486)
    offered.closed(closed_by(CAUSES["declined_by_us"], "486"))
    assert line.asked == ["reject 486"]
    assert [(end.outcome, end.by, end.provider_code) for end in ear.heard] == [("canceled", "API Request", "486")]


def test_nobody_listens_for_an_answering_machine_in_a_call_that_came_in() -> None:
    settings = ConversationSettings(voicemail=VoicemailSettings(enabled=True))
    spec = AgentSpec("A", "Hi", "", *(ProviderChoice("x"),) * 3, settings)
    assert plan_for(spec).voicemail
    assert not plan_for(unwatched(spec)).voicemail


@pytest.mark.parametrize(
    ("arranged", "model_begins", "rings"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_a_page_is_answered_before_the_model_is_ready_where_the_welcome_does_not_need_it(
    arranged: bool, model_begins: bool, rings: bool
) -> None:
    call = ArrangedCall("e1", "t1", "a1") if arranged else None
    settings = ConversationSettings(use_llm_for_initial_message=model_begins)
    spec = AgentSpec("A", "Hi", "", *(ProviderChoice("x"),) * 3, settings)
    assert rings_for_model(InboundOffer("web-call", "", "", "c1", arranged=call), spec) is rings


def test_headers_become_variables() -> None:
    headers = {"X-Campaign": "spring", "x--Odd__Name!": "1", "Diversion": "<sip:a@b>"}
    assert header_variables(headers, None) == {
        "sip_x_campaign": "spring",
        "sip_x_odd_name": "1",
        "sip_diversion": "<sip:a@b>",
    }


def test_an_agent_names_variables_of_its_own_and_a_missing_header_is_empty() -> None:
    found = header_variables({"X-Campaign": "spring"}, {"x-campaign": "campaign", "X-Other": "other"})
    assert (found["campaign"], found["other"], found["sip_x_campaign"]) == ("spring", "", "spring")
    assert header_variables({}, ["X-Campaign"]) == {}
