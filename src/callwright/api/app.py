"""The HTTP application: routes, the gate before them, and one shape of errors."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp

from callwright.api.answers import answer_bytes, error_answer, error_body
from callwright.api.description import description_of, operation_id
from callwright.api.doors import Doors
from callwright.api.gate import DASHBOARD, Gate
from callwright.api.operations.routes import router as operations
from callwright.api.pages.routes import router as pages
from callwright.api.places import Places
from callwright.api.query_names import check_names
from callwright.api.reading import refusal
from callwright.api.services import ApiServices, record_refusal, services_of
from callwright.api.uploads import Uploads
from callwright.domain.errors import CallwrightError
from callwright.domain.limits import (
    MAX_EVENT_WAITS,
    MAX_EVENT_WAITS_OF_ONE,
    MAX_LIVE_STREAMS,
    MAX_LIVE_STREAMS_OF_ONE,
    MAX_REPLAYS,
    MAX_REPLAYS_OF_ONE,
)
from callwright.insight.wire import encode
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.accounts.routes import router as account
from callwright.platform.agent_drafts.routes import router as agent_drafts
from callwright.platform.agent_settings.routes import router as agent_settings
from callwright.platform.agents.routes.agents import router as agents
from callwright.platform.agents.routes.own import router as agents_own
from callwright.platform.agents.routes.v1 import router as agents_v1
from callwright.platform.ambient_sounds.routes import router as ambient_sounds
from callwright.platform.audit.routes import router as audit
from callwright.platform.batch_reports.routes import router as batch_reports
from callwright.platform.batches.routes.batches import router as batches
from callwright.platform.batches.routes.batches import singular as batch
from callwright.platform.batches.routes.pace import router as batch_pace
from callwright.platform.calling_policy.routes import router as calling_policy
from callwright.platform.calls.routes import router as calls
from callwright.platform.captures.routes import router as captures
from callwright.platform.carriers.routes import router as carriers
from callwright.platform.chats.routes import router as chats
from callwright.platform.contact_files.routes import router as contact_files
from callwright.platform.custom_models.routes import router as models
from callwright.platform.dispositions.routes import router as dispositions
from callwright.platform.estimates.routes import router as estimates
from callwright.platform.events.routes import router as events
from callwright.platform.execution_list.routes import router as execution_list
from callwright.platform.executions.routes.executions import polled
from callwright.platform.executions.routes.executions import router as executions
from callwright.platform.extensions.routes import router as extensions
from callwright.platform.extraction.routes import router as extraction
from callwright.platform.extraction_templates.routes import router as extraction_templates
from callwright.platform.inbound.routes import router as inbound
from callwright.platform.keys.routes import router as keys
from callwright.platform.knowledge_bases.routes import router as knowledge_bases
from callwright.platform.live_calls.routes import router as live
from callwright.platform.phone_numbers.routes import router as phone_numbers
from callwright.platform.prices.routes import router as prices
from callwright.platform.provider_keys.routes import router as providers
from callwright.platform.recordings.routes.recordings import router as recordings
from callwright.platform.replays.routes import router as replays
from callwright.platform.sessions.routes import router as session
from callwright.platform.sip_trunks.routes import router as sip_trunks
from callwright.platform.sub_accounts.routes import own as own_usage
from callwright.platform.sub_accounts.routes import router as sub_accounts
from callwright.platform.suppressions.routes import router as suppressions
from callwright.platform.timeline.routes import router as timeline
from callwright.platform.violations.routes import router as violations
from callwright.platform.voices.routes import router as voices
from callwright.platform.wallet.routes import router as wallet
from callwright.platform.web_calls.routes.web_calls import router as web_calls
from callwright.platform.webhooks.routes import router as webhooks
from callwright.ports.door import INBOUND_CALL, LINES

TITLE = "Callwright"
DESCRIPTION = (
    "AI agents that make and take phone calls, self-hosted. Speaks the hosted Bolna API: a program written for it works by changing "
    "its base URL. Every request but health, metrics and signed recording links needs `Authorization: Bearer <key>`. Query parameters "
    "that an operation does not have are named in the header `Callwright-Ignored`, and in `callwright.ignored` of an object."
)

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}
_ROUTERS = (
    sub_accounts,
    own_usage,
    keys,
    session,
    audit,
    events,
    webhooks,
    dispositions,
    extraction,
    extraction_templates,
    batches,
    batch_pace,
    batch,
    batch_reports,
    agents,
    agents_v1,
    agents_own,
    agent_settings,
    agent_drafts,
    estimates,
    extensions,
    suppressions,
    calling_policy,
    wallet,
    prices,
    carriers,
    calls,
    chats,
    web_calls,
    executions,
    execution_list,
    timeline,
    replays,
    captures,
    live,
    recordings,
    account,
    phone_numbers,
    sip_trunks,
    inbound,
    contact_files,
    providers,
    models,
    voices,
    ambient_sounds,
    knowledge_bases,
    violations,
    operations,
    pages,
)


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return the routes of all packages, polled ones first: routes are tried one after the other.

    Made once for all applications of a process. The framework works out the models of a route at its first request and keeps them in
    the route, which takes longer than any request.
    """
    every = APIRouter(dependencies=[Depends(check_names)], generate_unique_id_function=operation_id)
    for router in _ROUTERS:
        every.include_router(router)
    return (*polled.routes, *every.routes)


def build_app(services: ApiServices, doors: Doors | None = None, dashboard: ASGIApp | None = None) -> FastAPI:
    """The application over ``services``, with the doors of carriers and the pages of the dashboard. Building it touches nothing."""
    if doors is None:
        doors = Doors("", RandomIds(), SystemClock())
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=services.version or "0",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        # Requests are counted by the gate, and looking for a tracer takes longer than that.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.live_streams = Places("live event streams", MAX_LIVE_STREAMS, MAX_LIVE_STREAMS_OF_ONE)
    app.state.event_waits = Places("requests that wait for events", MAX_EVENT_WAITS, MAX_EVENT_WAITS_OF_ONE)
    app.state.replays = Places("replays", MAX_REPLAYS, MAX_REPLAYS_OF_ONE)
    app.state.uploads = Uploads()
    app.router.routes.extend(_routes())
    # A mount has no path of its own, only what is below it.
    app.router.routes += [Route(INBOUND_CALL, doors), Mount(LINES.rstrip("/"), doors)]
    if dashboard is not None:
        app.router.routes += [Route(DASHBOARD, dashboard), Mount(DASHBOARD, dashboard)]
    app.add_exception_handler(CallwrightError, _named)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_parameter)
    app.add_middleware(Gate, services=services, doors=doors)
    if services.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "Last-Event-ID",
                "X-Request-Id",
            ],
            expose_headers=["X-Request-Id", "Retry-After", "ETag", "Callwright-Ignored"],
        )
    described = [route for router in _ROUTERS for route in router.routes]
    app.openapi = lambda: description_of(app, described, doors)  # type: ignore[method-assign]
    return app


def _request_id(request: Request) -> str:
    return str(request.scope["state"]["request_id"])


async def _named(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallwrightError)
    record_refusal(services_of(request), request.scope, error)
    return error_answer(error, _request_id(request))


async def _of_framework(request: Request, error: Exception) -> Response:
    """A path or a method that does not exist, in the shape of every other error."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    message, headers = str(error.detail), error.headers
    if status == 404:
        message = f"there is no {request.method} {request.url.path}; see /openapi.json"
    elif status == 405:
        possible = ", ".join(_possible(request))
        message = f"{request.method} is not possible on {request.url.path}; use {possible}"
        headers = {**(headers or {}), "Allow": possible}
    body = error_body(status, message, _HTTP_CODES.get(status, "http_error"), request_id=_request_id(request))
    return answer_bytes(encode(body), status, headers)


def _possible(request: Request) -> list[str]:
    """The methods of a path. The framework tells those of the first route alone that has the path, and each method has its own route. HEAD
    is possible wherever GET is (``api.gate``)."""
    routes = request.app.routes
    scopes = ({**request.scope, "method": method} for method in _METHODS)
    found = [scope["method"] for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in routes)]
    return ["GET", "HEAD", *found[1:]] if found[:1] == ["GET"] else found


async def _of_parameter(request: Request, error: Exception) -> Response:
    """A parameter that is not as its model wants it."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return error_answer(refusal([{**first, "loc": first["loc"][1:]}]), _request_id(request))
