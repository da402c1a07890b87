"""Calls from a page in a browser on a real server: whole calls, what was heard of an interrupted sentence, breaks, and who may not call."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.database import run_sql
from tests.web_page import PlayedLater
from tests.web_site import Site, web_site
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from callwright.domain.limits import MAX_WEB_CALL_USER_DATA_BYTES
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, READ, Tenant
from callwright.platform.keys.actions.keys import create_key

pytestmark = pytest.mark.real_time

OTHERS = "00000000-0000-4000-8000-0000000000ff"
PATIENT: dict[str, Any] = {
    "think_ms": 200,
    "rules": [{"say": "I want to book a dentist."}, {"say": "On Monday please."}, {"say": "My name is Ann."}],
}
BOOKED = [
    "assistant: Hello, this is reception.",
    "user: I want to book a dentist.",
    "assistant: Of course. Which day suits you?",
    "user: On Monday please.",
    "assistant: Monday at nine is free. What is your name?",
    "user: My name is Ann.",
    "assistant: Thank you. You are booked.",
]


@pytest.fixture
async def site(dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with web_site(dsn, tmp_path) as running:
        yield running


async def test_a_page_holds_a_whole_call_and_its_record_is_like_any_other(site: Site) -> None:
    agent_id = await site.agent()
    session = await site.session(agent_id, user_data={"customer": "Ann"})
    caller = await site.page(PATIENT)

    await caller.call(session["url"])

    body = await site.completed(session["execution_id"])
    assert body["transcript"].splitlines() == BOOKED
    assert body["status"] == "completed"
    telephony = body["telephony_data"]
    assert (telephony["provider"], telephony["call_type"]) == ("web-call", "inbound")
    assert (telephony["to_number"], telephony["from_number"]) == (None, None)
    assert body["context_details"]["recipient_data"]["customer"] == "Ann"
    assert body["cost_breakdown"]["network"] == 0
    assert caller.messages("ready")[0]["execution_id"] == session["execution_id"]
    ended = caller.messages("ended")
    assert (len(ended), ended[0]["cause"]) == (1, "hung_up_by_us")
    assert caller.close_code == 1000


@pytest.mark.long
async def test_a_page_calls_an_agent_that_was_not_saved(site: Site) -> None:
    agent_id = await site.agent()
    async with site.client() as client:
        draft = (await client.get(f"/v2/agent/{agent_id}")).json() | {
            "agent_welcome_message": "Hello, this is a draft."
        }
        made = await client.post(f"/v1/callwright/agents/{agent_id}/drafts/web-calls", json={"draft": draft})
        assert made.status_code == 200, made.text
    caller = await site.page(PATIENT)

    await caller.call(made.json()["url"])

    body = await site.completed(made.json()["execution_id"])
    assert body["transcript"].splitlines()[0] == "assistant: Hello, this is a draft."
    assert body["agent_id"] == agent_id


@pytest.mark.proves("task_config.web_call_origins")
async def test_pages_of_an_allowed_origin_call_without_a_session_and_others_do_not(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callwright")
    agent_id = await site.agent(web_call_origins=["https://shop.example.org"])
    url = f"{site.url.replace('http', 'ws')}/v1/web-call/agents/{agent_id}"
    caller = await site.page({**PATIENT, "rules": [{"say": "Bye.", "hang_up": True}]})

    await caller.call(url, origin="https://shop.example.org", start={"user_data": {"page": "basket"}})

    body = await site.completed(caller.messages("ready")[0]["execution_id"])
    assert body["context_details"]["recipient_data"]["page"] == "basket"
    assert (body["telephony_data"]["hangup_by"], caller.messages("ended")[0]["by"]) == ("Caller", "Caller")
    for origin in ("https://shop.example.org.evil.example", "http://shop.example.org", "null", None):
        assert await refused(url, origin) == 404, origin
        assert f"origin {origin or ''!r} may not call the agent {agent_id!r}" in caplog.text
    assert await refused(url.replace(agent_id, DEFAULT_TENANT_ID), "https://shop.example.org") == 404
    assert "there is no such agent" in caplog.text
    assert await refused(url.replace(agent_id, "reception"), "https://shop.example.org") == 404
    assert "may not call the agent 'reception': that is no agent's id" in caplog.text
    other = await site.agent()
    assert await refused(url.replace(agent_id, other), "https://shop.example.org") == 404


async def test_an_interrupted_sentence_is_cut_where_the_page_had_played_it(site: Site) -> None:
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen."
    agent_id = await site.agent(number_of_words_for_interruption=1, interruption_backoff_period=0)
    await site.change(agent_id, agent_welcome_message=text)
    session = await site.session(agent_id)
    # The page plays a second late, as over a bad line with a careful buffer.
    caller = await site.page(
        {"barge_in_words": 6, "rules": [{"say": "Stop it now, please."}, {"say": "Bye.", "hang_up": True}]}
    )
    caller.buffer = PlayedLater(buffer_frames=50)

    await caller.call(session["url"])

    body = await site.completed(session["execution_id"])
    said = body["transcript"].splitlines()[0].removeprefix("assistant: ")
    assert caller.cleared, "the agent was interrupted"
    # Two-tone text has 60 ms for each letter: the page's own count says how much of it sounded.
    sounded = caller.cleared[0] * 20 / 60
    assert text.startswith(said)
    assert len(said) < len(text)
    assert abs(len(said) - sounded) <= 8, (said, sounded)


async def test_a_call_goes_on_after_a_break_and_ends_when_the_page_stays_away(site: Site) -> None:
    agent_id = await site.agent()
    session = await site.session(agent_id)
    caller = await site.page({"patience_s": 0, "rules": []})
    async with connect(session["url"]) as socket:
        await socket.send(json.dumps({"type": "start"}))
        ready = json.loads(await socket.recv())
        await socket.send(bytes(640))
        socket.transport.abort()
    async with connect(ready["resume"]) as socket:
        await socket.send(json.dumps({"type": "start"}))
        again = await control(socket, "ready")
        assert again["execution_id"] == ready["execution_id"]
        for _ in range(50):
            await socket.send(bytes(640))
            await asyncio.sleep(0.02)
        await site.goes_on(ready["execution_id"])
        assert await close_code(ready["resume"]) == 403, "an address is good once"
        socket.transport.abort()

    body = await site.completed(session["execution_id"])

    assert (body["telephony_data"]["hangup_by"], body["telephony_data"]["hangup_reason"]) == (
        "Carrier",
        "Carrier unable to receive media",
    )
    assert await close_code(again["resume"]) == 403
    assert caller.told == []


async def test_a_page_that_hangs_up_and_closes_in_one_breath_has_hung_up(site: Site) -> None:
    session = await site.session(await site.agent())
    async with connect(session["url"]) as socket:
        await socket.send(json.dumps({"type": "start"}))
        await control(socket, "ready")
        # In one packet, as a browser sends them.
        socket.protocol.send_text(json.dumps({"type": "hangup"}).encode())
        socket.protocol.send_close(1000)
        socket.transport.write(b"".join(socket.protocol.data_to_send()))
        await socket.wait_closed()

    body = await site.completed(session["execution_id"])

    assert (body["status"], body["telephony_data"]["hangup_by"]) == ("completed", "Caller")


async def test_a_session_is_good_once_for_its_page_and_cannot_be_guessed(site: Site) -> None:
    agent_id = await site.agent()
    session = await site.session(agent_id, origin="https://shop.example.org")
    assert await close_code(session["url"], "https://evil.example") == 4403
    assert await close_code(session["url"], "https://shop.example.org") == 403, "it was used up"
    guessed = session["url"].rpartition("/")[0] + "/" + "A" * len(session["url"].rpartition("/")[2])
    assert await close_code(guessed, "https://shop.example.org") == 403
    async with site.client() as client:
        # Nobody called: there is no such execution.
        assert (await client.get(f"/executions/{session['execution_id']}")).status_code == 404
        page = await client.post(
            "/v1/web-call/session", json={"agent_id": agent_id}, headers={"Origin": "https://Shop.example.org:443"}
        )
    assert await close_code(page.json()["url"], "https://evil.example") == 4403


async def test_a_session_and_its_call_belong_to_their_account(site: Site) -> None:
    agent_id = await site.agent()
    async with site.platform.foundation.ledger.unit() as unit:
        now = site.platform.foundation.clock.now()
        await unit.accounts.insert(Tenant(OTHERS, "Others", "", 10, now))
    theirs = (await create_key(site.platform.services, OTHERS, "others")).secret
    async with site.client(theirs) as client:
        refused_to_others = await client.post("/v1/web-call/session", json={"agent_id": agent_id})
        assert refused_to_others.status_code == 404
        url = f"{site.url.replace('http', 'ws')}/web-call/v1/{agent_id}?auth_token={theirs}"
        assert await refused(url) == 404
        session = await site.session(agent_id)
        async with connect(session["url"]) as socket:
            await socket.send(json.dumps({"type": "start"}))
            await control(socket, "ready")
            await site.goes_on(session["execution_id"])
            assert (await client.get(f"/executions/{session['execution_id']}")).status_code == 404
            assert (await client.post(f"/call/{session['execution_id']}/stop")).status_code == 404


async def test_what_is_wrong_with_a_session_is_said(site: Site) -> None:
    agent_id = await site.agent()
    big = {"k": "x" * MAX_WEB_CALL_USER_DATA_BYTES}
    fitting = {"k": "x" * (MAX_WEB_CALL_USER_DATA_BYTES - len('{"k":""}'))}
    assert (await site.session(agent_id, 400, user_data=big))["field"] == "user_data"
    assert (await site.session(agent_id, user_data=fitting))["expires_in"] == 120
    assert (await site.session(agent_id, 400, origin="shop"))["field"] == "origin"
    assert (await site.session(OTHERS, 404))["code"] == "not_found"
    async with site.client() as client:
        too_big = await client.post("/web-call/freeswitch-session", json={"agent_id": agent_id, "user_data": big})
        assert too_big.status_code == 400
        reads = (await create_key(site.platform.services, DEFAULT_TENANT_ID, "reads", scope=READ)).secret
    async with site.client(reads) as client:
        assert (await client.post("/v1/web-call/session", json={"agent_id": agent_id})).status_code == 403
    url = f"{site.url.replace('http', 'ws')}/web-call/v1/{agent_id}?auth_token="
    assert [await refused(url + key) for key in (reads, "bn-" + "0" * 48, "")] == [403, 401, 401]


async def test_as_many_pages_call_at_once_as_the_account_may(site: Site) -> None:
    agent_id = await site.agent()
    await run_sql(site.platform.foundation.dsn, "update tenant set max_concurrency = 1")
    first, second = await site.session(agent_id), await site.session(agent_id)
    async with connect(first["url"]) as socket:
        await socket.send(json.dumps({"type": "start"}))
        await control(socket, "ready")
        async with connect(second["url"]) as other:
            await other.send(json.dumps({"type": "start"}))
            assert (await control(other, "error"))["code"] == "busy"


async def test_the_older_websocket_holds_a_call_and_its_key_stands_in_no_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "callwright")
    agent_id = await site.agent()
    query = f"auth_token={site.key}&user_agent=web-call&enforce_streaming=true"
    url = f"{site.url.replace('http', 'ws')}/web-call/v1/{agent_id}?{query}"
    heard = b""
    async with connect(url) as socket:
        await socket.send(json.dumps({"type": "init", "meta_data": {"context_data": {"customer": "Ann"}}}))
        assert json.loads(await socket.recv()) == {"type": "ack"}
        while len(heard) < 640 * 40:
            await socket.send(json.dumps({"type": "audio", "data": base64.b64encode(bytes(960)).decode()}))
            told = json.loads(await socket.recv())
            if told["type"] == "audio":
                heard += base64.b64decode(told["data"])
            elif told["type"] == "mark":
                await socket.send(json.dumps(told))
    async with site.client() as client:
        (row,) = (await client.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
    body = await site.completed(row["id"])
    assert (body["telephony_data"]["provider"], body["telephony_data"]["hangup_by"]) == ("web-call", "Caller")
    assert body["context_details"]["recipient_data"]["customer"] == "Ann"
    assert max(abs(sample) for sample in memoryview(heard).cast("h")) > 1_000
    assert site.key not in caplog.text


async def control(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next control message of a kind."""
    async with asyncio.timeout(15):
        while True:
            message = await socket.recv()
            if isinstance(message, str) and json.loads(message)["type"] == kind:
                return dict(json.loads(message))


async def close_code(url: str, origin: str | None = None) -> int:
    """With which code a websocket that begins a call is closed, or with which status it is refused."""
    try:
        async with connect(url, additional_headers={} if origin is None else {"Origin": origin}) as socket:
            await socket.send(json.dumps({"type": "start"}))
            await socket.wait_closed()
            return socket.close_code or 0
    except InvalidStatus as error:
        return error.response.status_code


async def refused(url: str, origin: str | None = None) -> int:
    """With which status a websocket is refused."""
    with pytest.raises(InvalidStatus) as error:
        async with connect(url, additional_headers={} if origin is None else {"Origin": origin}):
            pass
    return error.value.response.status_code
