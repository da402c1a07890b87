"""The one read that clients poll, `GET /executions/{id}`, without the framework between the gate and the ledger.

A client that polls gets the encoded answer again until the row has changed. The route itself (``api.executions.routes``) stays for the
description of the API.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from typing import Protocol

from starlette.types import Scope

from callwright.actions.executions import get_execution
from callwright.actions.services import Services, object_id
from callwright.api.services import ApiServices
from callwright.domain.limits import MAX_CACHED_BODIES
from callwright.domain.tenant import Principal
from callwright.insight.record import execution_body
from callwright.insight.wire import encode

_PREFIX = "/executions/"


def execution_in(scope: Scope) -> str | None:
    """The execution that a request of exactly this read names."""
    path = str(scope["path"])
    if scope["method"] != "GET" or not path.startswith(_PREFIX):
        return None
    wanted = path[len(_PREFIX) :]
    return wanted if wanted and "/" not in wanted else None


def entity_tag(body: bytes) -> str:
    """The ETag of an answer: another one when a byte of it differs."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


class HotReads:
    """Answers of executions by the version of their rows; the ones not asked for longest are forgotten."""

    def __init__(self, most: int = MAX_CACHED_BODIES) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str, str], tuple[int, bytes, str]] = OrderedDict()

    async def execution(
        self, services: Services, principal: Principal, wanted: str, public_url: str
    ) -> tuple[bytes, str]:
        """The encoded body of an execution and its ETag. Raises NotFoundError."""
        execution_id = object_id(wanted, "execution")
        key = (principal.tenant_id, execution_id, public_url)
        async with services.ledger.reading() as unit:
            kept = self._kept.get(key)
            if kept is not None:
                if await unit.executions.version(principal.tenant_id, execution_id) == kept[0]:
                    return kept[1], kept[2]
                self._kept.pop(key, None)
            found = await unit.executions.get_shown(principal.tenant_id, execution_id)
        if found is None:
            # A contact of a batch before its turn has no row of its own; whatever else is not there raises.
            waiting = await get_execution(services, principal, wanted)
            body = encode(execution_body(waiting, public_url=public_url))
            return body, entity_tag(body)
        execution, version = found
        body = encode(execution_body(execution, public_url=public_url))
        # The version alone would do for one row; the sum also tells bodies of another release of this platform from each other.
        tag = f'"{version:x}-{zlib.crc32(body):08x}"'
        self._keep(key, (version, body, tag))
        return body, tag

    def _keep(self, key: tuple[str, str, str], value: tuple[int, bytes, str]) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


class Send(Protocol):
    """Sends an answer in one piece."""

    async def __call__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Names of headers are lower case."""
        ...


async def answer_hot(reads: HotReads, services: ApiServices, scope: Scope, wanted: str, send: Send) -> None:
    """Answer the read: 200 with the body, or 304 when the client has it already."""
    headers = {name: value for name, value in scope["headers"] if name in (b"host", b"if-none-match")}
    public_url = services.public_url or _address(scope, headers.get(b"host", b""))
    body, tag = await reads.execution(services.actions, scope["state"]["principal"], wanted, public_url)
    mark = tag.encode()
    if _has(headers.get(b"if-none-match"), mark):
        await send(304, [(b"etag", mark)], b"")
        return
    sent = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"etag", mark)]
    await send(200, sent, body)


def has_it(given: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names the tag, or any."""
    return _has(given.encode("latin-1", "replace") or None, tag.encode())


def _has(given: bytes | None, tag: bytes) -> bool:
    if given is None:
        return False
    return given.strip() == b"*" or tag in {one.strip().removeprefix(b"W/") for one in given.split(b",")}


def _address(scope: Scope, host: bytes) -> str:
    if not host:
        name, port = scope.get("server") or ("localhost", None)
        host = f"{name}:{port}".encode() if port else str(name).encode()
    return f"{scope.get('scheme', 'http')}://{host.decode('latin-1')}{scope.get('root_path', '')}"
