"""One call as its page reads it: timeline, entries, waveform and recording, while it lives and when it is over."""

from __future__ import annotations

import base64

import numpy as np
from tests.api_world import ApiWorld, create, place
from tests.rows import admit, claim
from tests.unit.insight.doctor_call import DoctorCall, healthy

from callwright.domain.limits import MAX_ENTRIES_LISTED
from callwright.media.wav import PCM16, write_wav
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase

WAV = write_wav(
    np.column_stack([np.zeros(8_000, dtype="<i2"), np.full(8_000, 16_384, dtype="<i2")]).tobytes(),
    channels=2,
    encoding=PCM16,
)


async def live_call(world: ApiWorld, log: DoctorCall) -> str:
    """A call that a process has claimed, with a log."""
    async with world.client() as client:
        execution_id = await place(client, await create(client))
    await admit(world.ledger)
    await claim(world.ledger)
    await written(world, execution_id, log)
    return execution_id


async def written(world: ApiWorld, execution_id: str, log: DoctorCall) -> None:
    async with world.ledger.unit() as unit:
        await unit.logs.append(LogChunk(execution_id, 1, "live", 0, log.text.encode()))


async def ended_call(world: ApiWorld, **record: object) -> str:
    """A call that is over, with its recording."""
    execution_id = await live_call(world, healthy().hangs_up(14_000, "end_call_tool"))
    world.recordings.write(execution_id, "call.wav", WAV)
    steps = (
        Change(phase=Phase.DIALLING, detail="initiated", columns={"initiated_at": world.clock.now()}),
        Change(phase=Phase.LIVE, detail="", columns={"answered_at": world.clock.now()}),
        Change(phase=Phase.FINISHING, detail="", columns={"ended_at": world.clock.now()}),
    )
    async with world.ledger.unit() as unit:
        for step in steps:
            await unit.executions.change(execution_id, step, owner="node-a", attempt=1)
        recording = {"recording": {"name": "call.wav", "duration_ms": 1_000, "size_bytes": len(WAV)}, **record}
        await unit.executions.change(execution_id, Change(phase=Phase.DONE, detail="completed", record=recording))
    return execution_id


async def test_a_call_that_goes_on_grows(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        path = f"/v1/callwright/executions/{execution_id}/timeline"
        before = (await client.get(path)).json()
        assert (before["attempt"], before["live"], before["turns"], before["began_at"]) == (0, False, [], None)
        await admit(world.ledger)
        await claim(world.ledger)
        await written(world, execution_id, DoctorCall().welcomed())
        first = (await client.get(path)).json()
        assert (first["live"], first["ended_ms"], len(first["agent"])) == (True, None, 1)
        await written(world, execution_id, healthy())
        later = (await client.get(path)).json()
        assert [one["user"] for one in later["turns"]] == ["", "A table for two please.", "Tonight at eight."]
        assert later["until_ms"] > first["until_ms"]
        assert later["recording"] is None


async def test_a_call_that_is_over_has_its_recording_costs_and_findings(world: ApiWorld) -> None:
    turns = [{"part": "turn", "turn": 1, "cost_nano": {"llm": 1_500_000_000}}]
    advice = {"setting": "task_config.patience", "direction": "lower", "value": 400, "why": "it was long"}
    finding = {"rule": "slow_reply", "severity": "bad", "call_ms": 5_500, "recording_ms": 4_500, "lasted_ms": 600}
    finding |= {"turn": 1, "what": "The caller waited.", "change": [advice]}
    execution_id = await ended_call(world, turns=turns, doctor={"findings": [finding], "left_out": 2})
    async with world.client() as client:
        body = (await client.get(f"/v1/callwright/executions/{execution_id}/timeline")).json()
        heard = await client.get(body["recording"]["url_path"])
        again = await client.get(f"/v1/callwright/executions/{execution_id}/timeline", params={"attempt": 1})
        never = await client.get(f"/v1/callwright/executions/{execution_id}/timeline", params={"attempt": 2})
    assert (body["live"], body["ended_ms"], body["findings_left_out"]) == (False, 14_050.0, 2)
    assert body["turns"][1]["cost"]["total"] == 1.5
    (found,) = body["findings"]
    assert (found["title"], found["from_ms"], found["to_ms"]) == ("Slow reply", 5_500.0, 6_100.0)
    assert (found["advice"][0]["path"], found["advice"][0]["value"]) == ("task_config.patience", 400)
    assert body["recording"]["from_ms"] == 1_000.0
    assert heard.content == WAV
    assert again.json() == body
    assert never.status_code == 404


async def test_a_recording_can_be_sought_in(world: ApiWorld) -> None:
    execution_id = await ended_call(world)
    path = f"/v1/callwright/executions/{execution_id}/recording"
    async with world.client() as client:
        part = await client.get(path, headers={"Range": "bytes=44-51"})
        assert (part.status_code, part.content) == (206, WAV[44:52])
        assert part.headers["content-range"] == f"bytes 44-51/{len(WAV)}"
        beyond = await client.get(path, headers={"Range": f"bytes={len(WAV)}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(WAV)}")
        assert (await client.get(path, params={"attempt": 1})).headers["content-type"] == "audio/wav"
    async with world.client(None) as client:
        assert (await client.get(path)).status_code == 401


async def test_peaks_are_made_once_for_a_client_that_has_them(world: ApiWorld) -> None:
    execution_id = await ended_call(world)
    path = f"/v1/callwright/executions/{execution_id}/peaks"
    async with world.client() as client:
        answer = await client.get(path, params={"per_second": 10})
        body = answer.json()
        assert (body["per_second"], body["from_ms"], body["duration_ms"]) == (10, 1_000.0, 1_000.0)
        assert base64.b64decode(body["caller"]) == bytes(10)
        assert base64.b64decode(body["agent"]) == bytes([128] * 10)
        known = await client.get(path, params={"per_second": 10}, headers={"If-None-Match": answer.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        finer = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (finer.status_code, len(base64.b64decode(finer.json()["agent"]))) == (200, 50)
        assert (await client.get(path, params={"per_second": 201})).status_code == 400
        world.recordings.delete(execution_id)
        assert (await client.get(path)).status_code == 404
        world.recordings.write(execution_id, "call.wav", b"cut by a full disk")
        assert (await client.get(path)).status_code == 404


async def test_entries_come_in_pages_with_their_positions(world: ApiWorld) -> None:
    execution_id = await ended_call(world)
    path = f"/v1/callwright/executions/{execution_id}/entries"
    async with world.client() as client:
        first = (await client.get(path, params={"limit": 5})).json()
        assert [one["seq"] for one in first["items"]] == [1, 2, 3, 4, 5]
        second = (await client.get(path, params={"limit": 5, "after": first["next_after"]})).json()
        assert second["items"][0]["seq"] == 6
        said = (await client.get(path, params={"type": "UserSaid, AgentSaid"})).json()
        assert (said["total"], said["next_after"], {one["type"] for one in said["items"]}) == (
            5,
            None,
            {"UserSaid", "AgentSaid"},
        )
        assert (await client.get(path, params={"limit": MAX_ENTRIES_LISTED + 1})).status_code == 200
        assert (await client.get(path, params={"after": "soon"})).status_code == 400


async def test_entries_of_a_live_call_can_be_followed(world: ApiWorld) -> None:
    execution_id = await live_call(world, DoctorCall().welcomed())
    path = f"/v1/callwright/executions/{execution_id}/entries"
    async with world.client() as client:
        first = (await client.get(path)).json()
        assert first["live"]
        nothing = (await client.get(path, params={"after": first["next_after"]})).json()
        assert (nothing["items"], nothing["next_after"]) == ([], first["next_after"])
        await written(world, execution_id, healthy())
        more = (await client.get(path, params={"after": first["next_after"]})).json()
        assert more["items"][0]["seq"] == first["next_after"] + 1
