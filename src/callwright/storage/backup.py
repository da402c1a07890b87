"""Backup and restore of one installation: the database, the recordings and the call logs in one tar file.

The file holds ``database.dump`` (pg_dump's custom format), the files of the data folder's parts, and as its last member
``manifest.json`` with the size and SHA-256 of every other member. A file without that last member is incomplete. The secret and the master
key are left out unless asked for: with them the file is as sensitive as the running system, without them API keys and provider keys are
useless until they are put back.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from callwright import __version__
from callwright.domain.errors import BadInputError, ConflictError, UnavailableError
from callwright.domain.limits import MAX_BACKUP_MANIFEST_BYTES
from callwright.ops.master_key import MASTER_KEY_FILE
from callwright.ops.secret import SECRET_FILE
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement, installed_binaries
from callwright.storage.embedded.cluster import sync_folder

FORMAT = "callwright-backup"
FORMAT_VERSION = 1
DUMP = "database.dump"
MANIFEST = "manifest.json"
PARTS = ("recordings", "logs", "live")
CHUNK_BYTES = 1_048_576
TABLES_QUERY = (
    "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
)


@dataclass(frozen=True)
class Member:
    """One file of a backup: its name with slashes, its size and its SHA-256 in hexadecimal."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself. ``made_at`` is ISO 8601; ``secret_fingerprint`` names the secret the data belongs to."""

    made_at: str
    callwright_version: str
    postgres_version: str
    secret_fingerprint: str | None
    has_secret: bool
    members: tuple[Member, ...]

    def to_json(self) -> bytes:
        """The text of ``manifest.json``."""
        body = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}
        return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read ``manifest.json``; ``BadInputError`` if it is not one or is of a newer format."""
        try:
            body: dict[str, Any] = json.loads(text)
            if body["format"] != FORMAT:
                raise BadInputError("The file is not a Callwright backup.")
            if body["format_version"] > FORMAT_VERSION:
                raise BadInputError(
                    "The backup was made by a newer version of Callwright: restore it with that version."
                )
            return cls(
                made_at=body["made_at"],
                callwright_version=body["callwright_version"],
                postgres_version=body["postgres_version"],
                secret_fingerprint=body["secret_fingerprint"],
                has_secret=body["has_secret"],
                members=tuple(Member(str(m["name"]), int(m["bytes"]), str(m["sha256"])) for m in body["members"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadInputError(f"The backup's {MANIFEST} is damaged: {error!r}. Use another backup.") from error


def backup(
    dsn: str,
    data_folder: Path,
    target: Path,
    *,
    made_at: str,
    secret_fingerprint: str | None = None,
    with_secret: bool = False,
) -> Manifest:
    """Write a backup of the database at ``dsn`` and of ``data_folder`` to the new file ``target`` (mode 0600) while calls go on.

    The database is dumped first in one snapshot, so every recording it names is in the copy, unless retention removes it meanwhile. A log
    that is being written is copied up to its length at that moment. ``target`` appears complete or not at all. Blocks.

    Raises ``ConflictError`` if ``target`` exists, ``BadInputError`` if its folder or every asked secret file does not, and
    ``UnavailableError`` if the database cannot be dumped.
    """
    if target.exists():
        raise ConflictError(f"{target} exists already: name a new file.")
    if not target.parent.is_dir():
        raise BadInputError(f"The folder {target.parent} does not exist: make it or name another.")
    _check_writable(target.parent)
    secrets = _secrets(data_folder) if with_secret else []
    if with_secret and not secrets:
        raise BadInputError(
            f"There is no secret file in {data_folder}: the secret comes from CALLWRIGHT_SECRET. Keep that yourself, and leave"
            " --with-secret out."
        )
    with tempfile.TemporaryDirectory(prefix=".callwright-backup-", dir=target.parent) as scratch:
        dump, unfinished = Path(scratch, DUMP), Path(scratch, "backup.tar")
        run_client("pg_dump", dsn, ["--format=custom", "--no-owner", "--no-privileges", f"--file={dump}"])
        with open(unfinished, "xb", opener=_private) as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                members = tuple(_add_all(tar, dump, data_folder, [*PARTS, *secrets]))
                has_secret = SECRET_FILE in secrets
                manifest = Manifest(
                    made_at, __version__, installed_binaries().version, secret_fingerprint, has_secret, members
                )
                text = manifest.to_json()
                tar.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
            file.flush()
            os.fsync(file.fileno())
        try:
            # link and not rename: a file that appeared meanwhile is not overwritten.
            os.link(unfinished, target)
        except FileExistsError as error:
            raise ConflictError(f"{target} exists already: name a new file.") from error
        except OSError:
            # File systems without hard links (some mounts) get the rename.
            unfinished.rename(target)
    sync_folder(target.parent)
    return manifest


def verify(archive: Path) -> Manifest:
    """Read the whole of ``archive`` and compare every member with the manifest; ``BadInputError`` names what is wrong."""
    try:
        with tarfile.open(archive, mode="r:") as tar:
            found: dict[str, Member] = {}
            text = b""
            for entry in tar:
                _check_name(entry)
                content = _content(tar, entry)
                if entry.name == MANIFEST:
                    text = content.read(MAX_BACKUP_MANIFEST_BYTES)
                elif entry.name in found:
                    raise BadInputError(f"{archive} holds {entry.name} twice. Use another backup.")
                else:
                    found[entry.name] = Member(entry.name, entry.size, _copy(content, None, entry.size))
    except FileNotFoundError as error:
        raise BadInputError(f"There is no file {archive}.") from error
    except tarfile.TarError as error:
        raise BadInputError(f"{archive} is not a complete backup: {error}. Use another backup.") from error
    if not text:
        raise BadInputError(f"{archive} is not a complete backup: it has no {MANIFEST}. Use another backup.")
    manifest = Manifest.from_json(text)
    named = {member.name: member for member in manifest.members}
    for name in sorted(found.keys() | named.keys() | {DUMP}):
        if found.get(name) != named.get(name) or name not in found:
            raise BadInputError(f"{archive} is damaged: {name} is not what the manifest says. Use another backup.")
    return manifest


def restore(
    archive: Path, data_folder: Path, *, dsn: str | None = None, placement: ServerPlacement | None = None
) -> Manifest:
    """Restore ``archive`` into ``data_folder`` (missing or empty) and the embedded database, or the empty one at ``dsn``.

    Everything is verified before anything is written, and whatever was written is taken away again if the restore fails.
    The caller compares the returned ``secret_fingerprint`` with the secret in use. Blocks.

    Raises ``BadInputError`` for a damaged archive and a folder that cannot be made, ``ConflictError`` for a folder or database that is
    not empty, and ``UnavailableError`` if the database does not take the dump.
    """
    manifest = verify(archive)
    if data_folder.exists() and (not data_folder.is_dir() or any(data_folder.iterdir())):
        raise ConflictError(f"{data_folder} is not empty: restore into a new folder, then start Callwright with it.")
    existed = data_folder.exists()
    if dsn is not None:
        _check_empty(dsn)
    try:
        data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{data_folder} cannot be made: {error.strerror}") from error
    try:
        _check_writable(data_folder.parent)
        with tempfile.TemporaryDirectory(prefix=".callwright-restore-", dir=data_folder.parent) as scratch:
            dump = Path(scratch, DUMP)
            _extract(archive, manifest, data_folder, dump)
            if dsn is not None:
                _load(dsn, dump)
            else:
                with EmbeddedPostgres(data_folder, placement=placement) as embedded_dsn:
                    _load(embedded_dsn, dump)
    except BaseException:
        _empty(data_folder, remove=not existed)
        raise
    return manifest


def _check_writable(folder: Path) -> None:
    """Raise BadInputError for a folder in which no file can be made."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInputError(f"The folder {folder} cannot be written: {error.strerror}.") from error


def run_client(program: str, dsn: str, arguments: Sequence[str]) -> str:
    """Run one of the wheel's client programs against ``dsn`` and return what it printed; the password goes by environment, not by ``ps``.

    Raises ``UnavailableError`` with the program's own words if it fails.
    """
    address, password = _without_password(dsn)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
    if password is not None:
        environment["PGPASSWORD"] = password
    done = subprocess.run(
        [str(installed_binaries().program(program)), *arguments, f"--dbname={address}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        raise UnavailableError(f"{program} failed: {' / '.join(done.stderr.strip().splitlines()[-3:])}")
    return done.stdout


def _without_password(dsn: str) -> tuple[str, str | None]:
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn, None
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}")), unquote(parts.password)


def _secrets(data_folder: Path) -> list[str]:
    return [name for name in (SECRET_FILE, MASTER_KEY_FILE) if (data_folder / name).is_file()]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _entry(name: str, size_bytes: int, changed_at: float = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size_bytes, 0o600, changed_at
    return entry


def _add_all(tar: tarfile.TarFile, dump: Path, data_folder: Path, parts: Sequence[str]) -> Iterator[Member]:
    yield _add(tar, DUMP, dump)
    for part in parts:
        root = data_folder / part
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            # A link would lead out of the data folder; a name with a dot is a file that is not finished yet.
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                try:
                    yield _add(tar, path.relative_to(data_folder).as_posix(), path)
                except FileNotFoundError:
                    # Retention removed it since the folder was listed.
                    continue


def _add(tar: tarfile.TarFile, name: str, path: Path) -> Member:
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        reader = _HashingReader(file)
        tar.addfile(_entry(name, found.st_size, found.st_mtime), reader)
    return Member(name, found.st_size, reader.sha256())


class _HashingReader(io.RawIOBase):
    """Passes a file on and hashes what was passed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        part = self._file.read(size)
        self._hash.update(part)
        return part

    def sha256(self) -> str:
        """Hash of everything read."""
        return self._hash.hexdigest()


def _check_name(entry: tarfile.TarInfo) -> None:
    name = PurePosixPath(entry.name)
    allowed = entry.name in (DUMP, MANIFEST, SECRET_FILE, MASTER_KEY_FILE) or (
        len(name.parts) > 1 and name.parts[0] in PARTS
    )
    if not entry.isreg() or name.is_absolute() or ".." in name.parts or not allowed:
        raise BadInputError(f"The backup holds {entry.name!r}, which does not belong in one: do not use it.")


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(entry)
    if content is None:
        raise BadInputError(f"The backup's member {entry.name!r} cannot be read. Use another backup.")
    return content


def _copy(content: IO[bytes], to: IO[bytes] | None, size_bytes: int) -> str:
    """Read exactly ``size_bytes``, write them to ``to`` if given, and return their SHA-256."""
    digest = hashlib.sha256()
    left = size_bytes
    while left:
        part = content.read(min(left, CHUNK_BYTES))
        if not part:
            raise BadInputError("The backup ends too early. Use another backup.")
        digest.update(part)
        left -= len(part)
        if to is not None:
            to.write(part)
    return digest.hexdigest()


def _extract(archive: Path, manifest: Manifest, data_folder: Path, dump: Path) -> None:
    named = {member.name: member for member in manifest.members}
    with tarfile.open(archive, mode="r:") as tar:
        for entry in tar:
            if entry.name == MANIFEST:
                continue
            _check_name(entry)
            path = dump if entry.name == DUMP else data_folder / entry.name
            _make_private(path.parent)
            with open(path, "xb", opener=_private) as file:
                # Compared again: the archive may have changed since it was verified.
                if _copy(_content(tar, entry), file, entry.size) != named[entry.name].sha256:
                    raise BadInputError(f"{archive} changed while it was read. Restore again.")
                file.flush()
                os.fsync(file.fileno())
            os.utime(path, (entry.mtime, entry.mtime))


def _make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, all of mode 0700: ``mkdir`` gives the mode to the last one only."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700)


def _check_empty(dsn: str) -> None:
    if (
        run_client("psql", dsn, ["--no-psqlrc", "--tuples-only", "--no-align", f"--command={TABLES_QUERY}"]).strip()
        != "0"
    ):
        raise ConflictError("The database has tables already: restore into an empty one.")


def _load(dsn: str, dump: Path) -> None:
    run_client(
        "pg_restore", dsn, ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(dump)]
    )


def _empty(folder: Path, *, remove: bool) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if remove:
        folder.rmdir()
