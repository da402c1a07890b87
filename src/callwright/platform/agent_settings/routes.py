"""Routes of the settings of agents (our own)."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer, answer_bytes
from callwright.api.schemas import errors, shown
from callwright.api.services import services_of
from callwright.domain.settings.setting import Setting, sentence_of
from callwright.insight.wire import encode
from callwright.platform.agent_settings.rules.table import SETTINGS, path_of
from callwright.platform.agent_settings.schemas import AgentProviders, AgentSettings
from callwright.ports.registry import Plugin

NAMED_KINDS = ("transcriber", "model", "voice")

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


@router.get(
    "/providers",
    summary="List the providers that agents can name",
    responses={200: shown("The installed ones, by kind.", AgentProviders), **errors()},
)
async def list_providers(request: Request) -> Response:
    """Recognisers, models and voices that are installed here. `GET /me/voices` has the voices, `GET /user/model/all` one's own models."""
    plugins = services_of(request).actions.plugins()
    return answer({"providers": [provider_view(one) for kind in NAMED_KINDS for one in plugins if one.kind == kind]})


@cache
def _encoded() -> bytes:
    return encode({"settings": [view(one) for one in SETTINGS]})


def provider_view(plugin: Plugin) -> dict[str, Any]:
    """A provider as the API shows it."""
    option = next((one for one in plugin.options if one.name == "model"), None)
    listed = [] if option is None else [option.default, *option.kind.schema.get("enum", ())]
    offered = [*(one.model for one in plugin.models), *(one.model for one in plugin.voices)]
    return {
        "kind": plugin.kind,
        "name": plugin.name,
        "summary": plugin.summary,
        "keys": list(plugin.keys),
        "models": list(dict.fromkeys(filter(None, [*listed, *offered]))),
        "languages": list(plugin.languages),
    }


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
