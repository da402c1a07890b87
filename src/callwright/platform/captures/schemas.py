"""Shapes of captures of a call's packets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.limits import MAX_CAPTURE_SECONDS
from callwright.domain.settings.kinds import SWITCH, whole


class CaptureBody(Asked):
    """What to write of the call's packets."""

    seconds: Annotated[int, reads(whole(1, MAX_CAPTURE_SECONDS))] = Field(
        default=MAX_CAPTURE_SECONDS, description="It ends after so long, or with the call."
    )
    keep_secrets: Annotated[bool, reads(SWITCH)] = Field(
        default=False,
        description="Leave credentials and the keys of SRTP in the SIP messages. Else they are overwritten.",
    )


class CaptureAccepted(Open):
    """The packets are written from now on."""

    model_config = example(
        {
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "seconds": MAX_CAPTURE_SECONDS,
            "keep_secrets": False,
            "capture_url": "https://calls.example.org/recordings/capture/0c62bce5-0900-4ba2-8d9b-fe63144a5017",
        }
    )

    execution_id: str
    seconds: int
    keep_secrets: bool
    capture_url: str = Field(description="Where the file is once the call is over.")
