"""A key of a running server, made without a process of its own: starting ``callwright keys create`` computes for more than a second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from callwright.bootstrap.foundation import open_actions
from callwright.ops.settings import load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key


def server_key(environ: Mapping[str, str], name: str) -> str:
    """Returns a new key of the first organisation. ``environ`` is the server's. Blocks."""

    async def make() -> str:
        async with open_actions(load_settings(environ)) as services:
            return (await create_key(services, DEFAULT_TENANT_ID, name)).secret

    # Tests call this from within an event loop too.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, make()).result()
