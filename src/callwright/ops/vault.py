"""Sealing of tenants' secrets: AES-256-GCM under a data key of each tenant, which a master key wraps."""

from __future__ import annotations

import os
from collections.abc import Collection

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callwright.domain.errors import VaultLockedError
from callwright.ops.master_key import MasterKeys
from callwright.ops.secret import fingerprint
from callwright.platform.provider_keys.rules.sealing import WrappedKey

_FORM = b"\x01"
_NONCE_BYTES = 12
_DATA_KEY_BYTES = 32


class SealedVault:
    """``ports.vault.Vault``. A sealed text is a form byte, a nonce and the ciphertext with its tag."""

    def __init__(self, masters: MasterKeys) -> None:
        self._masters = masters

    def new_data_key(self, tenant_id: str, masters: Collection[str]) -> WrappedKey:
        """See the port."""
        present = self._masters.present()
        if masters and (present is None or not any(self._has(name) for name in masters)):
            # A second master key beside one that is missing would hide that it is.
            self._masters.named(min(masters))
        if present is None:
            self._masters.make_first()
            present = self._masters.present()
        assert present is not None
        return _wrap(present, tenant_id, AESGCM.generate_key(8 * _DATA_KEY_BYTES))

    def seal(self, data_key: WrappedKey, name: str, value: str) -> bytes:
        """See the port."""
        return _seal(self._unwrap(data_key), value.encode(), _bound("provider key", data_key.tenant_id, name.upper()))

    def open(self, data_key: WrappedKey, name: str, sealed: bytes) -> str:
        """See the port."""
        bound = _bound("provider key", data_key.tenant_id, name.upper())
        try:
            return _open(self._unwrap(data_key), sealed, bound).decode()
        except InvalidTag:
            raise VaultLockedError(
                f"the sealed {name} is damaged, or was moved from elsewhere; store it anew"
            ) from None

    def rewrap(self, data_key: WrappedKey) -> WrappedKey:
        """See the port."""
        plain = self._unwrap(data_key)
        present = self._masters.present()
        assert present is not None, "a data key was unwrapped"
        return _wrap(present, data_key.tenant_id, plain)

    def _has(self, name: str) -> bool:
        return any(fingerprint(key) == name for key in self._masters.all())

    def _unwrap(self, data_key: WrappedKey) -> bytes:
        master = self._masters.named(data_key.master)
        try:
            return _open(master, data_key.wrapped, _bound("data key", data_key.tenant_id))
        except InvalidTag:
            raise VaultLockedError(
                f"the data key of tenant {data_key.tenant_id} is damaged; restore it from a backup"
            ) from None


def _wrap(master: bytes, tenant_id: str, plain: bytes) -> WrappedKey:
    return WrappedKey(tenant_id, fingerprint(master), _seal(master, plain, _bound("data key", tenant_id)))


def _bound(*parts: str) -> bytes:
    """What the text is bound to, so that no two lists of parts are the same bytes."""
    return b"callwright" + b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def _seal(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _open(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    if sealed[:1] != _FORM or len(sealed) <= 1 + _NONCE_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], bound)
