"""JSON answers: exact decimals as numbers, and one shape for every error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from callwright.domain.errors import (
    CallwrightError,
    CapacityError,
    NoSuchRangeError,
    NothingToChangeError,
    RateLimitedError,
)
from callwright.insight.wire import encode
from callwright.platform.encoded import Encoded


class _Json(Response):
    """Bytes of JSON. Its headers are written as they are sent, which the framework does in four times the time."""

    media_type = "application/json"

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        self.raw_headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body)).encode()),
            *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()),
        ]


def answer(body: Any, http_status: int = 200) -> Response:
    """``body`` as JSON."""
    return answer_bytes(encode(body), http_status)


def answer_bytes(body: bytes, http_status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Bytes that are JSON already."""
    return _Json(body, http_status, headers)


def answer_encoded(found: Encoded) -> Response:
    """Bytes that were kept, with their entity tag. The gate answers 304 to whoever has them."""
    return answer_bytes(found.body, 200, {"ETag": found.tag})


def error_body(http_status: int, message: str, code: str, **more: str | None) -> dict[str, Any]:
    """The body of every error: the hosted service's keys together (``error``, ``message``, ``detail``), then our own."""
    body: dict[str, Any] = {"error": http_status, "message": message, "detail": message, "code": code}
    body.update({name: value for name, value in more.items() if value is not None})
    return body


def error_answer(error: CallwrightError, request_id: str | None = None) -> Response:
    """The answer for a failure that has a name."""
    status = error.http_status
    body = error_body(
        error.number, error.message, error.code, hint=error.hint, field=error.field, request_id=request_id
    )
    if isinstance(error, NothingToChangeError):
        # The hosted service's own shape of this one failure (contract 1.3).
        body["status"] = "failure"
    if isinstance(error, CapacityError):
        # The hosted service's own key of this one (contract 3.16).
        body["scope"] = error.scope
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 408:
        headers["Connection"] = "close"
    if isinstance(error, NoSuchRangeError):
        headers["Content-Range"] = f"bytes */{error.length}"
    if status in (429, 503):
        headers["Retry-After"] = str(error.retry_after_s) if isinstance(error, RateLimitedError) else "1"
    return answer_bytes(encode(body), status, headers)
