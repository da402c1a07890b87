"""What the API is measured against: the least that answers `GET /executions/{id}` behind a key. `python bench/bare_server.py DSN PORT KEY`.

Starlette and asyncpg, one query, the hash of the key against a known one, the stored body as bytes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(dsn: str, key: str) -> Starlette:
    """The application."""
    known = hashlib.sha256(key.encode()).digest()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(dsn, min_size=2, max_size=12)
        yield
        await app.state.pool.close()

    async def read(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if hashlib.sha256(given.encode()).digest() != known:
            return Response(b'{"message":"Access denied"}', 401, media_type="application/json")
        body = await request.app.state.pool.fetchval(
            "select body from bare_execution where id = $1", request.path_params["execution_id"]
        )
        return Response(body, 200 if body else 404, media_type="application/json")

    return Starlette(routes=[Route("/executions/{execution_id}", read)], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[1], sys.argv[3]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="warning",
        access_log=False,
    )
