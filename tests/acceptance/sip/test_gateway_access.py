"""Who may call: the allow-list in the kernel, and the digest."""

import asyncio
import hashlib
import re
import socket

import pytest
from tests.acceptance.sip.gateway_world import HOST, gateway, needs_stack
from tests.acceptance.sip.raw_phone import RawPhone, header

pytestmark = [pytest.mark.real_time, *needs_stack]


def options(listen, source):
    """An OPTIONS from a loopback address of ours; returns the first line of the answer, or nothing."""
    host, _, port = listen.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((source, 0))
        one.settimeout(0.4)
        here = one.getsockname()
        text = (
            f"OPTIONS sip:x@{listen} SIP/2.0\r\nVia: SIP/2.0/UDP {here[0]}:{here[1]};branch=z9hG4bK1{here[1]};rport\r\n"
            f"From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: o{here[1]}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
        one.sendto(text.encode(), (host, int(port)))
        try:
            return one.recv(4_000).split(b"\r\n")[0].decode()
        except TimeoutError:
            return ""


def connects(listen, source):
    host, _, port = listen.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.bind((source, 0))
        one.settimeout(0.4)
        try:
            one.connect((host, int(port)))
        except TimeoutError:
            return False
        return True


async def test_strangers_meet_silence_and_the_allowed_are_served():
    async with gateway(allow=["127.0.0.8/30", "127.0.1.0/24"]) as ours:
        # Its own address is always allowed: a call to oneself.
        for source in (HOST, "127.0.0.9", "127.0.1.77"):
            assert await asyncio.to_thread(options, ours.listen, source) == "SIP/2.0 200 OK", source
            assert await asyncio.to_thread(connects, ours.listen, source), source
        for source in ("127.0.0.2", "127.0.0.12", "127.0.2.1"):
            assert await asyncio.to_thread(options, ours.listen, source) == "", source
            assert not await asyncio.to_thread(connects, ours.listen, source), source


def authorization(challenge, method, uri, user, password):
    (realm,), (nonce,) = (re.findall(rf'{name}="([^"]*)"', challenge) for name in ("realm", "nonce"))
    sha = "SHA-256" in challenge.upper()
    digest = hashlib.sha256 if sha else hashlib.md5
    first = digest(f"{user}:{realm}:{password}".encode()).hexdigest()
    second = digest(f"{method}:{uri}".encode()).hexdigest()
    if "qop" in challenge:
        whole = digest(f"{first}:{nonce}:00000001:abc:auth:{second}".encode()).hexdigest()
        more = ',qop=auth,nc=00000001,cnonce="abc"'
    else:
        whole, more = digest(f"{first}:{nonce}:{second}".encode()).hexdigest(), ""
    algorithm = ",algorithm=SHA-256" if sha else ""
    return f'Authorization: Digest username="{user}",realm="{realm}",nonce="{nonce}",uri="{uri}",response="{whole}"{more}{algorithm}'


async def test_callers_give_user_and_password():
    async with gateway(user="guest", password="open sesame") as ours:
        uri = f"sip:desk@{ours.listen}"
        phone = await RawPhone().open()
        answer = await phone.call(uri)
        assert answer.startswith("SIP/2.0 401")
        challenge = header(answer, "WWW-Authenticate")
        wrong = authorization(challenge, "INVITE", uri, "guest", "wrong")
        assert (await phone.call(uri, extra=(wrong,), again=True)).startswith("SIP/2.0 401")
        right = authorization(challenge, "INVITE", uri, "guest", "open sesame")
        # Good for this call only.
        assert (await phone.call(uri, extra=(right,))).startswith("SIP/2.0 401")
        challenge = header(await phone.call(uri), "WWW-Authenticate")
        right = authorization(challenge, "INVITE", uri, "guest", "open sesame")
        calling = asyncio.ensure_future(phone.call(uri, extra=(right,), again=True))
        here, incoming = await ours.wait(None, "incoming")
        assert incoming["called"] == "desk"
        ours.send(here, "answer")
        assert (await calling).startswith("SIP/2.0 200")
        await ours.wait(here, "answered")
        assert len(ours.of(None, "incoming")) == 1
        await phone.hang_up()
        assert (await ours.wait(here, "closed"))[1]["by"] == "them"
        phone.close()


async def test_no_caller_goes_round_the_digest_by_the_name_of_an_identity():
    """Each identity we call under is a user agent of the stack; a call to its name must be asked for the password as well."""
    other = await RawPhone(answer_status=486).open()
    async with gateway(user="guest", password="open sesame") as ours:
        call = ours.dial(f"sip:bob@{HOST}:{other.port}", from_user="alice")
        await ours.wait(call, "closed")
        phone = await RawPhone().open()
        for user in ("alice", "callwright", "anybody"):
            assert (await phone.call(f"sip:{user}@{ours.listen}")).startswith("SIP/2.0 401")
        assert not ours.of(None, "incoming")
        phone.close()
    other.close()
