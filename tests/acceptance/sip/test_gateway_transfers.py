"""Transfers through the gateway: blind and attended, taken and not taken, and those the far end asks for."""

import asyncio
import re

import pytest
from tests.acceptance.sip.gateway_world import HOST, carried, established, gateway, needs_stack, tone
from tests.acceptance.sip.raw_phone import RawPhone, header

pytestmark = [pytest.mark.real_time, *needs_stack]


async def notify(phone, sipfrag, state="terminated;reason=noresource"):
    """What the phone reports of the call a REFER asked for."""
    phone.send(
        phone.request("NOTIFY", extra=("Event: refer", f"Subscription-State: {state}"), body=f"SIP/2.0 {sipfrag}\r\n")
    )
    await asyncio.sleep(0.05)


async def test_blind_transfer_hands_the_far_end_over():
    phone = await RawPhone().open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "answered")
        ours.send(call, "transfer", request=7, target=f"sip:desk@{HOST}:9", attended=False, seconds=5)
        refer = await phone.wait("REFER")
        assert f"sip:desk@{HOST}:9" in header(refer, "Refer-To")
        await notify(phone, "100 Trying", "active")
        await notify(phone, "180 Ringing", "active")
        _, news = await ours.wait(call, "transfer_progress")
        assert (news["request"], news["state"]) == (7, "ringing")
        await notify(phone, "183 Session Progress", "active")
        _, news = await ours.wait(call, "transfer_progress", count=2)
        assert news["state"] == "ringing", "what the target sounds by itself reaches nobody yet"
        await notify(phone, "200 OK")
        _, done = await ours.wait(call, "transferred")
        assert (done["request"], done["ok"]) == (7, True)
        await phone.wait("BYE")
        _, closed = await ours.wait(call, "closed")
        assert closed["by"] == "us"
        kinds = [message["type"] for one, message in ours.messages if one == call]
        assert kinds.index("transferred") < kinds.index("closed")
    phone.close()


async def test_blind_transfer_that_was_given_up_and_succeeds_after_all_ends_the_call_as_transferred():
    phone = await RawPhone().open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "answered")
        ours.send(call, "transfer", request=7, target=f"sip:desk@{HOST}:9", attended=False, seconds=0.5)
        await phone.wait("REFER")
        await notify(phone, "180 Ringing", "active")
        _, done = await ours.wait(call, "transferred")
        assert (done["request"], done["ok"], done["unanswered"]) == (7, False, True)
        await notify(phone, "200 OK")
        _, done = await ours.wait(call, "transferred", count=2)
        assert (done["request"], done["ok"]) == (7, True)
        await phone.wait("BYE")
        _, closed = await ours.wait(call, "closed")
        assert (closed["by"], closed["reason"]) == ("us", "transferred")
    phone.close()


async def test_attended_transfer_to_a_target_that_rings_for_too_long_keeps_the_call():
    desk = await RawPhone(answer_at_once=False).open()
    async with gateway() as ours, gateway() as phone:
        there, _ = await established(ours, phone)
        ours.send(there, "transfer", request=4, target=f"sip:desk@{HOST}:{desk.port}", attended=True, seconds=1)
        _, done = await ours.wait(there, "transferred")
        assert (done["ok"], done["unanswered"]) == (False, True)
        await desk.wait("CANCEL")
        assert not ours.of(there, "closed")
    desk.close()


async def test_blind_transfer_to_a_busy_target_keeps_the_call():
    phone = await RawPhone().open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "answered")
        ours.send(call, "transfer", request=1, target=f"sip:desk@{HOST}:9", attended=False, seconds=5)
        await phone.wait("REFER")
        await notify(phone, "486 Busy Here")
        _, done = await ours.wait(call, "transferred")
        assert (done["ok"], done["sip_status"]) == (False, 486)
        before = len(phone.rtp)
        await ours.speak(call, tone(500, 1))
        assert len(phone.rtp) - before > 35
        assert not ours.of(call, "closed")
    phone.close()


async def test_attended_transfer_joins_the_two():
    """The phone that is transferred is another gateway: it does what REFER with Replaces asks, and hears the target. While that rings it
    hears us, because nobody on hold would, and is put on hold when it is answered."""
    async with gateway() as ours, gateway() as phone, gateway() as desk:
        there, here = await established(ours, phone)
        ours.send(there, "transfer", request=2, target=f"sip:desk@{desk.listen}", attended=True, seconds=8)
        first, _ = await desk.wait(None, "incoming")
        await carried(ours.speak(there, tone(440, 10)), lambda: phone.heard(here), 440)
        assert phone.of(here, "held") == []
        desk.send(first, "answer")
        assert (await phone.wait(here, "held"))[1]["on"] is True
        _, asked = await phone.wait(here, "refer_asked")
        assert asked["target"].startswith("sip:")
        phone.send(here, "refer", accept=True)
        second, _ = await desk.wait(None, "incoming", count=2)
        desk.send(second, "answer")
        _, done = await ours.wait(there, "transferred")
        assert (done["ok"], done["request"]) == (True, 2)
        assert [message["state"] for message in ours.of(there, "transfer_progress")] == ["ringing", "answered"]
        assert {message["request"] for message in ours.of(there, "transfer_progress")} == {2}
        await ours.wait(there, "closed")
        await phone.wait(here, "moved")
        await desk.wait(first, "closed")
        await carried(desk.speak(second, tone(800, 10)), lambda: phone.heard(here), 800)
        assert not phone.of(here, "closed")
        phone.send(here, "hang_up", drain=False)
        await desk.wait(second, "closed")
        assert (await phone.wait(here, "closed"))[1]["by"] == "us"


async def test_attended_transfer_to_a_busy_target_keeps_the_call_which_was_never_on_hold():
    busy = await RawPhone(answer_status=486).open()
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone)
        ours.send(there, "transfer", request=3, target=f"sip:desk@{HOST}:{busy.port}", attended=True, seconds=8)
        _, done = await ours.wait(there, "transferred")
        assert (done["ok"], done["sip_status"]) == (False, 486)
        await asyncio.gather(
            carried(ours.speak(there, tone(440, 10)), lambda: phone.heard(here), 440),
            carried(phone.speak(here, tone(900, 10)), lambda: ours.heard(there), 900),
        )
        assert phone.of(here, "held") == []
    busy.close()


async def test_attended_transfer_that_the_far_end_refuses_takes_it_off_hold_and_lets_the_target_go():
    async with gateway() as ours, gateway() as phone, gateway() as desk:
        there, here = await established(ours, phone)
        ours.send(there, "transfer", request=3, target=f"sip:desk@{desk.listen}", attended=True, seconds=8)
        first, _ = await desk.wait(None, "incoming")
        desk.send(first, "answer")
        await phone.wait(here, "refer_asked")
        phone.send(here, "refer", accept=False)
        _, done = await ours.wait(there, "transferred")
        assert (done["ok"], done["sip_status"]) == (False, 603)
        assert [message["on"] for message in phone.of(here, "held")][:1] == [True]
        await desk.wait(first, "closed")
        await asyncio.gather(
            carried(ours.speak(there, tone(440, 10)), lambda: phone.heard(here), 440),
            carried(phone.speak(here, tone(900, 10)), lambda: ours.heard(there), 900),
        )


async def test_attended_transfer_ends_when_the_caller_gives_up_meanwhile():
    desk = await RawPhone(answer_at_once=False).open()
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone)
        ours.send(there, "transfer", request=4, target=f"sip:desk@{HOST}:{desk.port}", attended=True, seconds=8)
        await desk.wait("INVITE")
        phone.send(here, "hang_up", drain=False)
        _, done = await ours.wait(there, "transferred")
        assert done["ok"] is False
        assert (await ours.wait(there, "closed"))[1]["by"] == "them"
        await desk.wait("CANCEL")
    desk.close()


async def test_a_far_end_that_sends_us_elsewhere_is_followed_when_the_server_agrees():
    async with gateway() as ours, gateway() as phone, gateway() as third:
        there, here = await established(ours, phone)
        phone.send(here, "transfer", request=1, target=f"sip:third@{third.listen}", attended=False, seconds=8)
        _, asked = await ours.wait(there, "refer_asked")
        assert f"third@{third.listen}" in asked["target"]
        ours.send(there, "refer", accept=True)
        new, incoming = await third.wait(None, "incoming")
        assert incoming["called"] == "third"
        third.send(new, "answer")
        await ours.wait(there, "moved")
        assert (await phone.wait(here, "transferred"))[1]["ok"] is True
        await phone.wait(here, "closed")
        await asyncio.gather(
            carried(ours.speak(there, tone(440, 10)), lambda: third.heard(new), 440),
            carried(third.speak(new, tone(900, 10)), lambda: ours.heard(there), 900),
        )
        dialog = ours.of(there, "dialog")[-1]
        assert third.listen in dialog["target"]
        ours.send(there, "hang_up", drain=False)
        await third.wait(new, "closed")


async def test_a_far_end_that_sends_us_elsewhere_is_not_followed_when_the_server_does_not_agree():
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone)
        phone.send(here, "transfer", request=1, target=f"sip:third@{HOST}:9", attended=False, seconds=8)
        await ours.wait(there, "refer_asked")
        ours.send(there, "refer", accept=False)
        _, done = await phone.wait(here, "transferred")
        assert (done["ok"], done["sip_status"]) == (False, 603)
        await carried(phone.speak(here, tone(900, 10)), lambda: ours.heard(there), 900)


async def test_a_far_end_that_sends_us_to_nobody_keeps_the_call():
    nobody = await RawPhone(answer_status=404).open()
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone)
        phone.send(here, "transfer", request=1, target=f"sip:x@{HOST}:{nobody.port}", attended=False, seconds=8)
        await ours.wait(there, "refer_asked")
        ours.send(there, "refer", accept=True)
        _, failed = await ours.wait(there, "move_failed")
        assert failed["sip_status"] == 404
        _, done = await phone.wait(here, "transferred")
        assert done["ok"] is False
        assert re.match(r"4\d\d|0", str(done["sip_status"]))
        await carried(phone.speak(here, tone(900, 10)), lambda: ours.heard(there), 900)
    nobody.close()
