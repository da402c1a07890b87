"""Language models of an organisation's own (contract 3.11)."""

from __future__ import annotations

from callwright.domain.errors import BadInputError, ConflictError
from callwright.domain.limits import MAX_CUSTOM_MODELS
from callwright.domain.provider_table import MODELS
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.custom_models.rules import CUSTOM, CustomModel, parse_model_url
from callwright.platform.services import Services, missing


async def put_custom_model(
    services: Services, principal: Principal, name: str, url: str, asked: str | None
) -> CustomModel:
    """Name an endpoint, or give a name another endpoint. ``asked`` is the model that is asked for there; without it, the name. Raises
    BadInputError, ConflictError for one more than MAX_CUSTOM_MODELS."""
    if name == CUSTOM or name in MODELS or name in services.names("model"):
        raise BadInputError(
            f"custom_model_name: {name!r} is the name of a provider; choose another name", field="custom_model_name"
        )
    url = parse_model_url(url)
    asked = asked or name
    tenant_id = principal.organisation_id
    async with services.ledger.unit() as unit:
        known = {model.name for model in await unit.custom_models.all(tenant_id)}
        if name not in known and len(known) >= MAX_CUSTOM_MODELS:
            raise ConflictError(f"there are {MAX_CUSTOM_MODELS} models already; delete one that is not needed")
        model = CustomModel(services.ids.uuid(), tenant_id, name, url, asked, services.clock.now())
        before = await unit.custom_models.put(model)
        told = {"url": url, "model": asked}
        if before is None:
            await audit(unit, principal, "custom_model.created", name, after=told)
        else:
            old = {"url": before.url, "model": before.model}
            await audit(unit, principal, "custom_model.changed", name, before=old, after=told)
    return model


async def list_custom_models(services: Services, principal: Principal) -> list[CustomModel]:
    """The organisation's models by name."""
    async with services.ledger.unit() as unit:
        return await unit.custom_models.all(principal.organisation_id)


async def delete_custom_model(services: Services, principal: Principal, name: str) -> None:
    """Forget a model; calls of agents that use it fail from now on. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = {model.name: model for model in await unit.custom_models.all(principal.organisation_id)}.get(name)
        if found is None or not await unit.custom_models.delete(principal.organisation_id, name):
            raise missing("model")
        await audit(unit, principal, "custom_model.deleted", name, before={"url": found.url, "model": found.model})
