"""Extraction templates (contract 3.12, older): kept and returned; calls are asked by tasks and dispositions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import BadInputError, ConflictError, TooLargeError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_PROMPT_CHARACTERS, MAX_TEMPLATE_BYTES, MAX_TEMPLATES
from callwright.domain.provider_table import DISPOSITION_MODEL
from callwright.domain.settings.kinds import OBJECT, SWITCH, filled, text
from callwright.domain.settings.setting import IS_REQUIRED, Setting, read_all
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.extraction_templates.rules import StoredTemplate
from callwright.platform.services import Services, missing, object_id

TEMPLATE = (
    Setting("template.name", filled(MAX_NAME_CHARACTERS), None, "", required=IS_REQUIRED),
    Setting("template.json_schema", OBJECT, None, "", required="is required and must be an object"),
    Setting("template.instructions", text(MAX_PROMPT_CHARACTERS), None, ""),
    Setting("template.model", text(MAX_NAME_CHARACTERS), DISPOSITION_MODEL, ""),
    Setting("template.inputs", OBJECT, None, ""),
    Setting("template.keys", OBJECT, None, ""),
    Setting("template.display", SWITCH, True, ""),
    Setting("template.supports_custom_questions", SWITCH, False, ""),
)
_READ_ONLY = frozenset({"id", "created_at", "updated_at"})


def _plain(wire: Mapping[str, Any]) -> Mapping[str, Any]:
    """A body without the wrapping of every answer: what was read can be sent back as it is."""
    inner = wire.get("data")
    return inner if isinstance(inner, Mapping) and len(wire) == 1 else wire


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without what the platform writes. Raises BadInputError or TooLargeError."""
    read = read_all(TEMPLATE, Fields(body, "", BadInputError))
    # They may have come as "true" or 1.
    switches = {name: read[name] for name in ("display", "supports_custom_questions") if body.get(name) is not None}
    size = len(json.dumps(body, ensure_ascii=False).encode())
    if size > MAX_TEMPLATE_BYTES:
        raise TooLargeError(f"the template is {size} bytes of JSON, at most {MAX_TEMPLATE_BYTES} are allowed")
    return {name: value for name, value in {**body, **switches}.items() if name not in _READ_ONLY}


async def create_template(services: Services, principal: Principal, wire: Mapping[str, Any]) -> StoredTemplate:
    """A new template. Raises BadInputError, TooLargeError or ConflictError."""
    now = services.clock.now()
    template = StoredTemplate(services.ids.uuid(), principal.tenant_id, _checked(_plain(wire)), now, now)
    async with services.ledger.unit() as unit:
        if len(await unit.dispositions.templates.all(principal.tenant_id)) >= MAX_TEMPLATES:
            raise ConflictError(f"there are {MAX_TEMPLATES} templates already; delete one that is not needed")
        await unit.dispositions.templates.insert(template)
        await audit(unit, principal, "extraction_template.created", template.id, after=template.body)
    return template


async def list_templates(services: Services, principal: Principal) -> list[StoredTemplate]:
    """All templates of the tenant, oldest first."""
    async with services.ledger.unit() as unit:
        return await unit.dispositions.templates.all(principal.tenant_id)


async def get_template(services: Services, principal: Principal, template_id: str) -> StoredTemplate:
    """One template. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await unit.dispositions.templates.get(principal.tenant_id, object_id(template_id, "template"))
    if found is None:
        raise missing("template")
    return found


async def change_template(
    services: Services, principal: Principal, template_id: str, wire: Mapping[str, Any]
) -> StoredTemplate:
    """Change the keys that are named. Raises NotFoundError, BadInputError or TooLargeError."""
    template_id = object_id(template_id, "template")
    async with services.ledger.unit() as unit:
        before = await unit.dispositions.templates.lock(principal.tenant_id, template_id)
        if before is None:
            raise missing("template")
        after = await unit.dispositions.templates.update(
            principal.tenant_id, template_id, _checked({**before.body, **_plain(wire)})
        )
        if after is None:
            raise missing("template")
        await audit(unit, principal, "extraction_template.changed", template_id, before=before.body, after=after.body)
    return after


async def delete_template(services: Services, principal: Principal, template_id: str) -> None:
    """Delete it. Raises NotFoundError."""
    template_id = object_id(template_id, "template")
    async with services.ledger.unit() as unit:
        found = await unit.dispositions.templates.lock(principal.tenant_id, template_id)
        if found is None or not await unit.dispositions.templates.delete(principal.tenant_id, template_id):
            raise missing("template")
        await audit(unit, principal, "extraction_template.deleted", template_id, before=found.body)
