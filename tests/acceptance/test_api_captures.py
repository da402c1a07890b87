"""Asking for the packets of a call, and getting them."""

from __future__ import annotations

from tests.acceptance.test_api_call_page import ended_call, live_call
from tests.api_world import ApiWorld, create, place
from tests.database import fetch, run_sql
from tests.unit.insight.doctor_call import healthy

from callwright.domain.limits import MAX_CAPTURE_SECONDS, MAX_CAPTURES_OF_ONE

PCAP = b"\xd4\xc3\xb2\xa1" + bytes(20)


def path_of(execution_id: str) -> str:
    return f"/v1/callwright/executions/{execution_id}/capture"


async def sip_call(world: ApiWorld) -> str:
    """A call over SIP that a process has claimed."""
    execution_id = await live_call(world, healthy())
    await run_sql(world.dsn, f"update execution set carrier = 'sip' where id = '{execution_id}'")
    return execution_id


async def test_the_process_of_the_call_is_asked_and_the_trail_says_so(world: ApiWorld) -> None:
    execution_id = await sip_call(world)
    async with world.client() as client:
        asked = await client.post(path_of(execution_id), json={"seconds": 30, "keep_secrets": True})
        again = await client.post(path_of(execution_id))
    assert asked.status_code == 202, asked.text
    assert asked.json()["capture_url"].endswith(f"/recordings/capture/{execution_id}")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    wish = {"attempt": 1, "seconds": 30, "keep_secrets": True}
    assert world.control.captured == [(execution_id, wish)]
    (row,) = await fetch(world.dsn, "select action, object_id from audit where action = 'execution.captured'")
    assert row["object_id"] == execution_id


async def test_bounds_are_kept(world: ApiWorld) -> None:
    execution_id = await sip_call(world)
    async with world.client() as client:
        for seconds, status in ((0, 400), (MAX_CAPTURE_SECONDS + 1, 400), (MAX_CAPTURE_SECONDS, 202)):
            answer = await client.post(path_of(execution_id), json={"seconds": seconds})
            assert answer.status_code == status, answer.text
        others = [await sip_call(world) for _ in range(MAX_CAPTURES_OF_ONE)]
        statuses = [(await client.post(path_of(one))).status_code for one in others]
    assert statuses == [202] * (MAX_CAPTURES_OF_ONE - 1) + [409]


async def test_only_calls_of_sip_that_are_under_way(world: ApiWorld) -> None:
    loopback = await live_call(world, healthy())
    async with world.client() as client:
        waiting = await place(client, await create(client))
        for execution_id, why in ((loopback, "its carrier is loopback"), (waiting, "it is queued")):
            answer = await client.post(path_of(execution_id))
            assert (answer.status_code, answer.json()["code"]) == (400, "wrong_state")
            assert why in answer.json()["message"]
    assert world.control.captured == []


async def test_administrators_get_the_file_when_the_call_is_over(world: ApiWorld) -> None:
    execution_id = await ended_call(world)
    path = f"/recordings/capture/{execution_id}"
    async with world.client() as client:
        assert (await client.get(path)).status_code == 404
        world.recordings.write(execution_id, "call.pcap", PCAP)
        link = (await client.get(path)).headers["location"]
    async with world.client(None) as client:
        file = await client.get(link)
        assert (file.content, file.headers["content-type"]) == (PCAP, "application/vnd.tcpdump.pcap")
        assert (await client.get(link.replace("call.pcap", "call-2.pcap"))).status_code == 403
    for key, status in ((world.member_key, 403), (world.call_key, 403), (world.other_key, 404), (world.read_key, 302)):
        async with world.client(key) as client:
            assert (await client.get(path)).status_code == status, key


async def test_members_may_not_capture(world: ApiWorld) -> None:
    execution_id = await sip_call(world)
    async with world.client(world.member_key) as client:
        assert (await client.post(path_of(execution_id))).status_code == 403
    async with world.client(world.other_key) as client:
        assert (await client.post(path_of(execution_id))).status_code == 404
