"""The built files of the dashboard, read into memory: a name that is not among them leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

INDEX = "index.html"
ASSETS = "assets/"
"""Files below it have a hash of their content in the name."""

_ENCODINGS = {".br": "br", ".gz": "gzip"}
"""The best first."""

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file. ``encoded``: its content by encoding, for clients that take it compressed."""

    content: bytes
    kind: str
    encoded: Mapping[str, bytes] = field(default_factory=dict)

    def for_client(self, accepted: str) -> tuple[bytes, str]:
        """The content and its encoding (empty: none) for a client that sends this ``Accept-Encoding``."""
        taken = accepted_encodings(accepted)
        name = next((one for one in _ENCODINGS.values() if one in self.encoded and one in taken), "")
        return (self.encoded[name], name) if name else (self.content, "")


class BuiltFiles:
    """What a build left in ``folder``. It is read when first asked for, and again when another build has replaced it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp: tuple[int, int] | None = None
        self._files: Mapping[str, BuiltFile] = {}

    def current(self) -> Mapping[str, BuiltFile]:
        """The files by name, as ``assets/app.js``; empty while there is no build. A change costs a blocking read of a few megabytes."""
        try:
            found = (self._folder / INDEX).stat()
        except OSError:
            return {}
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self._files = _read(self._folder)
            self._stamp = stamp
        return self._files


def _read(folder: Path) -> dict[str, BuiltFile]:
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    return {
        name: BuiltFile(
            content,
            _KINDS.get(PurePosixPath(name).suffix, _UNKNOWN),
            {encoding: contents[name + end] for end, encoding in _ENCODINGS.items() if name + end in contents},
        )
        for name, content in contents.items()
        if PurePosixPath(name).suffix not in _ENCODINGS
    }


def accepted_encodings(header: str) -> frozenset[str]:
    """The encodings that an ``Accept-Encoding`` names without refusing them (RFC 9110, 12.5.3)."""
    found = set()
    for part in header.split(","):
        name, *parameters = (one.strip().lower() for one in part.split(";"))
        weights = [one.removeprefix("q=") for one in parameters if one.startswith("q=")]
        if name and not any(weight.strip("0.") == "" for weight in weights):
            found.add(name)
    return frozenset(found)
