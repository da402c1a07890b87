"""Runs finished calls again, each in a process of its own, and asks models for it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from callwright.bootstrap.plugins import PluginInstances
from callwright.bootstrap.what_if import AGENTS_OWN, ask_here
from callwright.bootstrap.what_if import RECORDED as RECORDED_ANSWERS
from callwright.call.live.access import Accesses
from callwright.call.live.equipment import model_settings, need
from callwright.call.live.think import Thinker
from callwright.domain.errors import BadInputError, UnavailableError
from callwright.domain.limits import MAX_REPLAY_MESSAGE_BYTES, REPLAY_SECONDS
from callwright.insight.readable_log import readable, view_in
from callwright.lab.scenario_of_call import scenario_of_call
from callwright.platform.agents.rules.path import ROOT
from callwright.platform.agents.rules.spec import ProviderChoice, ProviderDefaults
from callwright.ports.failures import ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, Tool, ToolCall
from callwright.ports.replays import RECORDED, WhatIfWish

_WORKER = ("-m", "callwright.bootstrap.replay_worker")
_FIRST_TASK = ("task_config", "tools_config")

Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class ReplayProcesses:
    """``ports.replays.Replays``. ``texts`` are the settings as plugins get them, ``models`` the folder of local models.
    ``seconds``: how long one call may be computed."""

    def __init__(
        self,
        defaults: ProviderDefaults,
        texts: Mapping[str, str],
        models: Path,
        plugins: PluginInstances,
        access: Accesses,
        seconds: float = REPLAY_SECONDS,
    ) -> None:
        self._defaults = defaults
        # Without a data folder: local models would keep the prompts they read in it.
        self._texts = {**texts, "data": ""}
        self._models = models
        self._plugins = plugins
        self._access = access
        self._seconds = seconds

    async def replay(self, log: bytes) -> Mapping[str, Any]:
        """See the port."""
        return await self._run({"kind": "replay", "log": log.decode()}, _asks_nothing)

    async def what_if(self, wish: WhatIfWish) -> Mapping[str, Any]:
        """See the port."""
        order = {
            "kind": "what_if",
            "log": wish.log.decode(),
            "from_turn": wish.from_turn,
            "changes": [_change(path, value) for path, value in wish.settings.items()],
            "model": RECORDED_ANSWERS if wish.model == RECORDED else AGENTS_OWN,
            "keep_going": wish.keep_going,
            "defaults": asdict(self._defaults),
            "texts": self._texts,
            "models": str(self._models),
        }
        return await self._run(order, lambda asked: self._answered(wish.tenant_id, asked))

    async def scenario(
        self, log: bytes, user_data: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """See the port."""
        return await asyncio.to_thread(_scenario, log, user_data, findings)

    async def _run(self, order: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_REPLAY_MESSAGE_BYTES,
        )
        try:
            async with asyncio.timeout(self._seconds):
                return await _talked(process, order, answer)
        except TimeoutError:
            raise UnavailableError(
                f"this call took longer than {self._seconds:g} s to run again and was given up; begin at a later turn"
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _answered(self, tenant_id: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a model of this process answers to a question of the run, with what the organisation has with its provider."""
        fitting = await self._access.fitting(tenant_id)
        choice = fitting(ProviderChoice(asked["provider"], asked["model"], options=asked["options"]))
        settings = replace(
            model_settings(choice), max_tokens=asked["max_tokens"], temperature_milli=asked["temperature_milli"]
        )
        request = ModelRequest(
            tuple(_message(one) for one in asked["messages"]),
            settings,
            asked["purpose"],
            tuple(Tool(**one) for one in asked["tools"]),
            asked["schema"],
            asked["context"],
        )
        try:
            model = need(self._plugins, "model", choice.provider)
            deltas = await ask_here(
                Thinker(model, choice.provider, settings, asked["context"]), request, asked["seconds"]
            )
        except ProviderError as error:
            return {"failure": [error.kind.value, error.message]}
        return {"deltas": [_delta(one) for one in deltas]}


async def _talked(process: asyncio.subprocess.Process, order: Mapping[str, Any], answer: Answer) -> Mapping[str, Any]:
    """Give the order and answer what the run asks, until it is over."""
    said: Mapping[str, Any] = order
    assert process.stdin is not None
    assert process.stdout is not None
    while True:
        try:
            process.stdin.write(json.dumps(said).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        except (ConnectionError, ValueError):
            line = b""
        if not line:
            raise UnavailableError(
                "the process that ran this call again ended before it was done; the server's log says why"
            )
        told = json.loads(line)
        if "refused" in told:
            raise BadInputError(told["refused"])
        if "result" in told:
            result: Mapping[str, Any] = told["result"]
            return result
        said = await answer(told["ask"])


async def _asks_nothing(_: Mapping[str, Any]) -> Mapping[str, Any]:
    raise UnavailableError("a replay asks no model")


def _change(path: str, value: Any) -> str:
    """A change as the domain reads it: the first task's settings without their place in the list."""
    name = path.removeprefix(f"{ROOT}.")
    if name.partition(".")[0] in _FIRST_TASK:
        name = f"tasks.0.{name}"
    return f"{ROOT}.{name}={json.dumps(value)}"


def _message(plain: Mapping[str, Any]) -> Message:
    calls = tuple(ToolCall(*one) for one in plain.get("tool_calls", ()))
    return Message(plain["role"], plain["content"], calls, plain.get("tool_call_id", ""))


def _delta(delta: ModelDelta) -> dict[str, Any]:
    call = delta.tool_call
    return {"text": delta.text, "tool_call": None if call is None else asdict(call), "ended": delta.ended}


def _scenario(log: bytes, user_data: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    with readable("this log"):
        return asdict(scenario_of_call(view_in(log.decode()), user_data, findings))
