"""Shapes of knowledge bases for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, UploadedFile


class KnowledgeBaseForm(Open):
    """A PDF or an address, and how it shall be cut and searched."""

    file: UploadedFile | None = Field(default=None, description="A PDF of at most 20 MB; this or `url`.")
    url: str | None = Field(default=None, description="A public address; this or `file`.")
    chunk_size: int = 512
    similarity_top_k: int = 15
    overlapping: int = 128
    language_support: str | None = Field(default=None, description="`multilingual`, or nothing.")


class KnowledgeBaseCreated(Open):
    """What was kept."""

    rag_id: str
    file_name: str
    source_type: str = Field(description="`pdf` or `url`.")
    status: str = Field(description="`error` for now: it is kept and not processed.", examples=["error"])
    language_support: str | None
    reason: str | None = Field(description="Why the status is `error` (our own key).")


class KnowledgeBaseView(KnowledgeBaseCreated):
    """A knowledge base."""

    vector_id: str | None
    chunk_size: int
    similarity_top_k: int
    overlapping: int
    humanized_created_at: str
    created_at: str
    updated_at: str


EXAMPLE: dict[str, Any] = {"url": "https://example.org/prices", "chunk_size": 512}
