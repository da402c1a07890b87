"""Requests that bring files: so many are received at once, and fewer are held in memory whole.

A file lies on the disk while it comes (``api.forms``, ``api.bodies.read_file``), and is read into memory when it is its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import IO

from fastapi import Request

from callwright.api.bodies import read_file
from callwright.api.forms import Form, FormRules, read_form
from callwright.api.places import Places
from callwright.api.services import principal_of
from callwright.domain.limits import MAX_UPLOADS, MAX_UPLOADS_IN_MEMORY, MAX_UPLOADS_OF_ONE


class Uploads:
    """The uploads of one process."""

    def __init__(self) -> None:
        self._received = Places("uploads", MAX_UPLOADS, MAX_UPLOADS_OF_ONE)
        self._memory = asyncio.Semaphore(MAX_UPLOADS_IN_MEMORY)

    @contextmanager
    def place(self, organisation_id: str) -> Iterator[None]:
        """A place for one more, within the block. Raises RateLimitedError when the organisation, or the process, has as many as it may."""
        self._received.enter(organisation_id)
        try:
            yield
        finally:
            self._received.leave(organisation_id)

    @asynccontextmanager
    async def in_memory(self) -> AsyncIterator[None]:
        """The turn of one that is held in memory within the block."""
        async with self._memory:
            yield


def uploads_of(request: Request) -> Uploads:
    """Those of the application a request came to."""
    found = request.app.state.uploads
    assert isinstance(found, Uploads)
    return found


@asynccontextmanager
async def read_upload(request: Request, rules: FormRules) -> AsyncIterator[Form]:
    """The form of a request with files that are kept in memory within the block (``read_form``, one of a few at a time)."""
    async with received_upload(request, rules) as form, uploads_of(request).in_memory():
        yield form


@asynccontextmanager
async def received_upload(request: Request, rules: FormRules) -> AsyncIterator[Form]:
    """The form of a request with files that are read from the disk in pieces."""
    with uploads_of(request).place(principal_of(request).organisation_id):
        async with read_form(request, rules) as form:
            yield form


@asynccontextmanager
async def read_whole_file(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body of a request that is a file, kept in memory within the block."""
    uploads = uploads_of(request)
    with uploads.place(principal_of(request).organisation_id):
        async with read_file(request, most) as file, uploads.in_memory():
            yield await _content(file)


async def _content(file: IO[bytes]) -> bytes:
    return await asyncio.to_thread(file.read)
