"""What a supervisor and a monitor ask. None of it needs a key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.schemas import Error, Open, example, shown
from callwright.api.services import services_of

router = APIRouter(tags=["operations"])


class Alive(Open):
    """The process answers."""

    model_config = example({"status": "ok", "version": "1.0.0"})

    status: str
    version: str


class Ready(Open):
    """The process should get requests."""

    model_config = example({"status": "ready", "carriers": {"sip": "listening"}})

    status: str
    carriers: dict[str, str] | None = None
    lacking: list[str] | None = None


@router.get("/healthz", summary="Is the process alive", responses={200: shown("It answers.", Alive)})
async def healthz(request: Request) -> Response:
    """Touches nothing: a database outage must not make a supervisor kill live calls."""
    return answer({"status": "ok", "version": services_of(request).version})


@router.get(
    "/readyz",
    summary="Should it get requests",
    responses={
        200: shown("It should.", Ready),
        503: {"model": Error, "description": "Not now; the message says why."},
    },
)
async def readyz(request: Request) -> Response:
    """Asks the database and whether the process is draining. `carriers` tells how those are that listen for calls, such as `sip`:
    `listening`, `starting`, `refused` (its address is taken), `down` or `off`. `lacking` says what the server's own
    recogniser, voice and model lack, such as model files, and the command that adds it. The process is ready all the same: API,
    webhooks and calls of other providers work."""
    services = services_of(request)
    await services.ready()
    await services.actions.ledger.ping()
    body: dict[str, Any] = {"status": "ready"}
    carriers = dict(services.carriers())
    if carriers:
        body["carriers"] = carriers
    lacking = services.lacking()
    if lacking:
        body["lacking"] = lacking
    return answer(body)


@router.get(
    "/metrics", summary="Metrics", responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text."}}
)
async def metrics(request: Request) -> Response:
    """Counters without names of tenants or callers."""
    body = services_of(request).metrics.exposition()
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")
