"""Knowledge bases: what agents shall look things up in (contract 3.8). They are kept; reading them comes later, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import BadInputError

PDF, URL = "pdf", "url"
ERROR = "error"
NOT_YET = "knowledge bases are kept and not processed yet by this version: agents cannot look anything up in them"
"""The reason of every knowledge base for now: never a status that is not true."""

MULTILINGUAL = "multilingual"
_PDF_MAGIC = b"%PDF-"
_MAGIC_WITHIN = 1_024
"""Readers of PDF take the header anywhere in so many bytes."""


@dataclass(frozen=True, slots=True)
class KnowledgeSettings:
    """How it shall be cut and searched."""

    chunk_size: int = 512
    similarity_top_k: int = 15
    overlapping: int = 128
    language_support: str | None = None


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """A knowledge base without its file. ``file_name`` is the file's, or the URL; agents refer to ``vector_id``."""

    id: str
    tenant_id: str
    vector_id: str
    source_type: str
    file_name: str
    settings: KnowledgeSettings
    status: str
    reason: str | None
    created_at: datetime
    updated_at: datetime


def check_pdf(beginning: bytes) -> None:
    """Raises BadInputError when a file does not begin as a PDF does."""
    if _PDF_MAGIC not in beginning[:_MAGIC_WITHIN]:
        raise BadInputError("file is no PDF: it does not begin with %PDF-", field="file")
