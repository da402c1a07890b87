"""Backup and restore of a real installation: database, recordings and logs in one file, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import socket
import stat
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from callwright.domain.errors import BadInputError, ConflictError, UnavailableError
from callwright.ops.master_key import MASTER_KEY_FILE
from callwright.storage.backup import Manifest, backup, restore, run_client, verify
from callwright.storage.embedded import EmbeddedPostgres

MADE_AT = "2026-11-24T16:00:00Z"
SECRET_TEXT = "ab" * 32
Rows = list[tuple[int, str]]


def do(dsn: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def rows(dsn: str) -> Rows:
    async def fetch() -> Rows:
        connection = await asyncpg.connect(dsn)
        try:
            return [
                (row["number"], row["words"]) for row in await connection.fetch("select * from kept order by number")
            ]
        finally:
            await connection.close()

    return asyncio.run(fetch())


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a table, two recordings, a live log and a secret."""
    data = tmp_path_factory.mktemp("installation") / "data"
    for name, content in {
        "recordings/one/call.wav": b"RIFF" + bytes(range(256)) * 5000,
        "recordings/two/ünï code.wav": b"",
        "recordings/two/.call.wav.17": b"an unfinished draft",
        "live/three.log": b'{"seq": 1}\n',
        "secret": SECRET_TEXT.encode(),
    }.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with EmbeddedPostgres(data) as dsn:
        do(dsn, "create table kept (number int primary key, words text not null)",
           "insert into kept select n, 'word ' || n from generate_series(1, 1000) n")  # fmt: skip
    return data


@pytest.fixture
def archive(installation: Path, tmp_path: Path) -> Path:
    target = tmp_path / "callwright.tar"
    with EmbeddedPostgres(installation) as dsn:
        backup(dsn, installation, target, made_at=MADE_AT, secret_fingerprint="0123456789abcdef")
    return target


def rewrite(archive: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with its members changed by ``change``."""
    with tarfile.open(archive) as tar:
        members = {entry.name: (tar.extractfile(entry) or io.BytesIO()).read() for entry in tar}
    change(members)
    changed = archive.with_name("changed.tar")
    with tarfile.open(changed, "w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return changed


def test_a_restored_installation_holds_the_same(archive: Path, tmp_path: Path, installation: Path) -> None:
    fresh = tmp_path / "fresh"
    manifest = restore(archive, fresh)
    assert manifest.made_at == MADE_AT
    assert manifest.secret_fingerprint == "0123456789abcdef"
    with EmbeddedPostgres(fresh) as dsn:
        assert rows(dsn) == [(number, f"word {number}") for number in range(1, 1001)]
    for name in ("recordings/one/call.wav", "recordings/two/ünï code.wav", "live/three.log"):
        assert (fresh / name).read_bytes() == (installation / name).read_bytes()
        assert stat.S_IMODE((fresh / name).stat().st_mode) == 0o600
    for folder in ("", "recordings", "recordings/one", "live"):
        assert stat.S_IMODE((fresh / folder).stat().st_mode) == 0o700, folder
    assert not (fresh / "secret").exists()
    assert not (fresh / "recordings/two/.call.wav.17").exists()


def test_the_manifest_names_every_member_with_its_hash(archive: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        contents = {name: (tar.extractfile(name) or io.BytesIO()).read() for name in names}
    assert names[-1] == "manifest.json"
    body = json.loads(contents.pop("manifest.json"))
    assert {m["name"]: m["sha256"] for m in body["members"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents.items()
    }
    assert SECRET_TEXT.encode() not in archive.read_bytes()
    assert verify(archive) == Manifest.from_json(json.dumps(body).encode())


def test_the_secret_and_the_master_key_come_along_only_when_asked_for(installation: Path, tmp_path: Path) -> None:
    target = tmp_path / "with-secret.tar"
    (installation / MASTER_KEY_FILE).write_text("ab" * 32)
    with EmbeddedPostgres(installation) as dsn:
        assert backup(dsn, installation, target, made_at=MADE_AT, with_secret=True).has_secret
    restore(target, tmp_path / "fresh")
    assert (tmp_path / "fresh/secret").read_text() == SECRET_TEXT
    assert (tmp_path / "fresh" / MASTER_KEY_FILE).read_text() == "ab" * 32
    assert stat.S_IMODE((tmp_path / "fresh/secret").stat().st_mode) == 0o600


def test_a_master_key_comes_along_where_the_secret_is_a_setting(installation: Path, tmp_path: Path) -> None:
    (installation / "secret").unlink()
    (installation / MASTER_KEY_FILE).write_text("ab" * 32)
    with EmbeddedPostgres(installation) as dsn:
        assert not backup(dsn, installation, tmp_path / "b.tar", made_at=MADE_AT, with_secret=True).has_secret
    restore(tmp_path / "b.tar", tmp_path / "fresh")
    assert (tmp_path / "fresh" / MASTER_KEY_FILE).read_text() == "ab" * 32


def test_a_folder_that_is_not_empty_is_refused(archive: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "something").touch()
    with pytest.raises(ConflictError, match="not empty"):
        restore(archive, taken)
    assert [path.name for path in taken.iterdir()] == ["something"]


def test_an_existing_backup_is_not_overwritten(installation: Path, archive: Path) -> None:
    before = archive.read_bytes()
    with EmbeddedPostgres(installation) as dsn, pytest.raises(ConflictError, match="exists already"):
        backup(dsn, installation, archive, made_at=MADE_AT)
    assert archive.read_bytes() == before


def test_every_kind_of_damage_is_found_before_anything_is_written(archive: Path, tmp_path: Path) -> None:
    recording = "recordings/one/call.wav"
    whole = archive.read_bytes()

    def changed_byte(members: dict[str, bytes]) -> None:
        members[recording] = b"X" + members[recording][1:]

    def manifest_is_text(members: dict[str, bytes]) -> None:
        members["manifest.json"] = b"no json"

    def newer_format(members: dict[str, bytes]) -> None:
        members["manifest.json"] = members["manifest.json"].replace(b'"format_version": 1', b'"format_version": 2')

    cases: list[tuple[Callable[[dict[str, bytes]], object], str]] = [
        (changed_byte, f"damaged: {recording}"),
        (lambda members: members.pop(recording), f"damaged: {recording}"),
        (lambda members: members.update({"recordings/extra": b""}), "damaged: recordings/extra"),
        (lambda members: members.pop("manifest.json"), r"no manifest\.json"),
        (lambda members: members.pop("database.dump"), r"damaged: database\.dump"),
        (manifest_is_text, "damaged"),
        (newer_format, "newer version"),
        (lambda members: members.update({"../outside": b"x"}), "does not belong"),
        (lambda members: members.update({"recordings/../../outside": b"x"}), "does not belong"),
        (lambda members: members.update({"postgres/cluster/pg_hba.conf": b"x"}), "does not belong"),
    ]
    for change, complaint in cases:
        damaged = rewrite(archive, change)  # type: ignore[arg-type]
        with pytest.raises(BadInputError, match=complaint):
            restore(damaged, tmp_path / "fresh")
        assert not (tmp_path / "fresh").exists(), complaint
    for length in (0, 100, len(whole) // 2, len(whole) - 15_000):
        damaged = tmp_path / "short.tar"
        damaged.write_bytes(whole[:length])
        with pytest.raises(BadInputError, match=r"not a complete backup|ends too early|damaged"):
            restore(damaged, tmp_path / "fresh")
        assert not (tmp_path / "fresh").exists()
    with pytest.raises(BadInputError, match="no file"):
        restore(tmp_path / "missing.tar", tmp_path / "fresh")


def test_links_in_an_archive_are_refused(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive, "a") as tar:
        link = tarfile.TarInfo("recordings/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(BadInputError, match="does not belong"):
        restore(archive, tmp_path / "fresh")


def test_a_restore_the_database_refuses_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    def broken_dump(members: dict[str, bytes]) -> None:
        dump = b"PGDMP is not all"
        body = json.loads(members["manifest.json"])
        for member in body["members"]:
            if member["name"] == "database.dump":
                member.update(bytes=len(dump), sha256=hashlib.sha256(dump).hexdigest())
        members.update({"database.dump": dump, "manifest.json": json.dumps(body).encode()})

    with pytest.raises(UnavailableError, match="pg_restore failed"):
        restore(rewrite(archive, broken_dump), tmp_path / "fresh")
    assert not (tmp_path / "fresh").exists()
    assert [path.name for path in tmp_path.glob(".callwright*")] == []


def test_a_backup_that_fails_leaves_nothing(installation: Path, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="pg_dump failed"):
        backup(f"postgresql://postgres@/callwright?host={tmp_path}", installation, tmp_path / "b.tar", made_at=MADE_AT)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadInputError, match="does not exist"):
        backup("postgresql:///x", installation, tmp_path / "no/b.tar", made_at=MADE_AT)
    with pytest.raises(BadInputError, match="CALLWRIGHT_SECRET"):
        backup("postgresql:///x", tmp_path, tmp_path / "b.tar", made_at=MADE_AT, with_secret=True)


def test_a_backup_goes_into_another_database_if_that_is_empty(archive: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "other") as dsn:
        restore(archive, tmp_path / "files", dsn=dsn)
        assert len(rows(dsn)) == 1000
        assert (tmp_path / "files/live/three.log").exists()
        assert not (tmp_path / "files/postgres").exists()
        with pytest.raises(ConflictError, match="tables already"):
            restore(archive, tmp_path / "more", dsn=dsn)
    assert not (tmp_path / "more").exists()


def test_a_backup_while_a_log_is_written_holds_a_whole_prefix(installation: Path, tmp_path: Path) -> None:
    log = installation / "live" / "growing.log"
    log.write_bytes(b"line\n" * 100_000)
    try:
        with EmbeddedPostgres(installation) as dsn, log.open("ab") as writer:
            writer.write(b"line\n" * 10)
            backup(dsn, installation, tmp_path / "b.tar", made_at=MADE_AT)
            writer.write(b"line\n" * 10)
        restore(tmp_path / "b.tar", tmp_path / "fresh")
        assert log.read_bytes().startswith((tmp_path / "fresh/live/growing.log").read_bytes())
    finally:
        log.unlink()


def test_a_database_password_is_in_no_command_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent, ThreadPoolExecutor(1) as pool:
        silent.bind(str(tmp_path / ".s.PGSQL.5432"))
        silent.listen()
        dsn = f"postgresql://someone:correct%20horse@/x?host={tmp_path}&port=5432"
        asking = pool.submit(run_client, "psql", dsn, ["--command=select 1"])
        connection, _ = silent.accept()
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
        connection.close()
        with pytest.raises(UnavailableError, match="psql failed"):
            asking.result()
    ours = [line for line in lines if str(tmp_path).encode() in line]
    assert ours
    assert not any(b"horse" in line for line in ours)
