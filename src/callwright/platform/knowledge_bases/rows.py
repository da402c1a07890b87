"""Knowledge bases, with the files they were made from."""

from __future__ import annotations

from typing import Any

from callwright.platform.knowledge_bases.rules import KnowledgeBase, KnowledgeSettings

_SETTINGS = ("chunk_size", "similarity_top_k", "overlapping", "language_support")
_OWN = ("id", "tenant_id", "vector_id", "source_type", "file_name", "status", "reason", "created_at", "updated_at")
_COLUMNS = ", ".join((*_OWN, *_SETTINGS))


class KnowledgeBaseRows:
    """Knowledge bases, with the files they were made from."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def insert(self, base: KnowledgeBase, content: bytes | None) -> None:
        """A new one, with its file where it has one."""
        settings = base.settings
        await self._connection.execute(
            f"insert into knowledge_base ({_COLUMNS}, content)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            *(getattr(base, name) for name in _OWN),
            *(getattr(settings, name) for name in _SETTINGS),
            content,
        )

    async def all(self, tenant_id: str) -> list[KnowledgeBase]:
        """The account's, newest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from knowledge_base where tenant_id = $1 order by created_at desc, id desc", tenant_id
        )
        return [_base(row) for row in rows]

    async def get(self, tenant_id: str, base_id: str) -> KnowledgeBase | None:
        """One of the account, or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from knowledge_base where tenant_id = $1 and id = $2", tenant_id, base_id
        )
        return _base(row) if row else None

    async def delete(self, tenant_id: str, base_id: str) -> bool:
        """Forget one with its file. False when there is none."""
        gone = await self._connection.fetchval(
            "delete from knowledge_base where tenant_id = $1 and id = $2 returning true", tenant_id, base_id
        )
        return bool(gone)


def _base(row: Any) -> KnowledgeBase:
    settings = KnowledgeSettings(**{name: row[name] for name in _SETTINGS})
    return KnowledgeBase(**{name: row[name] for name in _OWN}, settings=settings)
