"""``GET /`` and ``GET /docs``: what somebody finds who opens the server's address in a browser. Neither needs a key."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from callwright.api.pages.layout import HEADERS, code, page
from callwright.api.pages.reference import reference_page
from callwright.api.services import services_of

router = APIRouter(tags=["operations"])

_LINKS = (
    ("dashboard", "Dashboard", "agents and calls in the browser; `callwright dashboard` prints a link that signs in"),
    ("docs", "API reference", "every operation, its body and its answers"),
    ("openapi.json", "OpenAPI description", "the same for programs"),
    ("healthz", "Health", "whether the process is alive"),
    ("readyz", "Readiness", "whether it should get requests"),
    ("metrics", "Metrics", "in the Prometheus text format"),
)

_PAGES = (
    ("docs/tutorial/first-agent.md", "build a booking agent, step by step"),
    ("docs/how-to/connect-a-model.md", "use a language model of your choice"),
    ("docs/how-to/webhooks.md", "receive a request at every status of a call"),
    ("docs/how-to/operate.md", "run, watch and stop the server"),
    ("docs/README.md", "every other page"),
)
"""Pages of the documentation, by their place in the repository."""

_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}, "description": "A page of HTML."}}


@router.get("/", summary="The front page", response_class=HTMLResponse, responses=_HTML)
async def front(request: Request) -> HTMLResponse:
    """Links to the API reference, to health and to the documentation."""
    return HTMLResponse(front_page(services_of(request).version), headers=HEADERS)


@router.get("/docs", summary="The API reference", response_class=HTMLResponse, responses=_HTML)
async def reference(request: Request) -> HTMLResponse:
    """Every operation with its parameters, body and answers, made from `/openapi.json`. It needs no script."""
    state = request.app.state
    if not hasattr(state, "reference_page"):
        state.reference_page = reference_page(request.app.openapi())
    return HTMLResponse(state.reference_page, headers=HEADERS)


def front_page(version: str) -> str:
    """Returns the front page of a server of this version."""
    links = "".join(f'<li><a href="{link}">{name}</a>: {meaning}</li>' for link, name, meaning in _LINKS)
    pages = "".join(f"<li>{code(path)}: {meaning}</li>" for path, meaning in _PAGES)
    body = (
        f"<h1>Callwright</h1><p>AI agents that make and take phone calls. Version {escape(version)}.</p>"
        f"<h2>This server</h2><ul>{links}</ul><h2>Documentation</h2><p>In the repository:</p><ul>{pages}</ul>"
        f"<p>Requests to the API need a key: {code('callwright keys create --name first')}.</p>"
    )
    return page("Callwright", body)
