"""``callwright gateway``: the SIP gateway process. The server starts it; by hand it is of no use without a socket to one."""

from __future__ import annotations

import argparse
import asyncio

from callwright.telephony.sip.gateway import serve


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--fd", type=int, required=True, help="descriptor of the socket to the server that starts it")


def run(arguments: argparse.Namespace) -> int:
    """Be the gateway until the server ends; does not return."""
    asyncio.run(serve(arguments.fd))
    return 1
