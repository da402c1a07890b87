"""Shapes of ambient sounds for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import AskedForm, UploadedFile, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.settings.kinds import text


class AmbientSoundForm(AskedForm):
    """A sound to upload."""

    file: UploadedFile = Field(description="WAV or MP3, at most 10 MB; its first two minutes are kept.")
    name: Annotated[str | None, reads(text())] = Field(default=None, description="The file's name by default.")


class AmbientSoundView(Open):
    """A track. Agents write its `id`, or its `name` where that has no spaces, as `ambient_noise_track`."""

    model_config = example(
        {
            "id": "1fbbf22e-5198-451f-81d0-26a2e7e8b864",
            "name": "Rain",
            "type": "custom",
            "duration_ms": 1000,
            "created_at": "2026-11-24T16:31:07.193399+00:00",
        }
    )

    id: str
    name: str
    type: str = Field(description="`preset`: everybody has it; `custom`: one's own.")
    duration_ms: int | None = Field(description="Of one's own.")
    created_at: Timestamp | None


EXAMPLE: dict[str, Any] = {"name": "Rain", "file": "rain.wav"}
