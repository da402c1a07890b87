"""``callwright serve``: run the platform until a signal; SIGTERM drains."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from callwright.bootstrap.platform import open_platform
from callwright.bootstrap.plugins import provider_defaults
from callwright.cli.addresses import noted_address, sign_in_link
from callwright.cli.connections import ConnectionLimits, fitted, raise_descriptor_limit
from callwright.cli.serving import bind, http_server, url_of, warn_of_unknown_variables
from callwright.dashboard.site import is_built
from callwright.ops.logging import configure_logging
from callwright.ops.settings import Settings, load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.availability import LEG_NAMES, MODEL, TRANSCRIBER, VOICE, Lack
from callwright.platform.sessions.actions import new_code


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--host", help="address to listen on (CALLWRIGHT_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for a free one (CALLWRIGHT_PORT)")
    parser.add_argument("--data", type=Path, help="data folder (CALLWRIGHT_DATA)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal. A first SIGTERM or SIGINT drains, a second one stops at once."""
    settings = load_settings(os.environ, host=arguments.host, port=arguments.port, data=arguments.data)
    configure_logging(settings.log_level, settings.log_format)
    warn_of_unknown_variables(os.environ)
    wanted = ConnectionLimits(settings.max_connections, settings.max_connections_of_address)
    uvloop.run(_serve(settings, fitted(wanted, settings.max_calls, raise_descriptor_limit())))
    return 0


async def _serve(settings: Settings, limits: ConnectionLimits) -> None:
    listener = bind(settings.host, settings.port)
    public_url = settings.public_url.rstrip("/") or url_of(listener)
    wanted = asyncio.Event()
    again = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (again if wanted.is_set() else wanted).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    async with (
        open_platform(settings, public_url) as platform,
        http_server(platform.app, listener, settings.trusted_proxies, limits),
    ):
        told = told_at_start(settings, platform.lacks, platform.endpoint_failure, is_built())
        code = await new_code(platform.services, DEFAULT_TENANT_ID)
        link = sign_in_link(settings.public_url or url_of(listener), code)
        with noted_address(settings.data, url_of(listener)):
            for line in (
                f"callwright listens on {url_of(listener)}",
                *told,
                f"dashboard: {link} (good once, for 10 minutes)",
            ):
                print(line, file=sys.stderr, flush=True)
            await wanted.wait()
        draining = loop.create_task(platform.drain())
        hurry = loop.create_task(again.wait())
        await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurry):
            task.cancel()
        await asyncio.gather(draining, hurry, return_exceptions=True)


NO_PAGES = (
    "the dashboard has no pages; build them with `make dashboard` in a checkout, or install the wheel of `make release`"
)

_SANDBOX = {
    "auto": "an account without a carrier key or SIP trunk is a sandbox",
    "always": "every account is a sandbox",
    "never": "no account is a sandbox",
}


def told_at_start(
    settings: Settings, lacks: Sequence[Lack], endpoint_failure: str = "", has_pages: bool = True
) -> list[str]:
    """What this server does with what agents lack, and what its own recogniser, voice and model can do. ``endpoint_failure``: why the
    endpoint of the settings, which is the model ``custom``, cannot be used now. ``has_pages``: whether the dashboard is built."""
    defaults = provider_defaults(settings)
    own = {TRANSCRIBER: defaults.transcriber, VOICE: defaults.voice, MODEL: defaults.model}
    unable = {lack.leg for lack in lacks} | ({MODEL} if endpoint_failure and own[MODEL] == "custom" else set())
    able = [f"{LEG_NAMES[leg]} {name}" for leg, name in own.items() if leg not in unable]
    lines = [f"sandbox: {settings.sandbox}, {_SANDBOX[settings.sandbox]} (CALLWRIGHT_SANDBOX)"]
    if able:
        lines.append(f"ready: {', '.join(able)}")
    others = [endpoint_failure, "" if has_pages else NO_PAGES]
    missing = dict.fromkeys([*(lack.sentence for lack in lacks), *filter(None, others)])
    return [*lines, *(f"not ready: {sentence}" for sentence in missing)]
