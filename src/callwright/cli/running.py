"""A running platform, as a command asks it over its API."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from callwright.bootstrap.foundation import open_actions
from callwright.cli.addresses import platform_url
from callwright.domain.errors import BadInputError, UnavailableError
from callwright.ops.settings import API_KEY_VARIABLE, Settings, load_settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key, revoke_key


class NobodyAnswersError(UnavailableError):
    """No platform answers where it was looked for."""

    hint = "Start `callwright serve`, or say with --url where the platform listens."


class RefusedError(UnavailableError):
    """The platform answered that it does not do what was asked."""

    hint = "The answer says why; the command's --help says what it takes."


def configure_platform(parser: argparse.ArgumentParser) -> None:
    """Arguments of a command that asks a running platform."""
    parser.add_argument("--url", default="", help="where the platform listens (by the settings of this machine)")
    parser.add_argument(
        "--key", default="", help=f"API key, else {API_KEY_VARIABLE}, else one made for this command only"
    )
    parser.add_argument("--data", type=Path, help="data folder in which such a key is made (CALLWRIGHT_DATA)")


class RunningPlatform:
    """The API of a running platform."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer. Raises NobodyAnswersError, RefusedError."""
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise NobodyAnswersError(f"nobody answers at {self._client.base_url} ({type(error).__name__})") from error
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NobodyAnswersError(
                f"what answers at {self._client.base_url} is no Callwright (HTTP {answer.status_code})"
            )
        if answer.status_code >= 300:
            raise RefusedError(f"{path} answered {answer.status_code}: {found.get('message', answer.text)}")
        return found

    async def file(self, path: str) -> bytes:
        """What is at a path, or where it leads. Raises NobodyAnswersError, RefusedError."""
        try:
            answer = await self._client.get(path, follow_redirects=True)
        except httpx.HTTPError as error:
            raise NobodyAnswersError(f"nobody answers at {self._client.base_url} ({type(error).__name__})") from error
        if answer.status_code != 200:
            raise RefusedError(f"{path} answered {answer.status_code}: {answer.text}")
        return answer.content


@asynccontextmanager
async def running_platform(
    arguments: argparse.Namespace, command: str, timeout_s: float
) -> AsyncIterator[RunningPlatform]:
    """The platform that the arguments of ``configure_platform`` name. ``timeout_s`` is how long an answer may take; a key that is made
    bears the command's name."""
    settings = load_settings(os.environ, data=arguments.data)
    url = platform_url(settings, arguments.url)
    async with _key(settings, arguments.key, f"callwright {command}") as key:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, trust_env=False) as client:
            yield RunningPlatform(client)


@asynccontextmanager
async def _key(settings: Settings, given: str, purpose: str) -> AsyncIterator[str]:
    """The key to ask with: the given one, or one that lives as long as the command."""
    known = given or os.environ.get(API_KEY_VARIABLE, "")
    if known:
        if not (known.isascii() and known.isprintable()) or " " in known:
            raise BadInputError(f"the key of --key or {API_KEY_VARIABLE} has signs that no key has")
        yield known
        return
    async with open_actions(settings) as services:
        made = await create_key(services, DEFAULT_TENANT_ID, purpose)
        try:
            yield made.secret
        finally:
            await revoke_key(services, DEFAULT_TENANT_ID, made.stored.id)
