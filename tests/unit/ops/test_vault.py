"""Sealing: what opens, what does not, and what a master key that is missing or changed comes to."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from callwright.domain.errors import ConfigurationError, VaultLockedError
from callwright.ops.master_key import MASTER_KEY_FILE, MasterKeys
from callwright.ops.secret import fingerprint
from callwright.ops.vault import SealedVault

VALUE = "sk-canary-5f1e77b0c4"
ONE, TWO = "1" * 64, "2" * 64


def vault(folder: Path, *configured: str) -> SealedVault:
    return SealedVault(MasterKeys(",".join(configured), folder))


def test_what_was_sealed_opens_and_does_not_hold_its_text(tmp_path: Path):
    it = vault(tmp_path)
    data_key = it.new_data_key("a", ())
    sealed = it.seal(data_key, "OPENAI", VALUE)
    assert VALUE.encode() not in sealed
    assert it.open(data_key, "openai", sealed) == VALUE
    assert it.seal(data_key, "OPENAI", VALUE) != sealed


def test_the_master_key_is_made_with_the_first_data_key_for_its_owner_only(tmp_path: Path):
    it = vault(tmp_path)
    assert not (tmp_path / MASTER_KEY_FILE).exists()
    it.new_data_key("a", ())
    assert stat.S_IMODE((tmp_path / MASTER_KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [MASTER_KEY_FILE]


def test_a_value_moved_to_another_name_or_tenant_does_not_open(tmp_path: Path):
    it = vault(tmp_path)
    ours, others = it.new_data_key("a", ()), it.new_data_key("b", ())
    sealed = it.seal(ours, "OPENAI", VALUE)
    for data_key, name, given in (
        (ours, "DEEPGRAM", sealed),
        (others, "OPENAI", sealed),
        (ours, "OPENAI", sealed[:-1]),
        (ours, "OPENAI", b""),
        (ours, "OPENAI", VALUE.encode()),
        (ours, "OPENAI", sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:]),
    ):
        with pytest.raises(VaultLockedError, match="damaged, or was moved") as refused:
            it.open(data_key, name, given)
        assert VALUE not in refused.value.message


def test_a_data_key_of_another_tenant_does_not_unwrap(tmp_path: Path):
    it = vault(tmp_path)
    moved = replace(it.new_data_key("a", ()), tenant_id="b")
    with pytest.raises(VaultLockedError, match="data key of tenant b is damaged"):
        it.seal(moved, "OPENAI", VALUE)


def test_a_wrong_master_key_is_named_with_the_one_that_is_needed(tmp_path: Path):
    data_key = vault(tmp_path, ONE).new_data_key("a", ())
    with pytest.raises(VaultLockedError) as refused:
        vault(tmp_path, TWO).seal(data_key, "OPENAI", VALUE)
    assert fingerprint(bytes.fromhex(ONE)) in refused.value.message
    assert fingerprint(bytes.fromhex(TWO)) in refused.value.message
    assert ONE not in refused.value.message


def test_a_missing_master_key_is_not_replaced_by_a_new_one(tmp_path: Path):
    it = vault(tmp_path)
    data_key = it.new_data_key("a", ())
    (tmp_path / MASTER_KEY_FILE).unlink()
    with pytest.raises(VaultLockedError, match=r"there is no .*master-key"):
        it.new_data_key("b", {data_key.master})
    assert not (tmp_path / MASTER_KEY_FILE).exists()


def test_beside_a_master_key_that_is_missing_another_one_wraps_nothing(tmp_path: Path):
    data_key = vault(tmp_path, ONE).new_data_key("a", ())
    with pytest.raises(VaultLockedError):
        vault(tmp_path, TWO).new_data_key("b", {data_key.master})


def test_a_rotation_in_the_file_keeps_the_old_key_until_nothing_needs_it(tmp_path: Path):
    masters = MasterKeys("", tmp_path)
    it = SealedVault(masters)
    before = it.new_data_key("a", ())
    sealed = it.seal(before, "OPENAI", VALUE)
    masters.begin_rotation()
    assert it.open(before, "OPENAI", sealed) == VALUE
    after = it.rewrap(before)
    assert after.master != before.master
    masters.end_rotation({after.master, before.master})
    assert it.open(before, "OPENAI", sealed) == VALUE
    masters.end_rotation({after.master})
    assert it.open(after, "OPENAI", sealed) == VALUE
    with pytest.raises(VaultLockedError):
        it.open(before, "OPENAI", sealed)


def test_of_several_configured_keys_the_first_wraps_and_all_open(tmp_path: Path):
    old = vault(tmp_path, ONE).new_data_key("a", ())
    it = vault(tmp_path, TWO, ONE)
    assert it.rewrap(old).master == fingerprint(bytes.fromhex(TWO))
    assert it.new_data_key("b", {old.master}).master == fingerprint(bytes.fromhex(TWO))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path):
    it = vault(tmp_path)
    it.new_data_key("a", ())
    (tmp_path / MASTER_KEY_FILE).chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        it.new_data_key("b", ())


@pytest.mark.parametrize("text", ["", "\n", "zz", "12" * 31, "12" * 33])
def test_a_damaged_file_is_refused_without_showing_it(tmp_path: Path, text: str):
    path = tmp_path / MASTER_KEY_FILE
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        vault(tmp_path).new_data_key("a", ())
    assert not text.strip() or text not in refused.value.message


def test_a_configured_key_that_is_none_is_refused_without_showing_it(tmp_path: Path):
    with pytest.raises(
        ConfigurationError, match="CALLWRIGHT_MASTER_KEY: a master key is 64 hexadecimal digits"
    ) as refused:
        vault(tmp_path, "secret")
    assert "secret" not in refused.value.message


def test_two_processes_that_make_the_first_key_at_once_have_one(tmp_path: Path):
    first, second = MasterKeys("", tmp_path), MasterKeys("", tmp_path)
    first.make_first()
    second.make_first()
    assert first.present() == second.present()
