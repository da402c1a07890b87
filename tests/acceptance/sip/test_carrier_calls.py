"""The SIP carrier's legs over a scripted gateway: what is sent, what is reported, how calls end."""

import asyncio

import pytest
from tests.acceptance.sip.carrier_world import ANSWERED, DIALLED, make_world

from callwright.domain.limits import MAX_SIP_KEYS
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, LegClosed, TransferFailedError

pytestmark = pytest.mark.real_time

FRAME = b"\x10" * 160


@pytest.fixture
async def world():
    world = make_world(max_calls=3, headers=("X-Campaign",), transfer_to=("127.0.0.1", "pbx.example"))
    await world.carrier.open(world.desk)
    yield world
    await asyncio.wait_for(world.carrier.aclose(), 15)


async def test_a_dial_names_the_call_the_caller_and_the_ring_time(world):
    call = await world.dial(DIALLED, ["show"], **{"X-Campaign": "spring"})
    await call.listener.until(lambda: call.listener.commands)
    assert call.listener.commands == [
        (
            "dial",
            {
                "to": "sip:phone@127.0.0.1:15101",
                "from_user": "+15550100",
                "display_name": "",
                "headers": {"X-Callwright-Call": "execution-1.1", "X-Campaign": "spring"},
                "ring_seconds": 20,
            },
        )
    ]
    assert call.leg.provider_call_id == "abc@127.0.0.1"


async def test_events_come_in_order_once_and_not_before_dial_has_returned(world):
    call = await world.dial(
        DIALLED, ["ringing"], ["ringing"], ["early_media"], *ANSWERED[1:], ["ringing"], ["answered"]
    )
    assert call.listener.events == []
    await call.listener.until(lambda: call.listener.told("media"))
    assert call.listener.events == ["ringing", "early_media", "answered"]
    assert call.listener.told("media") == [{"codec": "pcmu", "why": "answer"}]


async def test_audio_flows_both_ways_after_the_answer_and_in_whole_frames(world):
    call = await world.dial(DIALLED)
    call.leg.write(FRAME)
    await call.leg.hang_up("")
    assert call.listener.frames == []
    call = await world.talking()
    for number in range(600):
        call.leg.write(bytes([number % 256]) * 160)
    call.leg.write(b"too short")
    await call.listener.until(lambda: len(call.listener.frames) == 600)
    assert call.listener.frames == [bytes([number % 256]) * 160 for number in range(600)]


async def test_a_clear_keeps_its_place_between_frames(world):
    call = await world.talking()
    call.leg.write(FRAME)
    call.leg.clear()
    call.leg.write(FRAME)
    await call.listener.until(lambda: len(call.listener.frames) == 2)
    assert call.listener.commands == [("clear", {})]


async def test_keys_travel_both_ways(world):
    call = await world.talking()
    await call.leg.send_keys("19*#AD")
    await call.listener.until(lambda: call.listener.keys == "19*#AD")


@pytest.mark.parametrize(("keys", "match"), [("12x", "keys that are none"), ("", "0 keys"), ("1" * 65, "65 keys")])
async def test_what_are_no_keys_is_refused(world, keys, match):
    call = await world.talking()
    await call.leg.send_keys("1" * MAX_SIP_KEYS)
    with pytest.raises(ProviderError, match=match) as refused:
        await call.leg.send_keys(keys)
    assert refused.value.kind is FailureKind.BAD_REQUEST


async def test_keys_before_the_answer_are_refused(world):
    call = await world.dial(DIALLED)
    with pytest.raises(ProviderError, match="while a call is answered"):
        await call.leg.send_keys("1")


async def test_hanging_up_drains_and_gives_the_reason(world):
    call = await world.talking()
    await asyncio.gather(call.leg.hang_up("llm_prompted_hangup"), call.leg.hang_up("b"))
    await call.leg.hang_up("c")
    assert [values for kind, values in call.listener.commands if kind == "hang_up"] == [{"drain": True}]
    assert call.listener.closed_as == LegClosed("answered", "API Request", "llm_prompted_hangup", 4000, "hung_up_by_us")
    assert call.listener.events.count("closed") == 1
    assert call.listener.told("sip") == [
        {"status": 0, "q850": None, "reason": "", "by": "us", "call_id": "abc@127.0.0.1"}
    ]


async def test_hanging_up_before_the_answer_cancels(world):
    call = await world.dial(DIALLED, ["ringing"])
    await call.leg.hang_up("")
    assert [values for kind, values in call.listener.commands if kind == "hang_up"] == [{"drain": False}]
    assert call.listener.closed_as == LegClosed("canceled", "API Request", "Call canceled", 4000, "originator_cancel")


@pytest.mark.parametrize(
    ("steps", "outcome", "by", "code", "said"),
    [
        ([["closed", {"by": "them", "sip_status": 486}]], "busy", "Carrier", 3010, "486"),
        ([["ringing"], ["closed", {"by": "them", "sip_status": 603}]], "busy", "Callee", 3020, "603"),
        ([["closed", {"by": "them", "sip_status": 404}]], "failed", "Carrier", 2000, "404"),
        ([["closed", {"by": "them", "sip_status": 480, "q850": 17}]], "busy", "Carrier", 3010, "480"),
        ([["ringing"], ["closed", {"by": "us", "sip_status": 487}]], "no-answer", "Carrier", 3000, "487"),
        ([["closed", {"by": "line", "sip_status": 408}]], "failed", "Carrier", 3070, "408"),
    ],
)
async def test_calls_that_are_not_taken_end_by_the_one_table(world, steps, outcome, by, code, said):
    call = await world.dial(DIALLED, *steps)
    closed = await call.listener.ended()
    assert (closed.outcome, closed.by, closed.code, closed.provider_code) == (outcome, by, code, said)


async def test_a_refusal_that_comes_before_the_invite_was_confirmed_is_an_outcome_too(world):
    call = await world.dial(["closed", {"by": "them", "sip_status": 486}])
    assert (await call.listener.ended()).outcome == "busy"


async def test_the_far_end_hangs_up(world):
    call = await world.talking(["quality", {"rx_lost": 3, "final": True}], ["closed", {"by": "them", "sip_status": 0}])
    assert await call.listener.ended() == LegClosed(
        "answered", "Callee", "Call recipient hung up", 4000, "normal_clearing"
    )
    assert call.listener.told("quality") == [{"rx_lost": 3, "final": True}]
    call.leg.write(FRAME)
    call.leg.clear()
    await call.leg.hang_up("")
    assert call.listener.frames == []


async def test_a_call_the_gateway_cannot_place_is_refused_with_its_reason(world):
    with pytest.raises(ProviderError, match="no route") as refused:
        await world.dial(["closed", {"by": "line", "sip_status": 0, "reason": "no route"}])
    assert refused.value.kind is FailureKind.UNAVAILABLE
    assert world.metrics.registry.get_sample_value("callwright_sip_calls") == 0


@pytest.mark.parametrize(
    ("to", "match"),
    [
        ("+15550100123", "through a SIP trunk"),
        ("112", "emergency"),
        ("sip:911@127.0.0.1", "emergency"),
        ("sip:%39%311@127.0.0.1", "emergency"),
        ("loopback:ann", "use an address such as sip:"),
        ("sips:ann@127.0.0.1", "use an address such as sip:"),
        ("sip:ann@127.0.0.1;transport=ws", "udp, tcp, tls"),
    ],
)
async def test_addresses_that_cannot_or_must_not_be_called_are_refused(world, to, match):
    with pytest.raises(ProviderError, match=match) as refused:
        await world.dial(to=to)
    assert refused.value.kind is FailureKind.BAD_REQUEST


async def test_calls_above_the_limit_are_refused(world):
    for _ in range(3):
        await world.dial(DIALLED)
    with pytest.raises(ProviderError, match="CALLWRIGHT_SIP_MAX_CALLS") as refused:
        await world.dial(DIALLED)
    assert refused.value.kind is FailureKind.LIMIT
    assert world.metrics.registry.get_sample_value("callwright_sip_calls") == 3


async def test_a_transfer_returns_when_the_target_has_taken_the_call(world):
    call = await world.talking()
    await call.leg.transfer("sip:taken@127.0.0.1:15102", attended=True)
    closed = await call.listener.ended()
    assert closed.reason == "Call completed"
    assert call.listener.told("transfer") == [{"state": "ringing"}], "and not the news of another transfer"
    assert call.listener.commands == [
        ("transfer", {"request": 1, "target": "sip:taken@127.0.0.1:15102", "attended": True, "seconds": 30})
    ]


async def test_a_transfer_that_failed_says_how_and_the_call_goes_on(world):
    call = await world.talking()
    with pytest.raises(TransferFailedError, match="486 No") as refused:
        await call.leg.transfer("sip:486@127.0.0.1:15102")
    assert (refused.value.outcome, refused.value.code) == ("busy", 3010)
    with pytest.raises(ProviderError, match="cannot be transferred") as cannot:
        await call.leg.transfer("sip:405@127.0.0.1:15102")
    assert cannot.value.kind is FailureKind.BAD_REQUEST
    call.leg.write(FRAME)
    await call.listener.until(lambda: call.listener.frames)


async def test_a_call_is_transferred_once_at_a_time_and_only_to_sip_addresses(world):
    call = await world.talking()
    with pytest.raises(ProviderError, match="through a SIP trunk"):
        await call.leg.transfer("+15550199001")
    pending = asyncio.create_task(call.leg.transfer("sip:nobody@127.0.0.1"))
    await asyncio.sleep(0)
    with pytest.raises(ProviderError, match="being transferred already"):
        await call.leg.transfer("sip:nobody@127.0.0.1")
    await call.leg.hang_up("")
    with pytest.raises(TransferFailedError, match="the call ended"):
        await pending
    with pytest.raises(ProviderError, match="goes on can be transferred"):
        await call.leg.transfer("sip:nobody@127.0.0.1")


async def test_a_referral_is_followed_only_to_hosts_the_setting_allows(world):
    call = await world.talking(
        ["refer_asked", {"target": "sip:bob@evil.example"}],
        ["refer_asked", {"target": "sip:911@127.0.0.1"}],
        ["refer_asked", {"target": "sip:bob@PBX.example:5090"}],
    )
    await call.listener.until(lambda: call.listener.told("moved"))
    assert [values["accept"] for kind, values in call.listener.commands if kind == "refer"] == [False, False, True]
    refused = call.listener.told("refer_refused")
    assert [fact["target"] for fact in refused] == ["sip:bob@evil.example", "sip:911@127.0.0.1"]
    assert "CALLWRIGHT_SIP_TRANSFER_TO" in refused[0]["why"]
    assert "emergency" in refused[1]["why"]


async def test_facts_of_the_line_are_passed_on(world):
    call = await world.talking(["held", {"on": True}], ["media", {"codec": "pcma", "why": "re-INVITE"}], ["unheard_of"])
    await call.listener.until(lambda: len(call.listener.told("media")) == 2)
    assert call.listener.told("held") == [{"on": True}]
    assert call.listener.told("media")[1] == {"codec": "pcma", "why": "re-INVITE"}


INCOMING = {
    "called": "1234",
    "caller": "sip:ann@127.0.0.1",
    "call_id": "in@127.0.0.1",
    "headers": {"X-Campaign": "spring"},
    "peer": "127.0.0.1:15101",
}


async def coming_in(world):
    await world.dial(DIALLED, ["come_in", INCOMING])
    await world.desk.listener.until(lambda: world.desk.listener.told("headers"))
    return world.desk.legs[0], world.desk.listener


async def test_a_call_that_comes_in_is_offered_and_taken(world):
    leg, listener = await coming_in(world)
    (offer,) = world.desk.offers
    assert (offer.carrier, offer.called, offer.caller) == ("sip", "1234", "sip:ann@127.0.0.1")
    assert (offer.provider_call_id, dict(offer.headers)) == ("in@127.0.0.1", {"X-Campaign": "spring"})
    assert leg.provider_call_id == "in@127.0.0.1"
    await leg.answer()
    await listener.until(lambda: "answered" in listener.events)
    await leg.answer()
    leg.write(FRAME)
    await listener.until(lambda: listener.frames)
    assert listener.told("headers") == [{"X-Campaign": "spring"}]
    assert [kind for kind, _ in listener.commands] == ["answer"]


async def test_a_call_that_comes_in_can_be_refused_with_any_status(world):
    leg, listener = await coming_in(world)
    with pytest.raises(ProviderError, match="400 to 699"):
        await leg.reject(200)
    await leg.reject(404)
    closed = await listener.ended()
    assert (closed.outcome, closed.provider_code) == ("failed", "404")


async def test_hanging_up_on_a_call_that_was_not_taken_refuses_it(world):
    leg, listener = await coming_in(world)
    await leg.hang_up("")
    assert ("reject", {"code": 480}) in listener.commands


async def test_a_desk_that_fails_refuses_that_call_and_leaves_the_others(world):
    world.desk.broken = True
    call = await world.dial(*ANSWERED, ["come_in", INCOMING])
    await call.listener.until(lambda: "answered" in call.listener.events)
    call.leg.write(FRAME)
    await call.listener.until(lambda: call.listener.frames)
    assert world.metrics.registry.get_sample_value("callwright_sip_calls") == 1


async def test_a_listener_that_fails_ends_its_own_call_only(world):
    healthy, broken = await world.talking(), await world.talking()

    def fail(frame):
        raise RuntimeError("defect")

    broken.listener.audio = fail
    broken.leg.write(FRAME)
    healthy.leg.write(FRAME)
    assert (await broken.listener.ended()).outcome == "error"
    await healthy.listener.until(lambda: healthy.listener.frames)


async def test_dialling_can_be_given_up(world):
    task = asyncio.create_task(world.dial())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.metrics.registry.get_sample_value("callwright_sip_calls") == 0


async def test_closing_the_carrier_ends_its_calls(world):
    talking, ringing = await world.talking(), await world.dial(DIALLED, ["ringing"])
    await world.carrier.aclose()
    assert talking.listener.closed_as is not None
    assert talking.listener.closed_as.outcome == "answered"
    assert ringing.listener.closed_as is not None
    with pytest.raises(ProviderError, match="SIP is off"):
        await world.carrier.dial(DialRequest("x", "sip:a@127.0.0.1", "", 5), ringing.listener)
