"""``callwright connect CARRIER``: let a carrier offer calls to a number here, see whether it can, and place a test call."""

from __future__ import annotations

import argparse
import asyncio
from http import HTTPStatus
from urllib.parse import quote

import httpx2 as httpx

from callwright.cli.running import RunningPlatform, configure_platform, running_platform
from callwright.domain.errors import BadInputError
from callwright.domain.execution import TERMINAL
from callwright.domain.limits import CARRIER_API_SECONDS, TEST_CALL_SECONDS

_LOOK_SECONDS = 1.0


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
    async with running_platform(arguments, "connect", 4 * CARRIER_API_SECONDS) as platform:
        path = f"/v1/callwright/carriers/{quote(arguments.carrier, safe='')}/connect"
        body = {"phone_number": arguments.number} if arguments.number else {}
        made = await platform.ask("POST", path, body)
        number, asks_at, before = made["phone_number"], made["asks_at"], made["asked_before_at"]
        _say(well=True, text=f"{arguments.carrier} asks about calls to {number} at {asks_at}")
        if before and before != asks_at:
            print(f"      until now it went by {before}")
        well = await _reached(asks_at)
        if made["agent_id"] is None:
            _say(well=False, text=f"no agent answers {number}: give it one with POST /inbound/setup")
            well = False
        else:
            _say(well=True, text=f"the agent {made['agent_id']} answers {number}")
        if arguments.call:
            well = await _call(platform, arguments.agent, arguments.call) and well
    return 0 if well else 1


async def _reached(address: str) -> bool:
    """Whether our own door answers at its public address: it refuses a request without a signature."""
    try:
        async with httpx.AsyncClient(timeout=CARRIER_API_SECONDS, trust_env=False) as client:
            answer = await client.post(address)
    except httpx.HTTPError as error:
        _say(
            well=False,
            text=f"{address} is not reached from this machine ({type(error).__name__}); see that it is from the internet",
        )
        return False
    if answer.status_code != HTTPStatus.FORBIDDEN:
        _say(
            well=False,
            text=f"{address} answers with HTTP {answer.status_code} where this server refuses with 403: does the proxy pass /lines/ on?",
        )
        return False
    _say(well=True, text="this server answers at that address")
    return True


async def _call(platform: RunningPlatform, agent_id: str, to: str) -> bool:
    """Place a call and wait for its end. Whether somebody answered it."""
    placed = await platform.ask("POST", "/call", {"agent_id": agent_id, "recipient_phone_number": to})
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
    why = row.get("error_message") or (row.get("telephony_data") or {}).get("hangup_reason") or ""
    well = status == "completed"
    _say(well=well, text=f"the call ended as {status}" + (f": {why}" if why and not well else ""))
    return well


def _say(*, well: bool, text: str) -> None:
    print(f"{'ok' if well else 'wrong':5} {text}", flush=True)
