"""The HTTP application: routes, the gate before them, and one shape of errors."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match

from callwright.api.account.routes import router as account
from callwright.api.agents.routes import router as agents
from callwright.api.agents.routes_v1 import router as agents_v1
from callwright.api.agents.schemas import AgentBody, AgentPatch
from callwright.api.ambient_sounds.routes import router as ambient_sounds
from callwright.api.ambient_sounds.schemas import AmbientSoundForm
from callwright.api.answers import answer_bytes, error_answer, error_body
from callwright.api.audit.routes import router as audit
from callwright.api.batches.routes import router as batches
from callwright.api.batches.schemas import BatchForm, ScheduleForm
from callwright.api.calls.routes import router as calls
from callwright.api.calls.schemas import CallBody, CallEvent
from callwright.api.chats.routes import router as chats
from callwright.api.chats.schemas import ChatBody, ChatLine
from callwright.api.contact_files.routes import router as contact_files
from callwright.api.description import description_of, operation_id
from callwright.api.dispositions.routes import router as dispositions
from callwright.api.dispositions.schemas import DispositionBody, DispositionBulk, DispositionTest, DispositionUpdate
from callwright.api.executions.live import LiveStreams
from callwright.api.executions.routes import router as executions
from callwright.api.extensions.routes import router as extensions
from callwright.api.extensions.schemas import ExtensionBody
from callwright.api.extraction.routes import router as extraction
from callwright.api.extraction.schemas import AskAgainBody, AskAllAgainBody
from callwright.api.extraction_templates.routes import router as extraction_templates
from callwright.api.extraction_templates.schemas import TemplateBody, TemplateUpdate
from callwright.api.gate import Gate
from callwright.api.inbound.routes import router as inbound
from callwright.api.inbound.schemas import InboundSetup, InboundUnlink
from callwright.api.keys.routes import router as keys
from callwright.api.keys.schemas import KeyBody
from callwright.api.knowledge_bases.routes import router as knowledge_bases
from callwright.api.knowledge_bases.schemas import KnowledgeBaseForm
from callwright.api.models.routes import router as models
from callwright.api.models.schemas import CustomModelBody
from callwright.api.operations.routes import router as operations
from callwright.api.pages.routes import router as pages
from callwright.api.phone_numbers.routes import router as phone_numbers
from callwright.api.phone_numbers.schemas import BuyNumber
from callwright.api.providers.routes import router as providers
from callwright.api.providers.schemas import ProviderKeyBody
from callwright.api.recordings.routes import router as recordings
from callwright.api.services import ApiServices
from callwright.api.sip_trunks.routes import router as sip_trunks
from callwright.api.sip_trunks.schemas import SipNumberBody, SipTrunkBody, SipTrunkPatch
from callwright.api.sub_accounts.routes import own as own_usage
from callwright.api.sub_accounts.routes import router as sub_accounts
from callwright.api.sub_accounts.schemas import SubAccountBody, SubAccountPatch
from callwright.api.suppressions.routes import router as suppressions
from callwright.api.suppressions.schemas import SuppressionBody
from callwright.api.uploads import Uploads
from callwright.api.violations.routes import router as violations
from callwright.api.violations.schemas import ViolationForm
from callwright.api.voices.routes import router as voices
from callwright.domain.errors import BadInputError, CallwrightError
from callwright.insight.wire import encode

TITLE = "Callwright"
DESCRIPTION = (
    "AI agents that make and take phone calls, self-hosted. Speaks the hosted Bolna API: a program written for it works by changing "
    "its base URL. Every request but health, metrics and signed recording links needs `Authorization: Bearer <key>`."
)

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}
#: Bodies are read by hand, so their schemas must be put into the description by hand too.
_BODIES = (
    KeyBody,
    SubAccountBody,
    SubAccountPatch,
    BatchForm,
    ScheduleForm,
    DispositionBody,
    DispositionBulk,
    DispositionUpdate,
    DispositionTest,
    AskAgainBody,
    AskAllAgainBody,
    TemplateBody,
    TemplateUpdate,
    AgentBody,
    AmbientSoundForm,
    KnowledgeBaseForm,
    ViolationForm,
    AgentPatch,
    CallBody,
    CallEvent,
    ChatBody,
    ChatLine,
    CustomModelBody,
    ExtensionBody,
    ProviderKeyBody,
    SuppressionBody,
    BuyNumber,
    SipNumberBody,
    SipTrunkBody,
    SipTrunkPatch,
    InboundSetup,
    InboundUnlink,
)


def build_app(services: ApiServices) -> FastAPI:
    """The application over ``services``. Building it touches nothing."""
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=services.version or "0",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    app.state.services = services
    app.state.live_streams = LiveStreams()
    app.state.uploads = Uploads()
    for router in (
        sub_accounts,
        own_usage,
        keys,
        audit,
        dispositions,
        extraction,
        extraction_templates,
        batches,
        agents,
        agents_v1,
        extensions,
        suppressions,
        calls,
        chats,
        executions,
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
    ):
        app.include_router(router)
    app.add_exception_handler(CallwrightError, _named)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_parameter)
    app.add_middleware(Gate, services=services)
    if services.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-None-Match",
                "Last-Event-ID",
                "X-Request-Id",
            ],
            expose_headers=["X-Request-Id", "Retry-After", "ETag"],
        )
    app.openapi = lambda: description_of(app, _BODIES)  # type: ignore[method-assign]
    return app


def _request_id(request: Request) -> str:
    return str(request.scope["state"]["request_id"])


async def _named(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallwrightError)
    return error_answer(error, _request_id(request))


async def _of_framework(request: Request, error: Exception) -> Response:
    """A path or a method that does not exist, in the shape of every other error."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    message, headers = str(error.detail), error.headers
    if status == 404:
        message = f"there is no {request.method} {request.url.path}; see /openapi.json"
    elif status == 405:
        message = f"{request.method} is not possible on {request.url.path}"
        headers = {**(headers or {}), "Allow": ", ".join(_possible(request))}
    body = error_body(status, message, _HTTP_CODES.get(status, "http_error"), request_id=_request_id(request))
    return answer_bytes(encode(body), status, headers)


def _possible(request: Request) -> list[str]:
    """The methods of a path. The framework tells those of the first route alone that has the path, and each method has its own route."""
    routes = request.app.routes
    scopes = ({**request.scope, "method": method} for method in _METHODS)
    return [scope["method"] for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in routes)]


async def _of_parameter(request: Request, error: Exception) -> Response:
    """A parameter that FastAPI could not read. None of ours should end here: they are read by hand."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return error_answer(BadInputError(f"{name}: {first['msg']}", field=name), _request_id(request))
