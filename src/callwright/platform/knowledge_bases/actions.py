"""Knowledge bases: kept, listed, deleted. They are not processed yet, and say so (contract 3.8)."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.domain.errors import BadInputError, BlockedUrlError, ConflictError
from callwright.domain.limits import MAX_KNOWLEDGE_BASES, MAX_NAME_CHARACTERS
from callwright.net.policy import check_url, check_written
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.knowledge_bases.rules import (
    ERROR,
    NOT_YET,
    PDF,
    URL,
    KnowledgeBase,
    KnowledgeSettings,
    check_pdf,
)
from callwright.platform.services import Services, missing, object_id
from callwright.platform.uploads import check_quota


@dataclass(frozen=True, slots=True)
class KnowledgeUpload:
    """A form: a file with its name, or a URL, and the settings."""

    file_name: str
    content: bytes | None
    url: str
    settings: KnowledgeSettings


async def add_knowledge_base(services: Services, principal: Principal, upload: KnowledgeUpload) -> KnowledgeBase:
    """Keep a PDF or an address. Its status is ``error`` with the reason that nothing processes it. Raises BadInputError, BlockedUrlError,
    ConflictError for one more than MAX_KNOWLEDGE_BASES."""
    source, name = _source(upload, allow_private=services.allow_private_urls)
    now = services.clock.now()
    base = KnowledgeBase(
        id=services.ids.uuid(),
        tenant_id=principal.tenant_id,
        vector_id=services.ids.uuid(),
        source_type=source,
        file_name=name,
        settings=upload.settings,
        status=ERROR,
        reason=NOT_YET,
        created_at=now,
        updated_at=now,
    )
    async with services.ledger.unit() as unit:
        if len(await unit.knowledge_bases.all(principal.tenant_id)) >= MAX_KNOWLEDGE_BASES:
            raise ConflictError(f"there are {MAX_KNOWLEDGE_BASES} knowledge bases already; delete one")
        await unit.knowledge_bases.insert(base, upload.content)
        await check_quota(services, unit, principal)
        told = {"source_type": source, "file_name": name, "bytes": len(upload.content or b"")}
        await audit(unit, principal, "knowledge_base.created", base.id, after=told)
    return base


def _source(upload: KnowledgeUpload, *, allow_private: bool) -> tuple[str, str]:
    """What it is made from, and how it is called."""
    url = upload.url
    if upload.content is None:
        # The address is fetched through the guarded client, when it is; what that would refuse by its looks is refused now.
        check_url(url)
        try:
            check_written(url, allow_private=allow_private)
        except BlockedUrlError as error:
            raise BlockedUrlError(error.message, field="url", hint=error.hint) from None
        return URL, url
    if not upload.content:
        raise BadInputError("file is empty", field="file")
    check_pdf(upload.content)
    return PDF, upload.file_name[:MAX_NAME_CHARACTERS] or "document.pdf"


async def list_knowledge_bases(services: Services, principal: Principal) -> list[KnowledgeBase]:
    """The account's, newest first."""
    async with services.ledger.unit() as unit:
        return await unit.knowledge_bases.all(principal.tenant_id)


async def get_knowledge_base(services: Services, principal: Principal, base_id: str) -> KnowledgeBase:
    """One of the account. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await unit.knowledge_bases.get(principal.tenant_id, object_id(base_id, "knowledge base"))
    if found is None:
        raise missing("knowledge base")
    return found


async def delete_knowledge_base(services: Services, principal: Principal, base_id: str) -> None:
    """Forget one with its file. Raises NotFoundError."""
    base_id = object_id(base_id, "knowledge base")
    async with services.ledger.unit() as unit:
        found = await unit.knowledge_bases.get(principal.tenant_id, base_id)
        if found is None or not await unit.knowledge_bases.delete(principal.tenant_id, base_id):
            raise missing("knowledge base")
        await audit(unit, principal, "knowledge_base.deleted", base_id, before={"file_name": found.file_name})
