"""``callwright chat AGENT_ID``: write with an agent of a running platform, in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from callwright.cli.running import RunningPlatform, configure_platform, running_platform
from callwright.domain.errors import BadInputError, UnavailableError
from callwright.domain.limits import MAX_CHAT_WAIT_SECONDS
from callwright.insight.provision import provision_text, shown_provision

_ROUTES = "/v1/callwright"
_READ_BYTES = 65_536


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("agent", help="the agent's id")
    configure_platform(parser)
    parser.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", help="a variable of the prompt (user_data)"
    )
    parser.add_argument("--reading", action="store_true", help="sentences come as fast as they are read, not at once")


def run(arguments: argparse.Namespace) -> int:
    """Chat until one side ends it; 0 when the chat was opened and ended in order, 1 when the agent could not answer at its end."""
    body = {"user_data": variables(arguments.var), "pace": "reading" if arguments.reading else "instant"}
    return asyncio.run(_chat(arguments, {**body, "wait_s": MAX_CHAT_WAIT_SECONDS}))


def variables(given: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` texts as a map. Raises BadInputError."""
    pairs = [one.partition("=") for one in given]
    for (name, sign, _), text in zip(pairs, given, strict=True):
        if not sign or not name:
            raise BadInputError(f"--var must be NAME=VALUE, not {text!r}")
    return {name: value for name, _, value in pairs}


async def _chat(arguments: argparse.Namespace, body: dict[str, Any]) -> int:
    async with running_platform(arguments, "chat", MAX_CHAT_WAIT_SECONDS + 10) as platform:
        reply = await platform.ask("POST", f"{_ROUTES}/agents/{quote(arguments.agent, safe='')}/chats", body)
        execution_id = reply["execution_id"]
        print(f"execution {execution_id}; end with an empty line", file=sys.stderr, flush=True)
        for told in provision_text(shown_provision(reply.get("callwright", {}))):
            print(told, file=sys.stderr, flush=True)
        path = f"{_ROUTES}/chats/{execution_id}"
        try:
            error = await _write(platform, path, reply)
        except BaseException:
            # A chat that nobody writes in any more would count as a call until its silence ends it.
            with suppress(UnavailableError):
                await platform.ask("DELETE", path)
            raise
    return 1 if error else 0


async def _write(platform: RunningPlatform, path: str, reply: dict[str, Any]) -> str:
    """Show the agent's replies and write what is typed, until one side has ended the chat.

    Returns why the agent does not answer, empty where it does.
    """
    lines = _Lines(sys.stdin.fileno())
    _show(reply)
    while not reply["ended"]:
        line = (await lines.next()).strip()
        if not line:
            await platform.ask("DELETE", path)
            break
        reply = await platform.ask("POST", f"{path}/messages", {"text": line, "wait_s": MAX_CHAT_WAIT_SECONDS})
        _show(reply)
    return str(reply.get("error") or "")


class _Lines:
    """Lines of a file descriptor, read beside the event loop.

    Not by a thread of the loop's own, nor through ``sys.stdin``: both are waited for at the end of the process, so that Ctrl-C would do
    nothing until somebody pressed Enter.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._read = b""

    async def next(self) -> str:
        """A line, at the end what is left, then nothing."""
        if sys.stdin.isatty():
            sys.stdout.write("you: ")
            sys.stdout.flush()
        while b"\n" not in self._read:
            more = await self._more()
            if not more:
                break
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line.decode(errors="replace")

    async def _more(self) -> bytes:
        loop = asyncio.get_running_loop()
        read: asyncio.Future[bytes] = loop.create_future()

        def deliver(data: bytes) -> None:
            if not read.done():
                read.set_result(data)

        def wait() -> None:
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except OSError:
                data = b""  # a terminal that is gone has no more lines
            # The loop is closed when the chat was left meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(deliver, data)

        threading.Thread(target=wait, name="typed lines", daemon=True).start()
        return await read


def _show(reply: dict[str, Any]) -> None:
    for tool in reply.get("tools") or ():
        became = "answered" if tool["ok"] else "failed"
        print(f"tool: {tool['tool']}({tool['arguments']}) {became}: {tool['result']}", file=sys.stderr, flush=True)
    for message in reply["messages"]:
        print(f"agent: {message['text']}", flush=True)
    if not reply["complete"]:
        print("(the agent is not done yet)", file=sys.stderr, flush=True)
    if reply.get("error"):
        print(f"error: {reply['error']}", file=sys.stderr, flush=True)
