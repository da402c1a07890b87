"""Port of storage: knowledge bases."""

from __future__ import annotations

from typing import Protocol

from callwright.domain.knowledge_base import KnowledgeBase


class KnowledgeBases(Protocol):
    """Knowledge bases, with the files they were made from."""

    async def insert(self, base: KnowledgeBase, content: bytes | None) -> None:
        """A new one, with its file where it has one."""

    async def all(self, tenant_id: str) -> list[KnowledgeBase]:
        """The account's, newest first."""
        ...

    async def get(self, tenant_id: str, base_id: str) -> KnowledgeBase | None:
        """One of the account, or None."""

    async def delete(self, tenant_id: str, base_id: str) -> bool:
        """Forget one with its file. False when there is none."""
        ...
