"""Every agent body of the corpus is saved, read, put back and read equal; and the corpus has every name that the contract lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from tests.api_world import ApiWorld
from tests.corpus.bodies import CORPUS, AgentBody

from callwright.domain.provider_table import KNOWN
from callwright.platform.agents.actions.agents import READ_ONLY
from callwright.platform.agents.rules.credentials import shown_body

OURS = frozenset({"local", "llama", "intents", "scripted", "piper", "whisper", "sip", "loopback", "browser"})
"""Names of this platform, which no agent of the hosted service carries."""
OF_THE_ENDPOINT_PROTOCOL = frozenset({"openai-compatible"})
OF_EXECUTIONS = frozenset({"websocket", "web-call"})
"""Carriers that calls have and agents do not name."""
CHANGING = {"updated_at", "callwright"}


def named(value: Any, key: str) -> Iterator[str]:
    """Every text under ``key`` at any depth."""
    if isinstance(value, Mapping):
        if isinstance(value.get(key), str):
            yield value[key]
        for one in value.values():
            yield from named(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from named(one, key)


def providers(section: str) -> set[str]:
    """The providers that tasks of the corpus name in such a section of ``tools_config``."""
    sections = [task.get("tools_config", {}).get(section) for body in CORPUS for task in body.flat["tasks"]]
    return {name for one in sections for name in named(one, "provider")}


@pytest.mark.parametrize(
    ("kind", "section"),
    [("model", "llm_agent"), ("voice", "synthesizer"), ("transcriber", "transcriber"), ("carrier", "input")],
)
def test_the_corpus_names_every_provider_of_the_contract(kind: str, section: str) -> None:
    hosted = KNOWN[kind] - OURS - OF_THE_ENDPOINT_PROTOCOL - OF_EXECUTIONS
    assert hosted - providers(section) == set()


def test_every_body_shows_something_of_its_own() -> None:
    assert len(CORPUS) >= 40
    assert len({body.shows for body in CORPUS}) == len(CORPUS)
    assert len({repr(body.sent) for body in CORPUS}) == len(CORPUS)
    heard = {language for body in CORPUS for language in named(body.sent, "language")}
    assert {"en", "hi", "hi-IN", "multi-hi", "ta", "fr", "es", "unknown", "multi"} <= heard


def lost(sent: Any, read: Any, path: str = "") -> Iterator[str]:
    """Where what was sent is not in what was read; lists have the same length, and numbers the same type."""
    if isinstance(sent, Mapping) and isinstance(read, Mapping):
        for name, value in sent.items():
            if name not in read:
                yield f"{path}.{name} is gone"
            else:
                yield from lost(value, read[name], f"{path}.{name}")
    elif isinstance(sent, list) and isinstance(read, list) and len(sent) == len(read):
        for index, (one, other) in enumerate(zip(sent, read, strict=True)):
            yield from lost(one, other, f"{path}[{index}]")
    elif (type(sent), sent) != (type(read), read):
        yield f"{path} was {sent!r} and is {read!r}"


async def round_trip(client: httpx.AsyncClient, body: AgentBody) -> list[str]:
    """What goes wrong when the body is saved, read, put back and read again."""
    made = await client.post(body.path, json=body.sent)
    if made.status_code not in (200, 201):
        return [f"POST {made.status_code}: {made.json()['message']}"]
    path = f"/v2/agent/{made.json()['agent_id']}"
    read = (await client.get(path)).json()
    sent = {name: value for name, value in body.flat.items() if name not in READ_ONLY}
    put = await client.put(path, json=read)
    if put.status_code != 200:
        return [f"PUT {put.status_code}: {put.json()['message']}"]
    again = (await client.get(path)).json()
    changed = [name for name in read if name not in CHANGING and read[name] != again.get(name)]
    return [*lost(shown_body(sent), read), *(f"{name} is another after PUT" for name in changed)]


async def test_every_body_is_saved_read_and_put_back_as_it_is(world: ApiWorld) -> None:
    async with world.client() as client:
        wrong = {body.name: await round_trip(client, body) for body in CORPUS}
    assert {name: found for name, found in wrong.items() if found} == {}


async def test_a_body_as_reads_return_it_is_no_body_for_a_strict_server(world: ApiWorld) -> None:
    export = next(body for body in CORPUS if body.name == "export")
    async with world.client(strict=True) as client:
        answer = await client.post(export.path, json=export.sent)
    assert (answer.status_code, answer.json()["message"]) == (400, "agent_config is required")
