"""The application in a thread of its own, asked from ordinary code: what generates requests knows nothing of event loops."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import requests
from tests.api_world import PUBLIC_URL, ApiWorld, make_world
from tests.conformance.cases import AGENT
from tests.rows import admit, claim

from callwright.api.app import build_app
from callwright.api.description import MADE
from callwright.domain.number import LOOPBACK
from callwright.media.wav import write_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.availability import Line, Provision
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.availability import EverythingAvailable
from callwright.platform.batches.rules.batch import BatchStatus
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.platform.violations.actions import put_before
from callwright.ports.chat import ChatMessage, ChatReply, NewChat

ASK_SECONDS = 30


class Talking:
    """Chats that answer at once; the real ones need a process that runs calls."""

    async def open(self, chat: NewChat, wait_s: float) -> tuple[str, ChatReply]:
        return str(uuid.uuid4()), ChatReply((ChatMessage("Hello."),))

    async def say(self, execution_id: str, text: str, wait_s: float) -> ChatReply:
        return ChatReply((ChatMessage(text),))

    def end(self, execution_id: str) -> None:
        """Nothing to end."""


class OnTheTestLine(EverythingAvailable):
    """An account in the sandbox: a call goes over the test line where its carrier is not installed."""

    def __init__(self, names: Callable[[str], Collection[str]]) -> None:
        self._names = names

    async def connected(self, unit: Unit, tenant_id: str) -> bool:
        """False."""
        return False

    async def provide(self, unit: Unit, tenant_id: str, spec: AgentSpec, line: Line) -> Provision:
        """The agent as it is."""
        found = await super().provide(unit, tenant_id, spec, line)
        carrier = found.carrier if found.carrier in self._names("carrier") else LOOPBACK
        return replace(found, carrier=carrier, sandbox=True)


class FuzzWorld:
    """A running application and the ids of objects that exist in it."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, world: ApiWorld, ledger: Ledger, *, strict: bool = False
    ) -> None:
        self._loop = loop
        self._world = world
        self._ledger = ledger
        policy = replace(world.services.actions.policy, strict=strict)
        actions = replace(world.services.actions, chats=Talking(), policy=policy)
        services = replace(world.services, actions=replace(actions, availability=OnTheTestLine(actions.names)))
        self._app = build_app(services)
        self.description: dict[str, Any] = self._app.openapi()
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, follow_redirects=False)
        self.key = world.key
        self.headers = {"Authorization": f"Bearer {world.key}"}

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What ``work`` gives, run on the application's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ASK_SECONDS)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request with our key."""
        return self.request(method, path, headers=self.headers, **more)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of somebody."""
        answer: httpx.Response = self.wait(self._client.request(method, path, **more))
        return answer

    def send(self, case: Any) -> httpx.Response:
        """Send a generated request exactly as it would be written."""
        kwargs = case.as_transport_kwargs(base_url=PUBLIC_URL, headers=self.headers)
        kwargs.pop("cookies", None)
        made = requests.Request(**kwargs).prepare()
        body = made.body or b""
        request = httpx.Request(
            str(made.method),
            str(made.url),
            headers=[(name.encode(), _latin(value)) for name, value in made.headers.items()],
            content=body if isinstance(body, bytes) else str(body).encode(),
        )
        answer: httpx.Response = self.wait(self._client.send(request))
        return answer

    def objects(self) -> dict[str, str]:
        """Fresh objects, one of each kind: the value of every parameter that may stand in a path."""
        found: dict[str, str] = {"extension": "desk", "number": "+15550177"}
        found |= self._uploaded()
        found |= {"provider_key_name": "OPENAI", "custom_model_name": "house"}
        for path, _, key, parameters in MADE:
            body = self.description["paths"].get(path, {}).get("post", {}).get("requestBody", {}).get("content", {})
            if "application/json" in body:
                made = self._make(path, found, key)
                found.update({parameter: made for parameter in parameters if parameter not in found})
        found["run_id"] = self.wait(self._live(found["agent_id"]))
        for trunk in self.ask("GET", "/sip-trunks/trunks").json():
            self.ask("DELETE", f"/sip-trunks/trunks/{trunk['id']}")
        found["trunk_id"] = self._make("/sip-trunks/trunks", found, "id")
        numbers = f"/sip-trunks/trunks/{found['trunk_id']}/numbers"
        found["phone_number_id"] = self.ask("POST", numbers, json={"phone_number": "918000000002"}).json()["id"]
        self.ask("PUT", "/v1/callwright/contact-files/customers", content="contact_number\n+15550199\n")
        found["name"] = "customers"
        self.ask("PUT", "/v1/callwright/extensions/desk", json={"agent_id": found["agent_id"]})
        self.ask("POST", "/v1/callwright/suppressions", json={"number": "+15550177"})
        self.ask("POST", "/providers", json={"provider_name": "OPENAI", "provider_value": "a-key-of-some-length"})
        model = {"custom_model_name": "house", "custom_model_url": "https://llm.example.org/v1"}
        self.ask("POST", "/user/model/custom", json=model)
        return found

    def begun(self) -> dict[str, str]:
        """A call in progress, one that is over, with recordings, and a batch that runs."""
        agent_id = self.ask("POST", "/v2/agent", json=AGENT).json()["agent_id"]
        found = {name: self.wait(self._live(agent_id)) for name in ("live_call", "ended_call")}
        self.wait(self._end(found["ended_call"]))
        services = self._world.services.actions
        found["violation_id"] = self.wait(put_before(services, "", found["ended_call"], "complained")).id
        for name in ("call.wav", "transfer.wav"):
            self._world.recordings.write(found["ended_call"], name, b"RIFF")
        contacts = {"file": ("list.csv", b"contact_number\nloopback:x\n")}
        made = self.ask("POST", "/batches", data={"agent_id": agent_id}, files=contacts)
        found["running_batch"] = made.json()["batch_id"]
        self.wait(self._run(found["running_batch"]))
        return found

    async def _run(self, batch_id: str) -> None:
        async with self._ledger.unit() as unit:
            await unit.batches.change(batch_id, BatchStatus.SCHEDULED, scheduled_at=self._world.clock.now())
            await unit.batches.change(batch_id, BatchStatus.QUEUED)
            await unit.batches.change(batch_id, BatchStatus.RUNNING)

    async def _end(self, execution_id: str) -> None:
        for change in (Change(Phase.FINISHING), Change(Phase.DONE, "completed")):
            async with self._ledger.unit() as unit:
                owner = "fuzz" if change.phase is Phase.FINISHING else None
                await unit.executions.change(execution_id, change, owner=owner)

    def _uploaded(self) -> dict[str, str]:
        """What comes in forms. What was made before goes first: there is an end to how many are kept."""
        for one in self.ask("GET", "/ambient-sounds").json():
            if one["type"] == "custom":
                self.ask("DELETE", f"/ambient-sounds/{one['id']}")
        for one in self.ask("GET", "/knowledgebase/all").json():
            self.ask("DELETE", f"/knowledgebase/{one['rag_id']}")
        sound = {"file": ("rain.wav", write_wav(bytes([0, 8] * 400)))}
        made = self.ask("POST", "/ambient-sounds/custom", files=sound, data={"name": str(uuid.uuid4())})
        kept = self.ask("POST", "/knowledgebase", data={"url": "https://example.org/"})
        violation = self.wait(put_before(self._world.services.actions, DEFAULT_TENANT_ID, "", "a complaint"))
        proof = {"violation_file": ("proof.png", b"x")}
        self.ask("POST", "/violations/submit", data={"violation_id": violation.id}, files=proof)
        return {"sound_id": made.json()["id"], "rag_id": kept.json()["rag_id"], "violation_id": violation.id}

    def _make(self, path: str, known: dict[str, str], key: str) -> str:
        """Send the example of a route, with a name nothing has and with what is known where it names something."""
        content = self.description["paths"][path]["post"]["requestBody"]["content"]
        example = content["application/json"]["example"]
        wire = {**example, **{name: value for name, value in known.items() if name in example}}
        if "name" in wire:
            wire["name"] = f"{wire['name']} {uuid.uuid4().hex[:8]}"
        answer = self.ask("POST", path, json=_without_numbers(wire))
        assert answer.status_code in (200, 201), (path, answer.text)
        return str(answer.json()[key])

    async def _live(self, agent_id: str) -> str:
        """A call in progress, which takes events."""
        body = {"agent_id": agent_id, "recipient_phone_number": "loopback:demo"}
        answer = await self._client.post("/call", json=body, headers=self.headers)
        execution_id = str(answer.json()["execution_id"])
        await admit(self._ledger)
        for row in await claim(self._ledger, "fuzz"):
            async with self._ledger.unit() as unit:
                await unit.executions.change(row.id, Change(Phase.DIALLING, "initiated"), owner="fuzz", attempt=1)
                await unit.executions.change(row.id, Change(Phase.LIVE), owner="fuzz", attempt=1)
        return execution_id


def _without_numbers(wire: dict[str, Any]) -> dict[str, Any]:
    """Without what only one object at a time may have: phone numbers, and shares of what the account may do at once."""
    return {name: value for name, value in wire.items() if name not in ("phone_numbers", "max_concurrency")} | (
        {"min_concurrency": 0} if "min_concurrency" in wire else {}
    )


def _latin(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")


@contextmanager
def fuzz_world(dsn: str, folder: Path, *, strict: bool = False) -> Iterator[FuzzWorld]:
    """A world on a migrated database, with the strict setting or without it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="application", daemon=True)
    thread.start()

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(ASK_SECONDS)

    ledger = Ledger(dsn)
    try:
        wait(ledger.open())
        yield FuzzWorld(loop, wait(make_world(ledger, dsn, folder)), ledger, strict=strict)
        wait(ledger.aclose())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(ASK_SECONDS)
        loop.close()
