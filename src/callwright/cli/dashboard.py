"""``callwright dashboard``: print a link that signs in to the dashboard of a running platform."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from callwright.bootstrap.foundation import open_actions
from callwright.cli.addresses import open_in_browser, platform_url, running_url, sign_in_link
from callwright.ops.settings import Settings, load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.sessions.actions import new_code


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--url", default="", help="where the platform listens (else what the data folder's server notes)"
    )
    parser.add_argument("--account", default=DEFAULT_TENANT_ID, help="the organisation or sub-account; else the first")
    parser.add_argument("--open", action="store_true", help="open the link in the browser too")
    parser.add_argument("--data", type=Path, help="data folder of the platform (CALLWRIGHT_DATA)")


def run(arguments: argparse.Namespace) -> int:
    """Print the link."""
    settings = load_settings(os.environ, data=arguments.data)
    base = platform_url(settings, arguments.url)
    link = sign_in_link(base, asyncio.run(_code(settings, arguments.account)))
    print(link)
    print("The link is good once, for 10 minutes.", file=sys.stderr)
    if not (arguments.url or settings.public_url or running_url(settings.data)):
        print(
            f"No server of {settings.data} runs here. Start it with `callwright serve`, or name its address with --url.",
            file=sys.stderr,
        )
    if arguments.open:
        open_in_browser(link)
    return 0


async def _code(settings: Settings, account: str) -> str:
    async with open_actions(settings) as services:
        return await new_code(services, account)
