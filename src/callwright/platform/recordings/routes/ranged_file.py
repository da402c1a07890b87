"""A recording as an answer, whole or in ranges."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Response
from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from callwright.api.schemas import Error
from callwright.domain.errors import BadInputError, NoSuchRangeError

PCAP = "application/vnd.tcpdump.pcap"
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_HEADERS = {"Cache-Control": "private, no-store", "Content-Security-Policy": "default-src 'none'"}

FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": _BYTES, PCAP: _BYTES}, "description": "The file."},
    206: {
        "content": {"audio/wav": _BYTES, PCAP: _BYTES, "multipart/byteranges": _BYTES},
        "description": "The range that `Range` asks for, or several.",
    },
    400: {"model": Error, "description": "`Range` is not understood."},
    404: {"model": Error, "description": "The recording was deleted."},
    416: {
        "model": Error,
        "description": "No byte of the file is in `Range`; `Content-Range` tells how many it has.",
    },
}
"""The answers of a route that sends a recording, for the API description."""

RangeHeader = Annotated[str | None, Header(alias="Range", description="Bytes to send alone, as in `bytes=0-1023`.")]


def recording_file(path: str, name: str) -> Response:
    """The recording at ``path``, shown under ``name``."""
    media_type = PCAP if name.endswith(".pcap") else "audio/wav"
    return _RangedFile(path, media_type=media_type, filename=name, content_disposition_type="inline", headers=_HEADERS)


class _RangedFile(FileResponse):
    """A file or ranges of it, whose refusals of a range are errors like any other of the API; the framework's are plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises BadInputError or NoSuchRangeError, before anything is sent."""

        async def refuse_or_send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 400:
                raise BadInputError("Range is not understood; ask as in bytes=0-1023, or leave it out", field="Range")
            if message["type"] == "http.response.start" and message["status"] == 416:
                length = Headers(raw=message["headers"])["content-range"].rpartition("/")[2]
                raise NoSuchRangeError(f"the recording has {length} bytes, none of them in Range", length=int(length))
            await send(message)

        await super().__call__(scope, receive, refuse_or_send)
