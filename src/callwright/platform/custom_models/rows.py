"""Language models of tenants' own."""

from __future__ import annotations

from typing import Any

from callwright.platform.custom_models.rules import CustomModel

_COLUMNS = "id, tenant_id, name, url, model, created_at"


class CustomModelRows:
    """Language models of tenants' own."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, model: CustomModel) -> CustomModel | None:
        """A new model, or another endpoint under a name there is, which keeps its id and time of creation. Returns the one before."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from custom_model where tenant_id = $1 and name = $2", model.tenant_id, model.name
        )
        await self._connection.execute(
            f"insert into custom_model ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6)"
            " on conflict (tenant_id, name) do update set url = excluded.url, model = excluded.model",
            model.id,
            model.tenant_id,
            model.name,
            model.url,
            model.model,
            model.created_at,
        )
        return CustomModel(**row) if row else None

    async def all(self, tenant_id: str) -> list[CustomModel]:
        """The tenant's models by name."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from custom_model where tenant_id = $1 order by name", tenant_id
        )
        return [CustomModel(**row) for row in rows]

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a model. False when there is none."""
        gone = await self._connection.fetchval(
            "delete from custom_model where tenant_id = $1 and name = $2 returning true", tenant_id, name
        )
        return bool(gone)
