"""Routes of the settings of agents (our own)."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response

from callwright.api.agent_settings.schemas import AgentSettings
from callwright.api.answers import answer_bytes
from callwright.api.schemas import errors, shown
from callwright.domain.settings.setting import Setting
from callwright.domain.settings.table import SETTINGS, path_of, sentence_of
from callwright.insight.wire import encode

router = APIRouter(prefix="/v1/callwright/agent-settings", tags=["agents"])


@router.get(
    "",
    summary="List the settings of agents",
    responses={200: shown("The settings, by section.", AgentSettings), **errors()},
)
async def list_settings(request: Request) -> Response:
    """What an editor of agents needs: of each setting its place, values, default and what it does. The same table makes the reference and
    the parser."""
    return answer_bytes(_encoded())


@cache
def _encoded() -> bytes:
    return encode({"settings": [view(one) for one in SETTINGS]})


def view(one: Setting) -> dict[str, Any]:
    """A setting as the API shows it."""
    schema = one.kind.schema
    shapes = schema.get("anyOf", [schema])
    return {
        "path": path_of(one),
        "section": one.section,
        "name": one.name,
        "types": [shape["type"] for shape in shapes if "type" in shape],
        "values": one.kind.words,
        "default": one.default,
        "minimum": one.least,
        "maximum": one.most,
        "max_length": schema.get("maxLength"),
        "max_items": schema.get("maxItems"),
        "choices": schema.get("enum"),
        "does": sentence_of(one),
        "kept": one.kept,
        "since": one.since,
    }
