"""Every agent body of the corpus is called: in the sandbox with stand-ins that it names, and in a connected account not at all.

The server is a process of its own with the scripted providers as its own, so that a call takes seconds. CALLS run at the same time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from tests.conformance.server import served
from tests.contract.test_openai_compatible import DONE, USAGE, chunk, event, streaming
from tests.corpus.bodies import CORPUS, AgentBody
from tests.http_server import Exchange, LocalServer, serving
from tests.typed_answers import typed
from tests.waiting import until

from callwright.bootstrap.plugins import installed_plugins
from callwright.providers.cloud import PLUGINS, library
from callwright.providers.cloud.provider_table import VENDORS

pytestmark = pytest.mark.real_time

CALLS = 16
"""As many as leave the machine's other tests their time."""
SAVES = 8
"""Bodies that are saved at the same time: a request waits only so long for the database."""
LONGEST_S = 240
ENDED = {"completed", "error", "failed", "busy", "no-answer", "canceled", "stopped"}
REPLY = streaming(chunk({"content": "All right."}, "stop"), USAGE, DONE)
GEMINIS_REPLY = streaming(
    event({"candidates": [{"content": {"parts": [{"text": "All right."}]}, "finishReason": "STOP"}]})
)
HURRIED: dict[str, Any] = {
    "default": "hurried",
    "personas": {
        "hurried": {
            "answer": {"after_s": 0.1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"heard": ".", "interrupt_after_words": 2, "say": "Stop, please."},
                {"when": "silence", "silence_s": 2, "say": "Stop, please."},
                {"heard": ".", "say": "Goodbye.", "hang_up": True, "linger_ms": 500},
            ],
        }
    },
}
"""A caller who interrupts the welcome or speaks first, lets the agent reply once and hangs up."""


@dataclass
class Outside:
    """What agents reach: their webhooks, by execution in their order, and a model at an address of their own."""

    webhooks: dict[str, list[bytes]] = field(default_factory=dict)

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.request.target != "/calls":
            await (GEMINIS_REPLY if "GenerateContent" in exchange.request.target else REPLY)(exchange)
            return
        body = exchange.request.body
        self.webhooks.setdefault(exchange.request.json()["id"], []).append(body)
        await exchange.answer(200)

    async def until_ended(self, execution_id: str) -> list[bytes]:
        """The webhooks of a call, once that of its end is there."""
        found = self.webhooks.setdefault(execution_id, [])
        await until(lambda: bool(found) and json.loads(found[-1])["status"] in ENDED, LONGEST_S)
        return found


@dataclass
class Account:
    """A client of a server, and the calls of the corpus."""

    client: httpx.AsyncClient
    outside: Outside
    server: LocalServer
    saves: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SAVES))

    async def save(self, body: AgentBody) -> dict[str, Any]:
        """Save the body; the answer."""
        sent = body.with_addresses(webhook_url=f"{self.server.url}/calls", model_url=f"{self.server.url}/v1")
        answer = await self.client.post(body.path, json=sent)
        assert answer.status_code in (200, 201), f"{body.name}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def call(self, agent_id: str, to: str = "+15550123") -> httpx.Response:
        """Call somebody, at whatever hour it is where they are; the answer."""
        user_data = {"customer_name": "neighbour"}
        wire = {
            "agent_id": agent_id,
            "recipient_phone_number": to,
            "user_data": user_data,
            "bypass_call_guardrails": True,
        }
        return await self.client.post("/call", json=wire)


@asynccontextmanager
async def account(dsn: str, folder: Path, **more: str) -> AsyncIterator[Account]:
    """An account of a server of its own. ``more``: settings by the names of their variables."""
    settings = {"DATABASE_URL": dsn, "CALLWRIGHT_ALLOW_PRIVATE_URLS": "1", "CALLWRIGHT_MAX_CALLS": str(CALLS), **more}
    outside = Outside()
    async with serving(outside) as server:
        with served(folder, callers=HURRIED, settings=settings) as (url, key):
            headers = {"Authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
                yield Account(client, outside, server)


OWN = {"line": "loopback", "transcriber": "scripted", "voice": "scripted", "model": "scripted"}
"""What the server has for each leg."""


WRITE_A_PLUGIN = "see docs/how-to/write-a-plugin.md, or name one that is installed"
ADD_A_TRUNK = "POST /sip-trunks/trunks"
CONNECT = "to call phones, connect a carrier: docs/how-to/carriers.md, or POST /sip-trunks/trunks"
AT_AN_ADDRESS = {
    "azure": "AZURE_OPENAI_API_BASE",
    "azure-openai": "AZURE_OPENAI_API_BASE",
    "anyscale": "ANYSCALE_API_BASE",
    "bolna": "BOLNA_API_BASE",
}
"""Models that need an address, and the provider key that holds it."""
HAVE_A_KEY = frozenset(
    {"openai", "anthropic", "google", "groq", "deepseek", "openrouter", "cohere", "together", "fireworks", "deepinfra"}
    | {"perplexity", "ola"}
)
"""Models that need one provider key, which is called after them."""
LINE_KEYS = {("line", one.name): one.keys[0] for one in installed_plugins().all() if one.kind == "carrier" and one.keys}
SPEECH_KEYS = {(one.kind, one.name): one.keys[0] for one in PLUGINS}
"""The provider key that each carrier, and each recogniser and voice of a vendor, asks for first."""
READY = {(one.kind, one.name) for one in VENDORS if one.clients[-1].own or library.is_installed(one.clients[-1].name)}
"""Those whose clients are installed here."""
BESIDES = {("transcriber", "azure"): "pip install azure-cognitiveservices-speech, then "}
"""What a client needs that is not installed with the others."""


def remedy_of(leg: str, name: str) -> str:
    """What is to be done about a provider that is lacking."""
    if leg == "line" and name in {"default", "sip-trunk"}:
        return CONNECT if name == "default" else ADD_A_TRUNK
    first = ""
    if (leg, name) in LINE_KEYS:
        key = LINE_KEYS[leg, name]
    elif (leg, name) in SPEECH_KEYS:
        key = SPEECH_KEYS[leg, name]
        first = "" if (leg, name) in READY else f"make cloud, then {BESIDES.get((leg, name), '')}"
    elif leg != "model" or name not in {*HAVE_A_KEY, *AT_AN_ADDRESS}:
        return WRITE_A_PLUGIN
    else:
        key = AT_AN_ADDRESS.get(name, f"{name.upper()}_API_KEY")
    return f'{first}POST /providers {{"provider_name": "{key}", "provider_value": "..."}}'


def mistyped(webhook: bytes) -> list[str]:
    """What a strictly typed client cannot read of a webhook."""
    try:
        typed(webhook)
    except ValidationError as error:
        return [f"{json.loads(webhook)['status']}: {error}"]
    return []


async def followed(account: Account, body: AgentBody) -> list[str]:
    """What is wrong with a call of the body in the sandbox. ``lacks`` are the legs that are to have a stand-in."""
    async with account.saves:
        saved = await account.save(body)
        placed = await account.call(saved["agent_id"])
    if placed.status_code != 200:
        return [f"POST /call {placed.status_code}: {placed.json()['message']}"]
    told = placed.json()["callwright"]
    webhooks = await account.outside.until_ended(placed.json()["execution_id"])
    ended = (await account.client.get(f"/executions/{placed.json()['execution_id']}")).json()
    unwarned = set(body.lacks.values()) - {"default"} - {one["value"] for one in saved["callwright"]["warnings"]}
    wrong = [f"no warning of {name}" for name in unwarned]
    if (ended["status"], ended["error_message"]) != ("completed", None):
        wrong.append(f"{ended['status']}: {ended['error_message']}")
    if "assistant: " not in (ended["transcript"] or "") or "user: " not in ended["transcript"]:
        wrong.append(f"nobody was heard: {ended['transcript']!r}")
    named = {(one["leg"], one["wanted"], one["used"], one["remedy"]) for one in told["stand_ins"]}
    if named != {(leg, name, OWN[leg], remedy_of(leg, name)) for leg, name in body.lacks.items()}:
        wrong.append(f"stand-ins: {told['stand_ins']}")
    shown = [one["callwright"] for one in (ended, *map(json.loads, webhooks))]
    if any(told != {name: one[name] for name in ("sandbox", "stand_ins")} for one in shown) or not told["sandbox"]:
        wrong.append(f"the answer says {told}, the execution and its webhooks {shown}")
    return [*wrong, *(what for webhook in webhooks for what in mistyped(webhook))]


@pytest.mark.long
async def test_every_body_completes_in_the_sandbox_with_its_stand_ins_named(dsn: str, tmp_path: Path) -> None:
    async with account(dsn, tmp_path) as found:
        wrong = await asyncio.gather(*(followed(found, body) for body in CORPUS))
    assert {body.name: what for body, what in zip(CORPUS, wrong, strict=True) if what} == {}


A_CARRIERS_KEYS = ("TELNYX_CONNECTION_ID", "TELNYX_API_KEY", "TELNYX_PUBLIC_KEY", "EXOTEL_API_URL")
"""They connect the account, also where a carrier is not installed. No body of the corpus can be called with them."""
TOLD_OF = {
    "line": ("the carrier", ("input.provider", "telephony_provider", "recipient_phone_number")),
    "transcriber": ("the recogniser", ("transcriber.provider",)),
    "voice": ("the voice", ("synthesizer.provider",)),
    "model": ("the model", ("llm_config.provider", "llm_agent.provider")),
}
"""How a sentence names each leg, and the ends of the field where the agent names it."""
SECTIONS = {"transcriber": "transcriber", "voice": "synthesizer", "model": "llm_agent"}


def refusal(answer: httpx.Response, leg: str, name: str) -> list[str]:
    """What is wrong with the refusal of a call that lacks ``name`` on a leg."""
    told = answer.json()
    if answer.status_code != 400:
        return [f"{leg}: {answer.status_code} {told}"]
    word, fields = TOLD_OF[leg]
    wanted = "loopback" if name == "default" else name
    remedy = "set the agent's telephony_provider to 'telnyx'" if name == "default" else remedy_of(leg, name)
    right = f"{word} {wanted!r} " in told["message"] and told["message"].endswith(f": {remedy}")
    return [] if right and told["field"].endswith(fields) else [f"{leg}: {told['message']} (at {told['field']})"]


async def mended_leg_by_leg(account: Account, body: AgentBody) -> list[str]:
    """What is wrong with what a user is told who calls, takes out what is said to be missing, and calls again."""
    path = f"/v2/agent/{(await account.save(body))['agent_id']}"
    agent = (await account.client.get(path)).json()
    wrong = []
    for leg in ("line", *SECTIONS):
        if leg in body.lacks:
            to = "+15550123" if leg == "line" else "loopback:hurried"
            wrong += refusal(await account.call(agent["id"], to), leg, body.lacks[leg])
            for task in agent["tasks"]:
                task.get("tools_config", {}).pop(SECTIONS.get(leg), None)
            assert (await account.client.put(path, json=agent)).status_code == 200
    if (await account.client.get(f"{path}/executions")).json()["total"]:
        wrong.append("it has been called")
    return wrong


@pytest.mark.parametrize("bodies", [CORPUS[::3], pytest.param(CORPUS, marks=pytest.mark.long)], ids=["some", "all"])
async def test_every_body_is_refused_in_a_connected_account_with_the_remedy_of_each_leg(
    dsn: str, tmp_path: Path, bodies: Sequence[AgentBody]
) -> None:
    async with account(dsn, tmp_path) as found:
        for name in A_CARRIERS_KEYS:
            wire = {"provider_name": name, "provider_value": "0123456789"}
            assert (await found.client.post("/providers", json=wire)).status_code == 200
        # A few at a time: a request waits only so long for the database.
        wrong = [
            what
            for first in range(0, len(bodies), 8)
            for what in await asyncio.gather(*(mended_leg_by_leg(found, body) for body in bodies[first : first + 8]))
        ]
    assert all("line" in body.lacks for body in bodies)
    assert {body.name: what for body, what in zip(bodies, wrong, strict=True) if what} == {}
