"""The server's secret and what is made from it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Timer

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.ops.secret import SECRET_FILE, ServerSecrets, derive, fingerprint

HEX = "0123456789abcdef" * 4


def load_secret(configured: str, folder: Path) -> bytes:
    (secret,) = ServerSecrets(configured, folder).all()
    return secret


def test_a_configured_secret_is_used_and_nothing_is_written(tmp_path: Path):
    assert load_secret(f" {HEX.upper()}\n", tmp_path) == bytes.fromhex(HEX)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["short", HEX[:-1], HEX[:62], HEX + "a", "z" * 64, HEX.replace("0", "g")])
def test_a_secret_that_is_too_short_or_no_hex_is_refused_without_showing_it(tmp_path: Path, text: str):
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_SECRET must be at least 64") as refused:
        load_secret(text, tmp_path)
    assert text not in refused.value.message


def test_a_file_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path):
    first = load_secret("", tmp_path)
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600
    assert load_secret("", tmp_path) == first


def test_two_installations_have_different_secrets(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert load_secret("", tmp_path / "a") != load_secret("", tmp_path / "b")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int):
    load_secret("", tmp_path)
    (tmp_path / SECRET_FILE).chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_secret("", tmp_path)


def test_processes_that_start_at_once_agree_on_one_secret(tmp_path: Path):
    for round_number in range(20):
        folder = tmp_path / str(round_number)
        folder.mkdir()
        together = Barrier(8)

        def start(folder: Path = folder, together: Barrier = together) -> bytes:
            together.wait()
            return load_secret("", folder)

        with ThreadPoolExecutor(8) as pool:
            assert len({future.result() for future in [pool.submit(start) for _ in range(8)]}) == 1


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path: Path):
    path = tmp_path / SECRET_FILE
    path.touch(mode=0o600)
    path.write_text(HEX[:10])
    writing = Timer(0.2, lambda: path.write_text(HEX))
    writing.start()
    assert load_secret("", tmp_path) == bytes.fromhex(HEX)
    writing.join()


def test_a_file_that_stays_empty_is_named(tmp_path: Path):
    (tmp_path / SECRET_FILE).touch(mode=0o600)
    with pytest.raises(ConfigurationError, match=SECRET_FILE):
        load_secret("", tmp_path)


def test_each_purpose_has_its_own_key_and_the_name_gives_none_away():
    secret = bytes.fromhex(HEX)
    assert derive(secret, "api-keys") != derive(secret, "links")
    assert derive(secret, "links") == derive(secret, "links")
    assert len(fingerprint(secret)) == 16
    assert fingerprint(secret) not in HEX


def test_a_rotation_is_known_at_once_to_every_process_of_the_folder(tmp_path: Path):
    here, elsewhere = ServerSecrets("", tmp_path), ServerSecrets("", tmp_path)
    (former,) = here.all()
    here.begin_rotation()
    present, kept = elsewhere.all()
    assert (kept, len(present)) == (former, 32)
    assert present != former
    assert here.derived("links") == (derive(present, "links"), derive(former, "links"))
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600

    assert elsewhere.end_rotation() == 1
    assert here.all() == ServerSecrets("", tmp_path).all() == (present,)
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_the_secrets_read_last_are_good_while_the_file_cannot_be_read(tmp_path: Path):
    secrets = ServerSecrets("", tmp_path)
    before = secrets.all()
    (tmp_path / SECRET_FILE).write_text("damaged" * 20)
    assert secrets.all() == before
    (tmp_path / SECRET_FILE).unlink()
    assert secrets.all() == before


def test_the_setting_may_hold_several_secrets_the_present_one_first(tmp_path: Path):
    secrets = ServerSecrets(f"{'a' * 64}, {HEX}", tmp_path)
    assert secrets.all() == (b"\xaa" * 32, bytes.fromhex(HEX))
    assert not secrets.from_file
