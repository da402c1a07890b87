"""``callwright capture EXECUTION``: write the packets of a call over SIP into a pcap file."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from urllib.parse import quote

from callwright.cli.running import configure_platform, running_platform
from callwright.domain.limits import MAX_CAPTURE_SECONDS
from callwright.platform.executions.rules.execution import TERMINAL

_LOOK_SECONDS, _ANSWER_SECONDS = 1.0, 30.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("execution", metavar="EXECUTION", help="the id of a call that is being dialled or spoken on")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there (EXECUTION.pcap)")
    parser.add_argument(
        "--seconds", type=int, default=MAX_CAPTURE_SECONDS, help=f"end after so long ({MAX_CAPTURE_SECONDS})"
    )
    parser.add_argument("--keep-secrets", action="store_true", help="leave credentials and the keys of SRTP in it")
    configure_platform(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask for the packets, wait for the end of the call, store the file; 0 when it is there."""
    packets = asyncio.run(_captured(arguments))
    out: Path = arguments.out or Path(f"{arguments.execution}.pcap")
    out.write_bytes(packets)
    print(f"{out}: {len(packets)} bytes")
    return 0


async def _captured(arguments: argparse.Namespace) -> bytes:
    wanted = {"seconds": arguments.seconds, "keep_secrets": arguments.keep_secrets}
    execution_id = quote(arguments.execution, safe="")
    async with running_platform(arguments, "capture", _ANSWER_SECONDS) as platform:
        await platform.ask("POST", f"/v1/callwright/executions/{execution_id}/capture", wanted)
        print("captured until the call ends")
        status = ""
        while status not in {ended.value for ended in TERMINAL}:
            await asyncio.sleep(_LOOK_SECONDS)
            status = (await platform.ask("GET", f"/executions/{execution_id}"))["status"]
        return await platform.file(f"/recordings/capture/{execution_id}")
