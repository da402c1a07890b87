"""``callwright connect CARRIER``: let a carrier offer calls to a number here, see whether it can, and place a test call."""

from __future__ import annotations

import argparse
import asyncio
from http import HTTPStatus
from urllib.parse import quote

import httpx2 as httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from callwright.cli.running import RunningPlatform, configure_platform, running_platform
from callwright.domain.errors import BadInputError
from callwright.domain.limits import CARRIER_API_SECONDS, TEST_CALL_SECONDS
from callwright.platform.executions.rules.execution import TERMINAL

_LOOK_SECONDS = 1.0
_PASS_ON = "let the proxy pass on websockets below /lines/, or calls are answered and silent"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("carrier", help="the carrier whose keys are stored with POST /providers")
    parser.add_argument("--number", default="", metavar="+1...", help="the number; else the one stored with the keys")
    parser.add_argument("--call", default="", metavar="+1...", help="call this number with --agent, as a test")
    parser.add_argument("--agent", default="", metavar="ID", help="the agent that makes the test call")
    configure_platform(parser)


def run(arguments: argparse.Namespace) -> int:
    """Connect the number and print what came of each step; 0 when all is well, else 1."""
    if bool(arguments.call) != bool(arguments.agent):
        raise BadInputError("a test call needs both --call and --agent")
    return asyncio.run(_connect(arguments))


async def _connect(arguments: argparse.Namespace) -> int:
    async with running_platform(arguments, "connect", 6 * CARRIER_API_SECONDS) as platform:
        path = f"/v1/callwright/carriers/{quote(arguments.carrier, safe='')}/connect"
        body = {"phone_number": arguments.number} if arguments.number else {}
        made = await platform.ask("POST", path, body)
        number, asks_at, before = made["phone_number"], made["asks_at"], made["asked_before_at"]
        if made["by_hand"]:
            print(f"to do {made['by_hand']}", flush=True)
        else:
            _say(well=True, text=f"{arguments.carrier} asks about calls to {number} at {asks_at}")
        if before and before != asks_at:
            print(f"      until now it went by {before}", flush=True)
        well = await _reached(asks_at, made["asks_by"]) and await _streams(made["streams_at"])
        if made["agent_id"] is None:
            _say(well=False, text=f"no agent answers {number}: give it one with POST /inbound/setup")
            well = False
        else:
            _say(well=True, text=f"the agent {made['agent_id']} answers {number}")
        if arguments.call:
            well = await _call(platform, arguments) and well
    return 0 if well else 1


async def _reached(address: str, method: str) -> bool:
    """Whether our own door answers at its public address: it refuses a request that no carrier has signed."""
    try:
        async with httpx.AsyncClient(timeout=CARRIER_API_SECONDS, trust_env=False) as client:
            answer = await client.request(method, address)
    except httpx.HTTPError as error:
        _say(
            well=False,
            text=f"{address} is not reached from this machine ({type(error).__name__}); see that it is from the internet",
        )
        return False
    if not _is_ours(answer.status_code, answer.content):
        why = "where this server refuses the request: does the proxy pass /lines/ on?"
        _say(well=False, text=f"{address} answers with HTTP {answer.status_code} {why}")
        return False
    _say(well=True, text="this server answers at that address")
    return True


async def _streams(address: str) -> bool:
    """Whether a websocket to our public address gets as far as this server: it refuses one that belongs to no call."""
    try:
        async with connect(f"{address}/none", open_timeout=CARRIER_API_SECONDS, proxy=None):
            status, body = HTTPStatus.SWITCHING_PROTOCOLS.value, b""
    except InvalidStatus as error:
        status, body = error.response.status_code, bytes(error.response.body or b"")
    except (OSError, WebSocketException) as error:
        _say(well=False, text=f"no websocket can be opened at {address} ({type(error).__name__}): {_PASS_ON}")
        return False
    if not _is_ours(status, body):
        _say(well=False, text=f"a websocket to {address} gets HTTP {status} and does not reach this server: {_PASS_ON}")
        return False
    _say(well=True, text="a websocket reaches this server")
    return True


def _is_ours(status: int, body: bytes) -> bool:
    """Whether an answer is a door's refusal. Without a door, or behind a proxy that makes a websocket a request, this server answers 401
    or 404; whatever else refuses has no code."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN) and isinstance(told, dict) and "code" in told


async def _call(platform: RunningPlatform, arguments: argparse.Namespace) -> bool:
    """Place a call and wait for its end. Whether somebody answered it, over this carrier."""
    to = arguments.call
    placed = await platform.ask("POST", "/call", {"agent_id": arguments.agent, "recipient_phone_number": to})
    execution_id = placed["execution_id"]
    print(f"      calling {to}: execution {execution_id}", flush=True)
    status, row = "", {}
    try:
        async with asyncio.timeout(TEST_CALL_SECONDS):
            while status not in TERMINAL:
                await asyncio.sleep(_LOOK_SECONDS)
                row = await platform.ask("GET", f"/executions/{execution_id}")
                if row["status"] != status:
                    status = row["status"]
                    print(f"      {status}", flush=True)
    except TimeoutError:
        _say(well=False, text=f"the call is not over after {TEST_CALL_SECONDS} s; it goes on")
        return False
    told = row.get("telephony_data") or {}
    why, carrier = row.get("error_message") or told.get("hangup_reason") or "", told.get("provider")
    well = status == "completed"
    _say(well=well, text=f"the call ended as {status}" + (f": {why}" if why and not well else ""))
    if carrier != arguments.carrier:
        _say(well=False, text=f"it went by {carrier}: give the agent the telephony_provider {arguments.carrier}")
    return well and carrier == arguments.carrier


def _say(*, well: bool, text: str) -> None:
    print(f"{'ok' if well else 'wrong':5} {text}", flush=True)
