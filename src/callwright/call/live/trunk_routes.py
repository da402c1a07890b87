"""The SIP trunk of a call to a phone number: read anew for every call, its password opened for that call alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from callwright.domain.errors import ConfigurationError, UnavailableError, VaultLockedError
from callwright.domain.limits import INBOUND_LOOKUP_SECONDS, MAX_TRUNKS_KEPT
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger
from callwright.platform.phone_numbers.rules import dialled_form
from callwright.platform.provider_keys.rules.sealing import WrappedKey
from callwright.platform.sip_trunks.rules import SDES, USERPASS, SipTrunk, TrunkSettings, secret_name
from callwright.ports.trunk_lines import TrunkLine
from callwright.ports.vault import Vault


class TrunkRoutes:
    """Finds trunks by the number a call is made from."""

    def __init__(self, ledger: Ledger, vault: Vault) -> None:
        self._ledger = ledger
        self._vault = vault

    async def route(self, execution: Execution) -> Mapping[str, Any]:
        """The ``trunk`` option of the call's dial. Raises ConfigurationError when its number has no active trunk any more, VaultLockedError
        when the password cannot be opened, UnavailableError without a database."""
        try:
            async with asyncio.timeout(INBOUND_LOOKUP_SECONDS):
                return await self._route(execution)
        except TimeoutError:
            raise UnavailableError("the database with the SIP trunks does not answer") from None

    async def _route(self, execution: Execution) -> Mapping[str, Any]:
        async with self._ledger.unit() as unit:
            tenant = await unit.accounts.tenant(execution.tenant_id)
            # A sub-account uses the numbers of its organisation.
            owner = (tenant.parent_id if tenant is not None else None) or execution.tenant_id
            trunk = await unit.trunks.of_number(owner, dialled_form(execution.from_number))
            data_key = await unit.provider_keys.data_key(owner)
        if trunk is None:
            raise ConfigurationError(f"{execution.from_number} is no number of an active SIP trunk any more")
        password = ""
        if trunk.settings.auth_type == USERPASS and trunk.sealed is not None and data_key is not None:
            password = self._vault.open(data_key, secret_name(trunk.id), trunk.sealed)
        return _option(trunk, password, execution.id)

    async def lines(self) -> list[TrunkLine]:
        """The active trunks that are registered or whose gateways are asked, of every organisation."""
        found = []
        async with self._ledger.reading() as unit:
            for trunk in await unit.trunks.active(MAX_TRUNKS_KEPT):
                settings = trunk.settings
                if settings.registers or settings.qualify_seconds:
                    data_key = await unit.provider_keys.data_key(trunk.tenant_id) if settings.registers else None
                    found.append(self._line(trunk, data_key))
        return found

    def _line(self, trunk: SipTrunk, data_key: WrappedKey | None) -> TrunkLine:
        settings = trunk.settings
        password = ""
        if trunk.sealed is not None and data_key is not None:
            # Where secrets cannot be opened, the registrar says that the password is wrong; the log says why since the start.
            with suppress(VaultLockedError):
                password = self._vault.open(data_key, secret_name(trunk.id), trunk.sealed)
        gateways = sorted(settings.gateways, key=lambda gateway: gateway.priority)
        return TrunkLine(
            id=trunk.id,
            gateways=tuple((gateway.address, gateway.port) for gateway in gateways),
            transport=settings.transport.removeprefix("transport-"),
            encryption=_encryption(settings),
            qualify_seconds=settings.qualify_seconds,
            registers=settings.registers,
            username=settings.auth_username,
            password=password,
        )


def _encryption(settings: TrunkSettings) -> str:
    if settings.must_encrypt:
        return "required"
    return "optional" if settings.media_encryption == SDES else "clear"


def _option(trunk: SipTrunk, password: str, call: str) -> dict[str, Any]:
    settings = trunk.settings
    proves = settings.auth_type == USERPASS
    return {
        "id": trunk.id,
        "name": settings.name,
        "undiallable": settings.undiallable,
        "gateways": [(gateway.address, gateway.port) for gateway in settings.in_order(call)],
        "leading_plus": settings.leading_plus,
        "transport": settings.transport.removeprefix("transport-"),
        "encryption": _encryption(settings),
        "username": settings.auth_username if proves else "",
        "password": password,
    }
