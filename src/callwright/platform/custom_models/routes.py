"""Routes of language models (contract 3.11, and one of our own)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.platform.custom_models import actions as custom_models
from callwright.platform.custom_models.mapping import models_view
from callwright.platform.custom_models.schemas import EXAMPLE, CustomModelBody, CustomModelState, ModelsView
from callwright.platform.services import Services

router = APIRouter(tags=["models"])


@router.post(
    "/user/model/custom",
    summary="Name a model of one's own",
    responses={200: shown("Named, or pointed elsewhere.", CustomModelState), **errors(400, 409, 413)},
)
async def add(
    request: Request,
    body: Annotated[CustomModelBody, json_body(CustomModelBody, EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Agents use it with `provider: custom` and its name as `model`, or with its name as `provider`. Its key is the provider key
    named after it (`HOUSE_LLM` for `house-llm`), or `CUSTOM`."""

    async def work(services: Services) -> dict[str, str]:
        name, url = body.custom_model_name, body.custom_model_url
        await custom_models.put_custom_model(services, principal_of(request), name, url, body.model)
        return {"message": "model added successfully", "status": "added"}

    return await answer_once(request, idempotency_key, body.wire, work)


@router.get("/user/model/all", summary="List models", responses={200: shown("All models.", ModelsView), **errors()})
async def list_all(request: Request) -> Response:
    """What agents may name: models of the installed providers, then one's own."""
    services = services_of(request).actions
    own = await custom_models.list_custom_models(services, principal_of(request))
    return answer(models_view(services.plugins(), own))


@router.delete(
    "/v1/callwright/models/{custom_model_name}",
    summary="Delete a model of one's own",
    responses={200: shown("Forgotten.", Acknowledged), **errors(404)},
)
async def delete(request: Request, custom_model_name: str) -> Response:
    """Calls of agents that use it fail from now on; those under way go on."""
    await custom_models.delete_custom_model(services_of(request).actions, principal_of(request), custom_model_name)
    return answer({"message": "success", "state": "deleted"})
