"""JSON answers: exact decimals as numbers, and one shape for every error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from callwright.domain.errors import CallwrightError, NoSuchRangeError, NothingToChangeError, RateLimitedError
from callwright.insight.wire import encode


def answer(body: Any, http_status: int = 200) -> Response:
    """``body`` as JSON."""
    return answer_bytes(encode(body), http_status)


def answer_bytes(body: bytes, http_status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Bytes that are JSON already."""
    return Response(body, status_code=http_status, media_type="application/json", headers=dict(headers or {}))


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
