"""Shapes of provider keys for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, example


class ProviderKeyBody(Open):
    """A key to store."""

    provider_name: str = Field(description="Which key it is; any name is accepted.", examples=["OPENAI"])
    provider_value: str = Field(description="The key itself. It is sealed, and never shown again.")


class ProviderKeyView(Open):
    """A stored key, masked."""

    model_config = example(
        {
            "provider_id": "36e643c5-32db-4aca-999b-7652ba06e00c",
            "provider_name": "OPENAI",
            "provider_value": "xxxxxxxaz",
            "humanized_created_at": "just now",
            "created_at": "2026-11-24T16:31:07.193399",
            "updated_at": "2026-11-24T16:31:07.193399",
        }
    )

    provider_id: str
    provider_name: str
    provider_value: str = Field(description="Masked: its last two characters at most.", examples=["xxxxxxxaz"])
    humanized_created_at: str = Field(examples=["2 days ago"])
    created_at: str
    updated_at: str = Field(description="When its value was last replaced.")


class ProviderKeyState(Open):
    """What was done."""

    model_config = example({"message": "successful", "status": "added"})

    message: str = Field(examples=["successful"])
    status: str = Field(description="`added` or `removed`.", examples=["added"])


EXAMPLE: dict[str, Any] = {"provider_name": "DEEPGRAM", "provider_value": "dg-secret"}
