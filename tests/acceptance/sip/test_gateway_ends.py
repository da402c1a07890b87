"""How the gateway process ends, what it survives, and that nothing of it is left."""

import asyncio
import os
import random
import signal
import socket
from pathlib import Path

import pytest
from tests.acceptance.sip.gateway_world import (
    HOST,
    Server,
    carried,
    established,
    free_port,
    gateway,
    needs_stack,
    start,
    stop,
    tone,
)
from tests.acceptance.sip.raw_phone import RawPhone

pytestmark = [pytest.mark.real_time, *needs_stack]


def memory_kib(pid):
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def told_at_start(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()


async def test_the_server_dies_and_every_call_gets_its_bye():
    phones = [await RawPhone().open() for _ in range(3)]
    waiting = await RawPhone(answer_at_once=False).open()
    caller = await RawPhone().open()
    ours = await start()
    for phone in phones:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "answered")
    ringing = ours.dial(f"sip:bob@{HOST}:{waiting.port}")
    await ours.wait(ringing, "ringing")
    calling = asyncio.ensure_future(caller.call(f"sip:x@{ours.listen}"))
    await ours.wait(None, "incoming")
    loop = asyncio.get_running_loop()
    began = loop.time()
    ours.hang_up_socket()
    for phone in phones:
        await phone.wait("BYE", 2)
    await waiting.wait("CANCEL", 2)
    assert (await calling).startswith("SIP/2.0 4")
    assert await ours.ended(3) == 0
    assert loop.time() - began < 2
    for phone in (*phones, waiting, caller):
        phone.close()


async def test_far_ends_that_are_gone_do_not_keep_the_process():
    phone = await RawPhone().open()
    ours = await start()
    call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
    await ours.wait(call, "answered")
    phone.close()
    loop = asyncio.get_running_loop()
    began = loop.time()
    ours.hang_up_socket()
    await ours.ended(3)
    assert loop.time() - began < 2.2


async def test_a_bye_nobody_answers_ends_the_call_for_the_server():
    phone = await RawPhone().open()
    async with gateway() as ours:
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "answered")
        phone.close()
        ours.send(call, "hang_up", drain=False)
        assert (await ours.wait(call, "closed", 3))[1]["by"] == "us"


async def test_sigterm_ends_it_in_order():
    phone = await RawPhone().open()
    ours = await start()
    call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
    await ours.wait(call, "answered")
    os.kill(ours.pid, signal.SIGTERM)
    await phone.wait("BYE", 2)
    assert await ours.ended(3) == 0
    phone.close()


async def test_an_address_that_is_taken_is_refused_with_a_reason():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, 0))
        ours = await start(listen=f"{HOST}:{taken.getsockname()[1]}")
        assert "in use" in ours.of(0, "refused")[0]["reason"]
        assert await ours.ended(3) == 2


DYING_STACK = """
import asyncio
from baresip._native import ffi, lib
from callwright.telephony.sip import baresip_stack, gateway

class Dying(baresip_stack.BaresipStack):
    async def open(self, *arguments):
        await super().open(*arguments)
        # The stack's own loop ends without anybody having asked for it, as after a fatal error in it.
        asyncio.get_running_loop().call_later(1, lib.bp_cmd, lib.BP_CMD_STOP, 0, ffi.NULL)

gateway.BaresipStack = Dying
gateway.main()
"""
DEAF_STACK = """
import asyncio
from callwright.telephony.sip import baresip_stack, gateway

class Deaf(baresip_stack.BaresipStack):
    async def check(self):
        raise baresip_stack.StackError("no completion")

gateway.BaresipStack = Deaf
gateway.main()
"""


FEW_IDENTITIES = """
from callwright.telephony.sip import baresip_stack, gateway

baresip_stack.MAX_IDENTITIES = 4
gateway.main()
"""


async def test_a_process_that_has_called_under_too_many_names_is_replaced_when_it_has_no_calls():
    phone = await RawPhone().open()
    ours = await start(command=("-c", FEW_IDENTITIES))
    calls = [ours.dial(f"sip:bob@{HOST}:{phone.port}", from_user=f"user{number}") for number in range(3)]
    for call in calls:
        await ours.wait(call, "answered")
    refused = ours.dial(f"sip:bob@{HOST}:{phone.port}", from_user="one-too-many")
    assert "identities" in (await ours.wait(refused, "closed"))[1]["reason"]
    for call in calls:
        ours.send(call, "hang_up", drain=False)
        await ours.wait(call, "closed")
    assert await ours.ended(3) == 75
    phone.close()


FEW_ORPHANS = """
from callwright.telephony.sip import baresip_stack, gateway

baresip_stack.FEW_ORPHANS, baresip_stack.MOST_ORPHANS, baresip_stack.RENEWED_AFTER_US = 8, 16, 0
gateway.main()
"""


async def broken_invites(ours: Server, numbers: range) -> None:
    """INVITEs whose Contact is none: the stack answers 500 by itself and forgets the call, but does not free it."""
    host, _, port = ours.listen.partition(":")
    sdp = f"v=0\r\no=p 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((HOST, 0))
        for number in numbers:
            lines = (
                f"INVITE sip:x@{ours.listen} SIP/2.0",
                f"Via: SIP/2.0/UDP {HOST}:{stranger.getsockname()[1]};branch=z9hG4bKb{number};rport",
                f"From: <sip:b@{HOST}>;tag=b{number}",
                f"To: <sip:x@{HOST}>",
                f"Call-ID: broken-{number}",
                "CSeq: 1 INVITE",
                "Contact: <sip:",
                "Max-Forwards: 70",
                "Content-Type: application/sdp",
                f"Content-Length: {len(sdp)}",
            )
            stranger.sendto("\r\n".join([*lines, "", sdp]).encode(), (host, int(port)))
            await asyncio.sleep(0.02)


async def test_calls_that_the_stack_leaves_behind_make_the_process_begin_anew_when_it_has_no_calls():
    phone = await RawPhone().open()
    ours = await start(command=("-c", FEW_ORPHANS), max_calls=3)
    call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
    await ours.wait(call, "answered")
    before = descriptors(ours.pid)
    await broken_invites(ours, range(10))
    assert descriptors(ours.pid) >= before + 20, "the defect of the stack that this is about"
    await asyncio.sleep(4)
    assert ours.process is not None
    assert ours.process.returncode is None, "not while there is a call"

    there = await RawPhone().open()
    calling = asyncio.ensure_future(there.call(f"sip:x@{ours.listen}"))
    here, _ = await ours.wait(None, "incoming")
    ours.send(here, "answer")
    assert (await calling).startswith("SIP/2.0 200"), "they take no call's place"
    await there.hang_up()

    await broken_invites(ours, range(20, 27))
    await asyncio.sleep(1.5)
    refused = ours.dial(f"sip:bob@{HOST}:{phone.port}")
    assert "renews itself" in (await ours.wait(refused, "closed"))[1]["reason"]
    assert (await there.call(f"sip:x@{ours.listen}")).startswith("SIP/2.0 503")
    ours.send(call, "hang_up", drain=False)
    await ours.wait(call, "closed")
    assert await ours.ended(4) == 75
    phone.close()
    there.close()


CLEANED_SOON = """
from callwright.telephony.sip import baresip_stack, gateway

baresip_stack.CLEANED_AFTER_US = 3_000_000
gateway.main()
"""


async def test_even_one_call_that_the_stack_left_behind_is_gone_once_there_are_no_calls():
    ours = await start(command=("-c", CLEANED_SOON))
    await broken_invites(ours, range(1))
    assert await ours.ended(8) == 75


@pytest.mark.parametrize("script", [DYING_STACK, DEAF_STACK])
async def test_a_stack_that_died_or_does_not_answer_ends_the_process_with_70(script):
    phone = await RawPhone().open()
    ours = await start(command=("-c", script))
    call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
    await ours.wait(call, "answered")
    assert await ours.ended(8) == 70
    await asyncio.wait_for(ours.lost.wait(), 1)
    phone.close()


async def test_nonsense_on_the_socket_ends_the_process():
    ours = await start()
    ours.write_raw(b"\xff" * 64)
    assert await ours.ended(3) == 71


async def test_a_ping_is_answered_with_the_number_of_calls():
    async with gateway() as ours, gateway() as phone:
        await established(ours, phone)
        ours.send(0, "ping", at=12)
        _, pong = await ours.wait(0, "pong")
        assert (pong["at"], pong["calls"]) == (12, 1)


@pytest.mark.long
async def test_ten_thousand_malformed_datagrams_change_nothing():
    rng = random.Random(7)
    invite = (
        f"INVITE sip:x@{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:9;branch=z9hG4bK{{}}\r\nFrom: <sip:a@b>;tag=1\r\n"
        f"To: <sip:x@y>\r\nCall-ID: {{}}\r\nCSeq: 1 INVITE\r\nContact: <sip:a@{HOST}:9>\r\nContent-Length: 3\r\n\r\nabc"
    )
    async with gateway() as ours, gateway() as phone:
        there, here = await established(phone, ours)
        host, _, port = ours.listen.partition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            before = 0
            for number in range(10_000):
                data = bytearray(invite.format(number, number).encode())
                for _ in range(rng.randrange(1, 40)):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                cut = rng.randrange(len(data))
                stranger.sendto(
                    bytes(data[:cut] if number % 3 else os.urandom(rng.randrange(1, 1_400))), (host, int(port))
                )
                if number % 50 == 0:
                    await asyncio.sleep(0.005)
                if number == 2_000:
                    before = memory_kib(ours.pid)
        await asyncio.sleep(0.5)
        assert memory_kib(ours.pid) - before < 8_000
        await carried(phone.speak(there, tone(440, 10)), lambda: ours.heard(here), 440)
        other, _ = await established(phone, ours)
        phone.send(other, "hang_up", drain=False)
        await phone.wait(other, "closed")


async def test_a_flood_of_calls_makes_no_live_call_forgotten():
    """Everything above the limit is refused by the stack itself; how the live call ended is known all the same."""
    async with gateway(max_calls=1) as ours:
        phone = await RawPhone().open()
        calling = asyncio.ensure_future(phone.call(f"sip:x@{ours.listen}"))
        here, _ = await ours.wait(None, "incoming")
        ours.send(here, "answer")
        await calling
        await ours.wait(here, "answered")
        host, _, port = ours.listen.partition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((HOST, 0))
            at = f"{HOST}:{stranger.getsockname()[1]}"
            for number in range(1_500):
                text = (
                    f"INVITE sip:x@{ours.listen} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKf{number};rport\r\n"
                    f"From: <sip:f@b>;tag=f{number}\r\nTo: <sip:x@y>\r\nCall-ID: flood-{number}\r\nCSeq: 1 INVITE\r\n"
                    f"Contact: <sip:f@{at}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
                )
                stranger.sendto(text.encode(), (host, int(port)))
                if number % 20 == 0:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
        await phone.hang_up()
        _, closed = await ours.wait(here, "closed")
        assert (closed["by"], closed["sip_status"]) == ("them", 200)
        assert len(ours.of(None, "incoming")) == 1
        phone.close()


@pytest.mark.long
async def test_a_hundred_calls_leave_nothing_behind():
    async with gateway() as ours, gateway() as phone:
        for number in range(120):
            if number == 20:
                before = descriptors(ours.pid), memory_kib(ours.pid)
            there, here = await established(ours, phone)
            if number % 2:
                ours.send(there, "hang_up", drain=False)
            else:
                phone.send(here, "hang_up", drain=False)
            await ours.wait(there, "closed")
            await phone.wait(here, "closed")
        ours.send(0, "ping", at=1)
        assert (await ours.wait(0, "pong"))[1]["calls"] == 0
        await asyncio.sleep(0.2)
        assert descriptors(ours.pid) <= before[0] + 2
        assert memory_kib(ours.pid) - before[1] < 6_000


async def test_it_says_nothing_of_passwords(capfd):
    server = await start(user="guest", password="open-sesame-77", listen=f"{HOST}:{free_port()}", log_level="debug")
    phone = await RawPhone().open()
    await phone.call(f"sip:x@{server.listen}")
    told = told_at_start(server.pid)
    await stop(server)
    phone.close()
    assert b"open-sesame-77" not in told
    said = capfd.readouterr()
    assert "open-sesame-77" not in said.out + said.err
