"""Shapes of knowledge bases for the API description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from callwright.api.reading import AskedForm, UploadedFile, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.errors import BadInputError
from callwright.domain.settings.kinds import choice, text, whole
from callwright.platform.knowledge_bases.rules import MULTILINGUAL, KnowledgeSettings

_KEPT: dict[str, Any] = {
    "rag_id": "ab85d0f8-653d-41c8-8a95-9bd1f538165e",
    "file_name": "prices.pdf",
    "source_type": "pdf",
    "status": "error",
    "language_support": None,
    "reason": "knowledge bases are kept and not processed yet by this version: agents cannot look anything up in them",
}


class KnowledgeBaseForm(AskedForm):
    """A PDF or an address, and how it shall be cut and searched."""

    file: UploadedFile | None = Field(default=None, description="A PDF of at most 20 MB; this or `url`.")
    url: Annotated[str | None, reads(text())] = Field(default=None, description="An address; this or `file`.")
    chunk_size: Annotated[int, reads(whole(1, 100_000))] = 512
    similarity_top_k: Annotated[int, reads(whole(1, 1_000))] = 15
    overlapping: Annotated[int, reads(whole(0, 100_000))] = Field(
        default=128, description="Smaller than `chunk_size`; by default at most 128."
    )
    language_support: Annotated[str | None, reads(choice((MULTILINGUAL,), MULTILINGUAL))] = Field(
        default=None, description="`multilingual`, or nothing."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_one_source(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if (given.get("file") is None) == (not (given.get("url") or "").strip()):
            raise BadInputError("send a PDF as the form field file, or a url; one of them", field="file")
        return given

    @model_validator(mode="after")
    def _overlaps_less(self) -> Self:
        size = self.chunk_size
        if self.overlapping >= size and "overlapping" in self.model_fields_set:
            raise BadInputError(f"overlapping must be smaller than chunk_size ({size})", field="overlapping")
        return self

    @property
    def settings(self) -> KnowledgeSettings:
        """How it shall be cut and searched."""
        size, overlapping = self.chunk_size, min(self.overlapping, self.chunk_size - 1)
        return KnowledgeSettings(size, self.similarity_top_k, overlapping, self.language_support)


class KnowledgeBaseCreated(Open):
    """What was kept."""

    model_config = example(_KEPT)

    rag_id: str
    file_name: str
    source_type: str = Field(description="`pdf` or `url`.")
    status: str = Field(description="`error` for now: it is kept and not processed.", examples=["error"])
    language_support: str | None
    reason: str | None = Field(description="Why the status is `error` (our own key).")


class KnowledgeBaseView(KnowledgeBaseCreated):
    """A knowledge base."""

    model_config = example(
        {
            **_KEPT,
            "vector_id": "546ab77f-dbbc-4c78-a43f-8f7e0893ef22",
            "chunk_size": 512,
            "similarity_top_k": 15,
            "overlapping": 128,
            "humanized_created_at": "just now",
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
        }
    )

    vector_id: str | None
    chunk_size: int
    similarity_top_k: int
    overlapping: int
    humanized_created_at: str
    created_at: Timestamp
    updated_at: Timestamp


EXAMPLE: dict[str, Any] = {"url": "https://example.org/prices", "chunk_size": 512}
