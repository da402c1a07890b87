"""A customer of the API who never gives up: every request is repeated under its Idempotency-Key until the server has answered it.

What was answered is the truth that the ledgers are compared with: calls that were accepted, lists that were taken, stops that took effect.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx

from callwright.ops.clock import SystemClock

AGAIN_S = 0.05
_ENDED = ("completed", "error", "failed", "busy", "no-answer", "canceled", "stopped", "balance-low")
_ASK_AGAIN = frozenset({409, 429, 503})
_FOLLOWED_S = 20.0
_PAUSED_S = 0.7

PERSONAS: Mapping[str, Any] = {
    # Hangs up as soon as the agent is heard.
    "brief": {"answer": {"how": "answer", "after_s": 0, "hang_up_after_ms": 100}, "patience_s": 2},
    # Says a word; the agent answers and hangs up.
    "talks": {"answer": {"how": "answer", "after_s": 0}, "think_ms": 20, "rules": [{"say": "Bye."}], "patience_s": 2},
    "waits": {"answer": {"how": "answer", "after_s": 0}, "patience_s": 0, "rules": [], "fallback": []},
    "engaged": {"answer": {"how": "busy", "after_s": 0}},
    "declines": {"answer": {"how": "refuse", "after_s": 0}},
    "unknown": {"answer": {"how": "failed", "after_s": 0}},
}
"""Synthetic callers whose calls take a second at most, and one who waits until we hang up."""

CALLERS: Mapping[str, Any] = {"default": "brief", "personas": PERSONAS}
"""The scenario file."""


def agent(webhook_url: str, *, asked: bool) -> dict[str, Any]:
    """An agent of the proof: it greets and says goodbye. ``asked``: one question is asked about its calls afterwards; otherwise they are
    complete as they end."""
    scripted = {"provider": "scripted", "model": "scripted"}
    talking = {
        "transcriber": {**scripted, "language": "en"},
        "llm_agent": {**scripted, "rules": [{"when": "bye", "say": "Bye.", "end_call": True}], "max_tokens": 20},
        "synthesizer": {"provider": "scripted", "provider_config": {"voice": "scripted"}},
    }
    asking = {
        "llm_agent": {
            **scripted,
            "extraction_details": "said : whether anything was said",
            "answers": {"extraction": [{"json": {"said": "yes"}}]},
        }
    }
    settings = {"call_terminate": 30, "hangup_after_silence": 0, "check_if_user_online": False}
    return {
        "agent_config": {
            "agent_name": "Proof",
            "agent_welcome_message": "Hi.",
            "webhook_url": webhook_url,
            "tasks": [
                {"task_type": "conversation", "tools_config": talking, "task_config": settings},
                *([{"task_type": "extraction", "tools_config": asking}] if asked else ()),
            ],
            "end_call_tool_mode": "auto",
        },
        "agent_prompts": {"task_1": {"system_prompt": "Be brief."}},
    }


@dataclass(slots=True)
class PlacedCall:
    """A call the customer asked for. ``tag`` names it in ``user_data``; ``execution_id`` is "" until it is accepted. ``stopped_at``: when
    a stop of it was acknowledged."""

    tag: str
    execution_id: str = ""
    stopped_at: datetime | None = None


@dataclass(slots=True)
class PlacedBatch:
    """A list the customer asked for. ``tags`` are those of its contacts, in order. ``stopped_at``: when its stop was acknowledged.
    ``paused_at``, ``resumed_at``: when its pause was acknowledged, and when the end of the pause was first asked for."""

    name: str
    tags: tuple[str, ...]
    batch_id: str = ""
    scheduled: bool = False
    stopped_at: datetime | None = None
    paused_at: datetime | None = None
    resumed_at: datetime | None = None


@dataclass(slots=True)
class Customer:
    """Asks the server at ``url``. ``faults``: answers that no server may give, whatever happens to it."""

    url: str
    key: str
    random: Random
    webhook_url: str
    agent_id: str = ""
    batch_agent_id: str = ""
    calls: list[PlacedCall] = field(default_factory=list)
    batches: list[PlacedBatch] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _numbers: int = 0
    _wishes: set[asyncio.Task[None]] = field(default_factory=set)
    _clock: SystemClock = field(default_factory=SystemClock)

    @property
    def waiting(self) -> int:
        """Wishes the server has not granted yet."""
        return len(self._wishes)

    async def begin(self) -> None:
        """Save the agents: about single calls something is asked, about those of batches nothing."""
        answer = await self._ask("POST", "/v2/agent", "agent", json=agent(self.webhook_url, asked=True))
        self.agent_id = str(answer.json()["agent_id"])
        answer = await self._ask("POST", "/v2/agent", "agent of batches", json=agent(self.webhook_url, asked=False))
        self.batch_agent_id = str(answer.json()["agent_id"])

    def wish(self, cycle: int, options: Mapping[str, Any]) -> None:
        """Ask for a few calls of every kind, and for batches: one that runs, one that is stopped and one that is paused for a moment.
        ``options`` go into every call and list."""
        for persona in ("brief", "talks", "engaged"):
            self._wish(self._call(f"{cycle}-{persona}", persona, options))
        self._wish(self._stopped_call(f"{cycle}-waits", options))
        self._wish(self._stopped_before(f"{cycle}-never", options))
        self._wish(self._batch(f"{cycle}-list", ("brief", "engaged", "unknown"), options))
        self._wish(self._batch(f"{cycle}-stopped", ("declines", "brief") * 4, options, then=self._stop_batch))
        self._wish(self._batch(f"{cycle}-paused", ("engaged", "brief") * 3, options, then=self._pause_batch))

    async def granted(self, seconds: float) -> None:
        """Wait until everything is. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self._wishes:
                await asyncio.wait(tuple(self._wishes))

    async def give_up(self) -> None:
        """Ask for nothing more."""
        for task in self._wishes:
            task.cancel()
        await asyncio.gather(*self._wishes, return_exceptions=True)

    def _wish(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._wishes.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._wishes.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.faults.append(f"the customer failed: {task.exception()!r}")

    async def _call(self, tag: str, persona: str, options: Mapping[str, Any]) -> None:
        await self._placed(tag, persona, options)

    async def _placed(self, tag: str, persona: str, options: Mapping[str, Any]) -> PlacedCall:
        call = PlacedCall(tag)
        self.calls.append(call)
        body = {
            "agent_id": self.agent_id,
            "recipient_phone_number": self._number(),
            "user_data": {"tag": tag, "persona": persona},
            **options,
        }
        answer = await self._ask("POST", "/call", tag, json=body)
        call.execution_id = str(answer.json()["execution_id"])
        return call

    async def _stopped_call(self, tag: str, options: Mapping[str, Any]) -> None:
        """A call that goes on until it is stopped through the API, once it is live or has waited for a while."""
        call = await self._placed(tag, "waits", options)
        until = self._clock.monotonic_us() + int(_FOLLOWED_S * 1_000_000)
        status = ""
        while status not in ("in-progress", *_ENDED) and self._clock.monotonic_us() < until:
            await asyncio.sleep(AGAIN_S)
            status = (await self._ask("GET", f"/executions/{call.execution_id}")).json()["status"]
        await self._stop(call)

    async def _stopped_before(self, tag: str, options: Mapping[str, Any]) -> None:
        """A call of tomorrow that is stopped today."""
        tomorrow = (self._clock.now() + timedelta(days=1)).isoformat()
        await self._stop(await self._placed(tag, "brief", {**options, "scheduled_at": tomorrow}))

    async def _stop(self, call: PlacedCall) -> None:
        answer = await self._ask("POST", f"/call/{call.execution_id}/stop", refusable=True)
        if answer.status_code == 200:
            call.stopped_at = self._clock.now()

    async def _batch(
        self,
        name: str,
        personas: Sequence[str],
        options: Mapping[str, Any],
        *,
        then: Callable[[PlacedBatch], Awaitable[None]] | None = None,
    ) -> None:
        tags = tuple(f"{name}-{number}" for number, _ in enumerate(personas))
        batch = PlacedBatch(name, tags)
        self.batches.append(batch)
        rows = [f"{self._number()},{tag},{persona}" for tag, persona in zip(tags, personas, strict=True)]
        content = "\n".join(["contact_number,tag,persona", *rows]).encode()
        fields = {"agent_id": self.batch_agent_id, "webhook_url": self.webhook_url, **_as_form(options)}
        answer = await self._ask("POST", "/batches", name, data=fields, files={"file": (f"{name}.csv", content)})
        batch.batch_id = str(answer.json()["batch_id"])
        at = {"scheduled_at": self._clock.now().isoformat()}
        await self._ask("POST", f"/batches/{batch.batch_id}/schedule", f"{name} schedule", data=at)
        batch.scheduled = True
        if then is not None:
            await asyncio.sleep(self.random.uniform(0, 1.5))
            await then(batch)

    async def _stop_batch(self, batch: PlacedBatch) -> None:
        answer = await self._ask("POST", f"/batches/{batch.batch_id}/stop", f"{batch.name} stop", refusable=True)
        if answer.status_code == 200:
            batch.stopped_at = self._clock.now()

    async def _pause_batch(self, batch: PlacedBatch) -> None:
        path = f"/v1/callwright/batches/{batch.batch_id}"
        answer = await self._ask("POST", f"{path}/pause", f"{batch.name} pause", refusable=True, json={})
        if answer.status_code == 200:
            batch.paused_at = self._clock.now()
            await asyncio.sleep(_PAUSED_S)
            batch.resumed_at = self._clock.now()
            # Its last calls may have ended meanwhile, and it with them.
            await self._ask("POST", f"{path}/resume", f"{batch.name} resume", refusable=True, json={})

    def _number(self) -> str:
        self._numbers += 1
        return f"+1555{self._numbers:07d}"

    async def _ask(
        self, method: str, path: str, key: str = "", *, refusable: bool = False, **content: Any
    ) -> httpx.Response:
        """The answer to a request, however often it must be repeated. ``refusable``: the thing may be over by now."""
        headers = {"Authorization": f"Bearer {self.key}", **({"Idempotency-Key": key} if key else {})}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, trust_env=False) as api:
            while True:
                try:
                    answer = await api.request(method, path, **content)
                except httpx.TransportError:
                    await asyncio.sleep(AGAIN_S)
                    continue
                if answer.status_code not in _ASK_AGAIN:
                    break
                await asyncio.sleep(AGAIN_S)
        if answer.status_code >= 500 or (answer.status_code >= 400 and not refusable):
            self.faults.append(f"{method} {path} ({key}) was answered {answer.status_code}: {answer.text[:300]}")
            answer.raise_for_status()
        return answer


def _as_form(options: Mapping[str, Any]) -> dict[str, str]:
    """Options of a call as fields of a form: JSON where they are objects."""
    return {name: json.dumps(value) if isinstance(value, Mapping) else str(value) for name, value in options.items()}
