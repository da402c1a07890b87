"""Routes of knowledge bases (contract 3.8)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.forms import FileRule, FormRules
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import form_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.uploads import read_upload
from callwright.domain.human_time import ago
from callwright.domain.limits import MAX_KNOWLEDGE_BASE_BYTES
from callwright.insight.wire import wire_time
from callwright.platform.knowledge_bases import actions as knowledge_bases
from callwright.platform.knowledge_bases.actions import KnowledgeUpload
from callwright.platform.knowledge_bases.rules import KnowledgeBase
from callwright.platform.knowledge_bases.schemas import (
    EXAMPLE,
    KnowledgeBaseCreated,
    KnowledgeBaseForm,
    KnowledgeBaseView,
)
from callwright.platform.services import Services

router = APIRouter(prefix="/knowledgebase", tags=["knowledge bases"])

_TEXTS = ("url", "chunk_size", "similarity_top_k", "overlapping", "language_support")
_Form = Annotated[
    KnowledgeBaseForm,
    form_body(
        KnowledgeBaseForm, EXAMPLE, FormRules({"file": FileRule(MAX_KNOWLEDGE_BASE_BYTES)}), read_upload, once=True
    ),
]


@router.post(
    "",
    summary="Create a knowledge base",
    responses={200: shown("It is kept.", KnowledgeBaseCreated), **errors(400, 409, 413)},
)
async def add(request: Request, form: _Form, idempotency_key: IdempotencyKey = None) -> Response:
    """It is checked and kept. This version does not process it: its status is `error`, with the reason, and agents find nothing in it."""
    file = form.file
    upload = KnowledgeUpload(
        file_name=file.file_name if file else "",
        content=await file.read() if file else None,
        url=form.url or "",
        settings=form.settings,
    )
    asked = {"file": file.sha256 if file else "", **{name: form.wire[name] or "" for name in _TEXTS}}

    async def work(services: Services) -> dict[str, Any]:
        return _created(await knowledge_bases.add_knowledge_base(services, principal_of(request), upload))

    return await answer_once(request, idempotency_key, asked, work)


@router.get(
    "/all",
    summary="List knowledge bases",
    responses={200: shown("All of them, newest first.", list[KnowledgeBaseView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged."""
    services = services_of(request).actions
    now = services.clock.now()
    found = await knowledge_bases.list_knowledge_bases(services, principal_of(request))
    return answer([_view(base, now) for base in found])


@router.get(
    "/{rag_id}",
    summary="Read a knowledge base",
    responses={200: shown("The knowledge base.", KnowledgeBaseView), **errors(404)},
)
async def read(request: Request, rag_id: str) -> Response:
    """Agents refer to its `vector_id`."""
    services = services_of(request).actions
    found = await knowledge_bases.get_knowledge_base(services, principal_of(request), rag_id)
    return answer(_view(found, services.clock.now()))


@router.delete(
    "/{rag_id}",
    summary="Delete a knowledge base",
    responses={200: shown("Deleted.", Acknowledged), **errors(404)},
)
async def delete(request: Request, rag_id: str) -> Response:
    """With its file."""
    await knowledge_bases.delete_knowledge_base(services_of(request).actions, principal_of(request), rag_id)
    return answer({"message": "success", "state": "deleted"})


def _created(base: KnowledgeBase) -> dict[str, Any]:
    return {
        "rag_id": base.id,
        "file_name": base.file_name,
        "source_type": base.source_type,
        "status": base.status,
        "language_support": base.settings.language_support,
        "reason": base.reason,
    }


def _view(base: KnowledgeBase, now: datetime) -> dict[str, Any]:
    return {
        **_created(base),
        "vector_id": base.vector_id,
        "chunk_size": base.settings.chunk_size,
        "similarity_top_k": base.settings.similarity_top_k,
        "overlapping": base.settings.overlapping,
        "humanized_created_at": ago(base.created_at, now),
        "created_at": wire_time(base.created_at),
        "updated_at": wire_time(base.updated_at),
    }
