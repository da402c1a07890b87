"""Two gateway processes call each other over loopback, one as the phone: what the server is told, and what is heard."""

import asyncio

import pytest
from tests.acceptance.sip.gateway_world import HOST, carried, established, gateway, needs_stack, tone
from tests.acceptance.sip.raw_phone import RawPhone, header
from tests.waiting import until

dpkt = pytest.importorskip("dpkt", reason="the reader of pcap is missing: make venv")

pytestmark = [pytest.mark.real_time, *needs_stack]
SECOND = 8_000


def capture(ours, call, path):
    """Ask for the packets of a call."""
    ours.send(call, "capture", path=str(path), seconds=60, bytes=100_000, keep_secrets=True)


def captured(path):
    """The SIP messages of a capture: port from, port to, text. RTP is left out."""
    with path.open("rb") as file:
        datagrams = [dpkt.ip.IP(packet).data for _, packet in dpkt.pcap.Reader(file)]
    return [(one.sport, one.dport, one.data.decode()) for one in datagrams if b"SIP/2.0" in one.data]


async def test_a_call_is_heard_on_both_sides_and_ends_with_its_causes():
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone, from_user="alice", headers={"X-Campaign": "spring"})
        _, incoming = await phone.wait(here, "incoming")
        assert (incoming["called"], incoming["headers"]) == ("4711", {"X-Campaign": "spring"})
        assert incoming["caller"] == f"sip:alice@{ours.listen}"
        assert ours.of(there, "dialled")[0]["call_id"] == incoming["call_id"]
        await asyncio.gather(
            carried(ours.speak(there, tone(440, 10)), lambda: phone.heard(here), 440),
            carried(phone.speak(here, tone(1_000, 10)), lambda: ours.heard(there), 1_000),
        )
        await until(lambda: len(ours.heard(there)) > 2 * SECOND)
        ours.send(there, "hang_up", drain=True)
        _, closed = await ours.wait(there, "closed")
        assert (closed["by"], closed["sip_status"]) == ("us", 200)
        _, closed = await phone.wait(here, "closed")
        assert (closed["by"], closed["sip_status"]) == ("them", 200)
        final = ours.of(there, "quality")[-1]
        assert final["final"]
        assert final["rx_packets"] > 90
        assert final["rx_lost"] == 0
        assert 0 < final["held_in_stack_ms_max"] <= 60


async def test_a_caller_sends_a_frame_for_every_frame_of_time():
    async with gateway() as ours, gateway() as phone:
        there, _ = await established(ours, phone)
        loop = asyncio.get_running_loop()
        frames, began = len(ours.heard(there)) // 160, loop.time()
        await asyncio.sleep(3)
        assert abs((len(ours.heard(there)) // 160 - frames) - (loop.time() - began) * 50) <= 5


async def test_codecs_are_offered_as_set_and_told():
    async with gateway(codecs=["pcma"]) as ours, gateway() as phone:
        there, here = await established(ours, phone)
        assert ours.of(there, "answered")[0]["codec"] == "pcma"
        assert phone.of(here, "answered")[0]["codec"] == "pcma"
        await carried(phone.speak(here, tone(700, 10)), lambda: ours.heard(there), 700)


async def test_keys_go_both_ways():
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone)
        ours.send(there, "keys", keys="12#")
        phone.send(here, "keys", keys="*9A")
        await phone.wait(here, "key", count=3)
        await ours.wait(there, "key", count=3)
        assert [message["key"] for message in phone.of(here, "key")] == ["1", "2", "#"]
        assert [message["key"] for message in ours.of(there, "key")] == ["*", "9", "A"]


async def test_the_phone_holds_and_comes_back_and_the_frames_go_on():
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone)
        phone.send(here, "hold", on=True)
        assert (await ours.wait(there, "held"))[1]["on"] is True
        frames = len(ours.heard(there)) // 160
        await asyncio.sleep(1)
        assert len(ours.heard(there)) // 160 - frames >= 45
        phone.send(here, "hold", on=False)
        assert (await ours.wait(there, "held", count=2))[1]["on"] is False
        await carried(phone.speak(here, tone(600, 10)), lambda: ours.heard(there), 600)
        assert not any(message["one_way"] for message in ours.of(there, "quality"))


async def test_what_is_cleared_is_not_heard():
    async with gateway() as ours, gateway() as phone:
        there, here = await established(ours, phone)
        await asyncio.sleep(0.3)
        # Far more than the stack may hold: the rest waits in the gateway.
        ours.write(there, tone(500, 2))
        await asyncio.sleep(0.5)
        ours.send(there, "clear")
        loop = asyncio.get_running_loop()
        cleared = loop.time()
        await asyncio.sleep(1)
        loud = [
            at
            for at, frames in zip(phone.audio_at[here], phone.audio[here], strict=True)
            if any(byte not in (0xFF, 0x7F, 0xFE, 0x7E) for byte in frames)
        ]
        assert loud
        # One frame in the encoder, the phone's jitter buffer (40 ms and more) and its own ticks.
        assert max(loud) - cleared < 0.3


async def test_refusals_of_a_phone_keep_their_status():
    for status in (486, 480, 603, 404):
        phone = await RawPhone(answer_status=status, answer_headers=('Reason: Q.850;cause=17;text="busy"',)).open()
        async with gateway() as ours:
            call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
            _, closed = await ours.wait(call, "closed")
            assert (closed["by"], closed["sip_status"], closed["q850"]) == ("them", status, 17)
            assert ours.of(call, "dialled")
        phone.close()


async def test_instant_answers_and_refusals_are_never_lost():
    busy = await RawPhone(answer_status=486, ring=False).open()
    ready = await RawPhone(ring=False).open()
    # Few calls are allowed, so that one that is over and still counted shows.
    async with gateway(max_calls=3) as ours:
        for _ in range(25):
            one = ours.dial(f"sip:bob@{HOST}:{busy.port}")
            two = ours.dial(f"sip:bob@{HOST}:{ready.port}")
            assert (await ours.wait(one, "closed", 3))[1]["sip_status"] == 486
            await ours.wait(two, "answered", 3)
            ours.send(two, "hang_up", drain=False)
            await ours.wait(two, "closed", 3)
    busy.close()
    ready.close()


async def test_a_call_nobody_answers_is_taken_back_after_its_time():
    phone = await RawPhone(answer_at_once=False).open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}", ring_seconds=1)
        await ours.wait(call, "ringing")
        _, closed = await ours.wait(call, "closed", 4)
        assert (closed["by"], closed["sip_status"]) == ("us", 487)
        await phone.wait("CANCEL")
    phone.close()


async def test_a_call_that_is_taken_back_is_told_with_the_status_that_comes_a_round_trip_later():
    phone = await RawPhone(answer_at_once=False, terminates_after_s=0.2).open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "ringing")
        ours.send(call, "hang_up")
        _, closed = await ours.wait(call, "closed", 4)
        assert (closed["by"], closed["sip_status"]) == ("us", 487)
    phone.close()


async def test_early_media_is_told_and_heard():
    phone = await RawPhone(answer_at_once=False, ring=False).open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await phone.wait("INVITE")
        phone.answer(phone.invite, 183, "Session Progress", sdp=True)
        await ours.wait(call, "early_media")
        sound = tone(425, 10)
        talking = phone.talk([sound[at : at + 160] for at in range(0, len(sound), 160)])
        await carried(talking, lambda: ours.heard(call), 425)
        assert not ours.of(call, "answered")
        phone.answer(phone.invite, 486, "Busy Here")
        assert (await ours.wait(call, "closed"))[1]["sip_status"] == 486
    phone.close()


async def test_a_caller_who_gives_up_is_told():
    async with gateway() as ours, gateway() as phone:
        there = phone.dial(f"sip:9@{ours.listen}")
        here, _ = await ours.wait(None, "incoming")
        phone.send(there, "hang_up", drain=False)
        _, closed = await ours.wait(here, "closed")
        assert (closed["by"], closed["sip_status"]) == ("them", 487)


async def test_calls_are_refused_as_the_server_says():
    async with gateway() as ours:
        for code in (486, 404, 480, 603):
            phone = await RawPhone().open()
            calling = asyncio.ensure_future(phone.call(f"sip:nobody@{ours.listen}"))
            here, _ = await ours.wait(None, "incoming", count=len(ours.of(None, "incoming")) + 1)
            ours.send(here, "reject", code=code)
            answer = await calling
            assert answer.split(" ")[1] == str(code)
            _, closed = await ours.wait(here, "closed")
            assert (closed["by"], closed["sip_status"]) == ("us", code)
            phone.close()


async def test_a_capture_has_the_refusal_that_the_gateway_sends_past_its_stack(tmp_path):
    phone = await RawPhone().open()
    async with gateway() as ours:
        calling = asyncio.ensure_future(phone.call(f"sip:nobody@{ours.listen}"))
        here, _ = await ours.wait(None, "incoming")
        capture(ours, here, tmp_path / "call.pcap")
        ours.send(here, "reject", code=404)
        assert (await calling).startswith("SIP/2.0 404")
        await ours.wait(here, "closed")
        sip = captured(tmp_path / "call.pcap")
    ours_to_phone = (int(ours.listen.rpartition(":")[2]), phone.port)
    refusals = [(one[:2], one[2].split()[1]) for one in sip if one[2].startswith("SIP/2.0 4")]
    assert refusals == [(ours_to_phone, "404"), (ours_to_phone, "486")], "the second is the stack's own"
    phone.close()


async def test_a_capture_has_an_acknowledgement_that_the_gateway_repeats(tmp_path):
    phone = await RawPhone().open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "answered")
        await phone.wait("ACK")
        capture(ours, call, tmp_path / "call.pcap")
        phone.answer(phone.invite, 200, "OK", sdp=True)
        await until(lambda: sum(text.startswith("ACK") for text in phone.heard) == 2)
        ours.send(call, "hang_up", drain=False)
        await ours.wait(call, "closed")
        sip = captured(tmp_path / "call.pcap")
    assert [text for _, _, text in sip if text.startswith("ACK")][1] == next(
        text for text in reversed(phone.heard) if text.startswith("ACK")
    )
    phone.close()


async def test_above_the_limit_a_call_is_busy():
    async with gateway(max_calls=2) as ours:
        phones = [await RawPhone().open() for _ in range(3)]
        for number, phone in enumerate(phones[:2]):
            calling = asyncio.ensure_future(phone.call(f"sip:x@{ours.listen}"))
            here, _ = await ours.wait(None, "incoming", count=number + 1)
            ours.send(here, "answer")
            assert (await calling).startswith("SIP/2.0 200")
        assert (await phones[2].call(f"sip:x@{ours.listen}")).startswith("SIP/2.0 486")
        refused = ours.dial(f"sip:x@{HOST}:9")
        assert "limit" in (await ours.wait(refused, "closed"))[1]["reason"]
        for phone in phones:
            phone.close()


async def test_one_address_has_so_many_calls_that_it_does_not_acknowledge():
    async with gateway(max_unacknowledged=2) as ours:
        phones = [await RawPhone().open() for _ in range(4)]
        calling = []
        for number, phone in enumerate(phones[:2]):
            phone.acknowledges = number == 1
            calling.append(asyncio.ensure_future(phone.call(f"sip:x@{ours.listen}")))
            await ours.wait(None, "incoming", count=number + 1)
        assert (await phones[2].call(f"sip:x@{ours.listen}")).startswith("SIP/2.0 486")
        # Both are answered; only the second one says that it knows.
        (silent, _), (heard, _) = (one for one in ours.messages if one[1]["type"] == "incoming")
        for number in (silent, heard):
            ours.send(number, "answer")
        for answer in calling:
            assert (await answer).startswith("SIP/2.0 200")
        await ours.wait(heard, "answered")
        third = asyncio.ensure_future(phones[2].call(f"sip:x@{ours.listen}"))
        await ours.wait(None, "incoming", count=3)
        assert not ours.of(silent, "answered")
        assert (await phones[3].call(f"sip:x@{ours.listen}")).startswith("SIP/2.0 486")
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)
        for phone in phones:
            phone.close()


async def test_what_a_bye_needs_is_told_and_true():
    phone = await RawPhone().open()
    phone.record_route = route = f"<sip:{HOST}:{phone.port};lr>"
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}", from_user="alice")
        await ours.wait(call, "answered")
        await ours.wait(call, "dialog")
        await asyncio.sleep(0.1)
        dialog = ours.of(call, "dialog")[-1]
        invite = await phone.wait("INVITE")
        assert dialog["local_tag"] in header(invite, "From")
        assert dialog["remote_tag"] == phone.tag
        assert dialog["call_id"] == header(invite, "Call-ID")
        assert dialog["cseq"] == int(header(invite, "CSeq").split()[0])
        assert dialog["target"] == f"sip:raw@{HOST}:{phone.port}"
        assert dialog["routes"] == [route]
        assert dialog["peer"] == f"{HOST}:{phone.port}"
    phone.close()


async def test_a_caller_has_the_name_it_is_given():
    phone = await RawPhone(answer_status=486).open()
    async with gateway() as ours:
        for user, name in (("alice", ""), ("+15550100", "Anna B"), ("alice", "")):
            call = ours.dial(f"sip:bob@{HOST}:{phone.port}", from_user=user, display_name=name)
            await ours.wait(call, "closed")
            invite = [text for text in phone.heard if text.startswith("INVITE")][-1]
            assert f"sip:{user}@" in header(invite, "From")
            assert (f'"{name}"' in header(invite, "From")) == bool(name)
    phone.close()
