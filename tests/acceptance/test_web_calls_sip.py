"""Web calls over SIP and WebRTC on a real server: websocket, digest, ICE, DTLS and SRTP on loopback, and the record of the call."""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_web_calls import BOOKED, PATIENT
from tests.sip_page import Certificate, Media, SipPage, offer
from tests.web_site import Site, web_site
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from callwright.domain.limits import MAX_WEB_CALL_CONNECTIONS
from callwright.ports.leg import SILENCE_FRAME

pytestmark = pytest.mark.real_time

ICE_SERVERS = [{"urls": "turn:turn.example.org:3478", "username": "u", "credential": "c"}]


@pytest.fixture
async def site(dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with web_site(dsn, tmp_path, ice_servers=json.dumps(ICE_SERVERS)) as running:
        yield running


@pytest.fixture
async def pages() -> AsyncIterator[list[SipPage]]:
    """Pages of a test, closed at its end."""
    opened: list[SipPage] = []
    yield opened
    for page in opened:
        await page.aclose()


async def page_of(pages: list[SipPage], session: dict[str, Any], **more: Any) -> SipPage:
    page = SipPage(session, **more)
    pages.append(page)
    await page.connect()
    return page


async def test_a_sip_client_holds_a_whole_call_and_its_record_is_like_any_other(
    site: Site, pages: list[SipPage]
) -> None:
    agent_id = await site.agent()
    session = await site.sip_session(agent_id, user_data={"customer": "Ann"})
    assert (session["sip_register"], session["expires_in"], session["ice_servers"]) == (False, 120, ICE_SERVERS)
    assert (session["agent_id"], session["sip_domain"]) == (agent_id, "127.0.0.1")
    page = await page_of(pages, session)

    await page.call(X_Agent_Id=agent_id, X_Run_Id=session["run_id"])
    await page.talk((await site.page(PATIENT)).far_end)

    body = await site.completed(session["run_id"])
    assert body["transcript"].splitlines() == BOOKED
    assert (body["status"], body["telephony_data"]["provider"], body["telephony_data"]["call_type"]) == (
        "completed",
        "web-call",
        "inbound",
    )
    assert body["context_details"]["recipient_data"]["customer"] == "Ann"
    line = body["callwright"]["line"]
    assert (line["codec"], line["rx_lost"], line["one_way"]) == ("pcmu", 0, "")
    assert line["rx_packets"] > 200
    assert line["rx_jitter_ms"] is not None
    assert page.media is not None
    assert page.media.reports, "the server reports what it got"
    assert body["conversation_duration"] == pytest.approx(page.media.sent / 50, abs=2)
    stereo = await recording(site, session["run_id"])
    assert stereo.getnchannels() == 2
    sound = memoryview(stereo.readframes(stereo.getnframes())).cast("h")
    assert min(max(map(abs, sound[side::2])) for side in (0, 1)) > 1_000, "both sides are recorded"


async def test_a_client_that_registers_first_calls_and_hangs_up(site: Site, pages: list[SipPage]) -> None:
    session = await site.sip_session(await site.agent())
    page = await page_of(pages, session)

    assert (await page.proven("REGISTER")).status == 200
    page.begin_anew("call-2")
    media = await page.call()
    for _ in range(50):
        media.speak(SILENCE_FRAME)
        await asyncio.sleep(0.02)
    media.press("5")
    await asyncio.sleep(0.1)
    assert (await page.bye()).status == 200

    body = await site.completed(session["run_id"])
    assert (body["status"], body["telephony_data"]["hangup_by"]) == ("completed", "Caller")
    async with site.client() as client:
        timeline = (await client.get(f"/v1/callwright/executions/{session['run_id']}/timeline")).json()
    assert media.heard, "the agent was heard"
    assert [mark["text"] for mark in timeline["marks"] if mark["kind"] == "key"] == ["5"]


async def test_a_browser_that_goes_away_ends_its_call(site: Site, pages: list[SipPage]) -> None:
    session = await site.sip_session(await site.agent())
    page = await page_of(pages, session)
    media = await page.call()
    media.speak(SILENCE_FRAME)
    await site.goes_on(session["run_id"])

    media.leave()

    body = await site.completed(session["run_id"])
    assert body["telephony_data"]["hangup_by"] == "Caller"


async def test_packets_that_are_lost_are_counted(site: Site, pages: list[SipPage]) -> None:
    session = await site.sip_session(await site.agent())
    page = await page_of(pages, session)
    media = await page.call()
    for number in range(60):
        media.speak(SILENCE_FRAME, skip=(number == 30 and 3) or 0)
        await asyncio.sleep(0.02)
    await page.bye()

    line = (await site.completed(session["run_id"]))["callwright"]["line"]
    assert (line["rx_packets"], line["rx_lost"]) == (60, 3)
    assert line["rx_loss_percent"] == pytest.approx(4.76, abs=0.01)


async def test_who_may_not_call(site: Site, pages: list[SipPage]) -> None:
    agent_id = await site.agent()
    wrong = await page_of(pages, await site.sip_session(agent_id), password="wrong")
    assert (await wrong.proven("INVITE", body=offer(Certificate().fingerprint))).status == 401

    foreign = await page_of(
        pages, await site.sip_session(agent_id, origin="https://shop.example.org"), origin="https://evil.example"
    )
    async with asyncio.timeout(10):
        assert foreign.socket is not None
        await foreign.socket.wait_closed()
    assert foreign.socket.close_code == 4403

    used = await page_of(pages, await site.sip_session(agent_id))
    await used.call()
    await used.bye()
    used.begin_anew("call-2")
    assert (await used.proven("INVITE", body=offer(Certificate().fingerprint))).status == 403
    url = used.session["wss_url"]
    assert await refused(url) == 403, "the call is over"
    assert await refused(url.rpartition("/")[0] + "/" + "A" * 64) == 403, "guessed"
    async with site.client() as client:
        # Nobody called with the wrong password: there is no such execution.
        assert (await client.get(f"/executions/{wrong.session['run_id']}")).status_code == 404


async def test_a_session_opens_few_websockets_and_only_for_sip(site: Site) -> None:
    url = (await site.sip_session(await site.agent()))["wss_url"]
    assert await refused(url, subprotocol="chat") == 403
    for _ in range(MAX_WEB_CALL_CONNECTIONS):
        assert await refused(url) == 0
    assert await refused(url) == 403


async def test_a_browser_with_another_certificate_has_no_call(site: Site, pages: list[SipPage]) -> None:
    session = await site.sip_session(await site.agent())
    page = await page_of(pages, session)
    final = await page.invite(offer(Certificate().fingerprint))
    assert final.status == 200

    media = page.media = Media(page.certificate, final.body)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: media, local_addr=("127.0.0.1", 0))
    await page.found(lambda one: one.method == "BYE" and not one.status)

    body = await site.completed(session["run_id"])
    assert body["status"] == "failed"
    assert media.heard == []


async def test_where_it_is_off_the_answer_says_so(dsn: str, tmp_path: Path) -> None:
    async with web_site(dsn, tmp_path, webrtc_listen="") as site:
        told = await site.sip_session(await site.agent(), 429)
    assert told["scope"] == "not_enabled"
    assert "CALLWRIGHT_WEBRTC_LISTEN" in told["hint"]


async def recording(site: Site, execution_id: str) -> wave.Wave_read:
    """The recording of a call, as soon as it is there."""
    async with asyncio.timeout(30), site.client() as client:
        while True:
            found = await client.get(f"/recordings/call/{execution_id}", follow_redirects=True)
            if found.status_code == 200:
                return wave.Wave_read(BytesIO(found.content))
            await asyncio.sleep(0.2)


async def refused(url: str, subprotocol: str = "sip") -> int:
    """With which status a websocket is refused; 0 where it is let in."""
    try:
        async with connect(url, subprotocols=[subprotocol]):  # type: ignore[list-item]
            return 0
    except InvalidStatus as error:
        return error.response.status_code
