"""Port of storage: language models of tenants' own."""

from __future__ import annotations

from typing import Protocol

from callwright.domain.custom_model import CustomModel


class CustomModels(Protocol):
    """Language models of tenants' own."""

    async def put(self, model: CustomModel) -> CustomModel | None:
        """A new model, or another endpoint under a name there is, which keeps its id and time of creation. Returns the one before."""

    async def all(self, tenant_id: str) -> list[CustomModel]:
        """The tenant's models by name."""
        ...

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a model. False when there is none."""
        ...
