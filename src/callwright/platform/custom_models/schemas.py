"""Shapes of language models for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.settings.kinds import filled, text
from callwright.domain.settings.setting import Kind
from callwright.platform.custom_models.rules import parse_model_name


def _name(given: Fields, name: str) -> str | None:
    found = given.text(name)
    return parse_model_name(found) if found.strip() else None


class CustomModelBody(Asked):
    """A model of one's own."""

    custom_model_name: Annotated[str, reads(Kind("a name", text(MAX_NAME_CHARACTERS).schema, _name))] = Field(
        description="What agents write: as `model` with the provider `custom`, or as the provider."
    )
    custom_model_url: Annotated[str, reads(text())] = Field(
        default="", description="Base URL of an OpenAI-compatible endpoint."
    )
    model: Annotated[str | None, reads(filled(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="What is asked for at the endpoint; the name by default (our own key)."
    )


class CustomModelState(Open):
    """What was done."""

    model_config = example({"message": "model added successfully", "status": "added"})

    message: str = Field(examples=["model added successfully"])
    status: str = Field(examples=["added"])


class ModelView(Open):
    """A model an agent may name."""

    library: str | None = None
    provider: str
    deprecated: bool
    base_url: str | None = None
    model: str = Field(description="Empty: the provider's own choice.")
    display_name: str
    family: str
    custom: bool = Field(description="Whether it is the organisation's own (our own key).")


class ModelsView(Open):
    """All of them."""

    model_config = example(
        {
            "llmModels": [
                {
                    "library": "callwright",
                    "provider": "openai",
                    "deprecated": False,
                    "base_url": "https://api.openai.com/v1",
                    "model": "gpt-4.1-mini",
                    "display_name": "gpt-4.1-mini",
                    "family": "openai",
                    "custom": False,
                }
            ]
        }
    )

    llmModels: list[ModelView]  # noqa: N815 - the wire's own spelling


EXAMPLE: dict[str, Any] = {"custom_model_name": "house-llm", "custom_model_url": "https://llm.example.org/v1"}
