"""What the API records of refusals and of changed rights: a line in the log and a count, and never a key."""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import replace

import httpx
import pytest
from tests.api_world import PUBLIC_URL, ApiWorld

from callwright.api.app import build_app
from callwright.api.doors import Doors
from callwright.api.rates import RateLimits
from callwright.ops.security_log import SecurityLog
from callwright.ports.door import Capability, DoorAnswer, DoorRequest, HttpDoor, Signed

KEYS = "/v1/callwright/keys"


class Records:
    """The records of an application that answers one client."""

    def __init__(self, world: ApiWorld, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "callwright.ops.security_log")
        self._caplog = caplog
        self._world = world
        self.counted: Counter[str] = Counter()
        rates = RateLimits({"bad_key": 2}, lambda: 0.0)
        self.services = replace(
            world.services, security=SecurityLog(lambda kind: self.counted.update([kind])), rates=rates
        )
        self.app = build_app(self.services, self._doors())

    def _doors(self) -> Doors:
        async def wrong(_: DoorRequest) -> bool:
            return False

        async def answer(_: DoorRequest) -> DoorAnswer:
            return DoorAnswer()

        doors = Doors(PUBLIC_URL, self.services.actions.ids, self.services.actions.clock)
        signed = HttpDoor("/status", "Status of a call", Signed(wrong), answer)
        capable = HttpDoor("/media", "Media of a call", Capability(), answer)
        doors.mount("acme", [signed, capable])
        return doors

    async def ask(self, method: str, path: str, key: str | None, **more: object) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 1))
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]

    def line(self) -> str:
        """The one line since the last look."""
        (found,) = self._caplog.messages
        self._caplog.clear()
        return found


@pytest.fixture
def records(world: ApiWorld, caplog: pytest.LogCaptureFixture) -> Records:
    return Records(world, caplog)


async def test_failed_keys_are_recorded_without_the_key(records: Records) -> None:
    wrong = "bn-" + "5ec4e7" * 8
    assert (await records.ask("GET", "/user/me", wrong)).status_code == 401
    assert records.line() == "bad_key from 192.0.2.7: GET /user/me: unknown_key"
    assert (await records.ask("GET", "/user/me", None)).status_code == 401
    assert records.line() == "no_key from 192.0.2.7: GET /user/me: missing_key"
    assert (await records.ask("GET", "/user/me", wrong)).status_code == 429
    assert records.line() == "rate_limit from 192.0.2.7: GET /user/me: rate_limited"
    assert records.counted == {"bad_key": 1, "no_key": 1, "rate_limit": 1}


async def test_refused_rights_are_recorded_with_the_key_s_id(records: Records, world: ApiWorld) -> None:
    for key in (world.read_key, world.member_key):
        assert (await records.ask("POST", KEYS, key, json={"name": "x", "role": "admin"})).status_code == 403
        assert re.fullmatch(
            rf"refused_right from 192\.0\.2\.7: POST {KEYS} with key [0-9a-f-]{{36}} of account [0-9a-f-]{{36}}: not_allowed",
            records.line(),
        )
    assert records.counted["refused_right"] == 2


async def test_wrong_proofs_at_doors_and_links_are_recorded_without_the_token(records: Records) -> None:
    assert (await records.ask("POST", "/lines/acme/status", None)).status_code == 403
    assert records.line() == "bad_proof from 192.0.2.7: POST /lines/acme: not_allowed"
    assert (await records.ask("POST", "/lines/acme/media/5ec4e7", None)).status_code == 403
    assert records.line() == "bad_proof from 192.0.2.7: POST /lines/acme: not_allowed"
    link = f"/recordings/file/{'0' * 8}-0000-4000-8000-{'0' * 12}/call.wav"
    assert (await records.ask("GET", f"{link}?expires=1&signature=5ec4e7", None)).status_code == 403
    assert records.line() == f"bad_link from 192.0.2.7: GET {link}: not_allowed"
    assert records.counted == {"bad_proof": 2, "bad_link": 1}


async def test_new_keys_and_changed_rights_are_recorded(records: Records, world: ApiWorld) -> None:
    made = await records.ask("POST", KEYS, world.key, json={"name": "x", "scope": "read-only"})
    assert made.status_code == 201, made.text
    line = records.line()
    assert line.startswith(f"new_key from 192.0.2.7: key {made.json()['id']} of account ")
    assert "(read, admin), by key " in line
    assert made.json()["key"][-6:] not in line
    assert (await records.ask("DELETE", f"{KEYS}/{made.json()['id']}", world.key)).status_code == 200
    assert records.line().startswith(f"changed_right from 192.0.2.7: key {made.json()['id']} revoked, by key ")
    branch = await records.ask("POST", "/sub-accounts/create", world.key, json={"name": "south", "min_concurrency": 0})
    assert branch.status_code == 200, branch.text
    assert " the first key of sub-account " in records.line()
    assert (await records.ask("DELETE", f"/sub-accounts/{branch.json()['id']}", world.key)).status_code == 200
    assert " all keys of sub-account " in records.line()
    assert records.counted == {"new_key": 2, "changed_right": 2}
