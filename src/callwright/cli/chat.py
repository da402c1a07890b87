"""``callwright chat AGENT_ID``: write with an agent of a running platform, in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from callwright.actions.keys import create_key, revoke_key
from callwright.bootstrap import open_actions
from callwright.domain.errors import BadInputError, UnavailableError
from callwright.domain.limits import MAX_CHAT_WAIT_SECONDS
from callwright.domain.tenant import DEFAULT_TENANT_ID
from callwright.ops.settings import Settings, load_settings

KEY_VARIABLE = "CALLWRIGHT_API_KEY"
_ROUTES = "/v1/callwright"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("agent", help="the agent's id")
    parser.add_argument("--url", default="", help="where the platform listens (by the settings of this machine)")
    parser.add_argument("--key", default="", help=f"API key, else {KEY_VARIABLE}, else one made for this chat only")
    parser.add_argument("--data", type=Path, help="data folder in which such a key is made (CALLWRIGHT_DATA)")
    parser.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", help="a variable of the prompt (user_data)"
    )
    parser.add_argument("--reading", action="store_true", help="sentences come as fast as they are read, not at once")


def run(arguments: argparse.Namespace) -> int:
    """Chat until one side ends it; 0 when the chat was opened and ended in order."""
    settings = load_settings(os.environ, data=arguments.data)
    body = {"user_data": variables(arguments.var), "pace": "reading" if arguments.reading else "instant"}
    url = arguments.url or settings.public_url or f"http://{settings.host}:{settings.port}"
    return asyncio.run(_chat(settings, url, arguments, {**body, "wait_s": MAX_CHAT_WAIT_SECONDS}))


def variables(given: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` texts as a map. Raises BadInputError."""
    pairs = [one.partition("=") for one in given]
    for (name, sign, _), text in zip(pairs, given, strict=True):
        if not sign or not name:
            raise BadInputError(f"--var must be NAME=VALUE, not {text!r}")
    return {name: value for name, _, value in pairs}


async def _chat(settings: Settings, url: str, arguments: argparse.Namespace, body: dict[str, Any]) -> int:
    async with _key(settings, arguments.key) as key:
        headers = {"Authorization": f"Bearer {key}"}
        timeout = MAX_CHAT_WAIT_SECONDS + 10
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, trust_env=False) as api:
            reply = await _ask(api, "POST", f"{_ROUTES}/agents/{arguments.agent}/chats", body)
            execution_id = reply["execution_id"]
            print(f"execution {execution_id}; end with an empty line", file=sys.stderr, flush=True)
            path = f"{_ROUTES}/chats/{execution_id}"
            _show(reply)
            while not reply["ended"]:
                line = (await asyncio.to_thread(_read)).strip()
                if not line:
                    await _ask(api, "DELETE", path, None)
                    break
                reply = await _ask(api, "POST", f"{path}/messages", {"text": line, "wait_s": MAX_CHAT_WAIT_SECONDS})
                _show(reply)
    return 0


def _read() -> str:
    """A line from standard input; empty at its end."""
    if sys.stdin.isatty():
        sys.stdout.write("you: ")
        sys.stdout.flush()
    return sys.stdin.readline()


def _show(reply: dict[str, Any]) -> None:
    for message in reply["messages"]:
        print(f"agent: {message['text']}", flush=True)
    if not reply["complete"]:
        print("(the agent is not done yet)", file=sys.stderr, flush=True)


async def _ask(api: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    try:
        answer = await api.request(method, path, json=body)
    except httpx.HTTPError as error:
        raise UnavailableError(
            f"nobody answers at {api.base_url} ({type(error).__name__}); start `callwright serve` or give --url"
        ) from error
    found: dict[str, Any] = answer.json()
    if answer.status_code >= 300:
        raise UnavailableError(f"{path} answered {answer.status_code}: {found.get('message', answer.text)}")
    return found


@asynccontextmanager
async def _key(settings: Settings, given: str) -> AsyncIterator[str]:
    """The key to ask with: the given one, or one that lives as long as the chat."""
    known = given or os.environ.get(KEY_VARIABLE, "")
    if known:
        yield known
        return
    async with open_actions(settings) as services:
        made = await create_key(services, DEFAULT_TENANT_ID, "callwright chat")
        try:
            yield made.secret
        finally:
            await revoke_key(services, DEFAULT_TENANT_ID, made.stored.id)
