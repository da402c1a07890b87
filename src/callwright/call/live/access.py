"""What an agent's providers get from its organisation: provider keys, opened for one call, and the endpoints of its own models.

Read anew for every call, so a key that was replaced is used by the next one. An agent whose providers need none costs no look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from callwright.domain.errors import UnavailableError, VaultLockedError
from callwright.domain.limits import ACCESS_SECONDS
from callwright.platform.agents.rules.credentials import Credential, credential_name, credentials_of, with_credentials
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.custom_models.rules import CUSTOM, CustomModel, key_names, named
from callwright.platform.ledger import Ledger
from callwright.platform.phone_numbers.rules import dialled_form
from callwright.platform.provider_keys.rules.access import Access, Reach, reach_of_agent
from callwright.platform.provider_keys.rules.provider_key import ProviderKey
from callwright.platform.provider_keys.rules.sealing import WrappedKey, sealed_bytes
from callwright.platform.unit import Unit
from callwright.ports.vault import Vault
from callwright.ports.world import Clock

KeyNames = Callable[[str, str], Sequence[str] | None]
"""The provider keys a plugin of that kind and name asks for, in the order in which the first one counts; None for no such plugin."""

_Read = TypeVar("_Read")

_TRIES = 3
_RETRY_SECONDS = 1.0


Fitting = Callable[[ProviderChoice], ProviderChoice]
"""A model with what the organisation has with its provider. Raises VaultLockedError."""


def as_it_is(choice: ProviderChoice) -> ProviderChoice:
    """``Fitting`` where no organisation has anything."""
    return choice


class Accesses(Protocol):
    """Completes agents with what their organisation has."""

    async def fit(self, tenant_id: str, spec: AgentSpec) -> AgentSpec:
        """``spec`` with the access of each of its providers. Raises VaultLockedError, or UnavailableError without a database."""
        ...

    async def fitting(self, tenant_id: str) -> Fitting:
        """The same for single models, as the organisation is now. Raises UnavailableError."""
        ...

    async def of_carrier(self, tenant_id: str, carrier: str) -> Access:
        """What a carrier gets for a call that it is to place. Raises VaultLockedError, or UnavailableError without a database."""
        ...

    async def opened(self, tenant_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """An agent's body with its credentials in clear: for its calls and webhooks, never stored. Raises VaultLockedError, or
        UnavailableError without a database."""
        ...


class NoAccess:
    """``Accesses`` where no organisation has anything."""

    async def fit(self, tenant_id: str, spec: AgentSpec) -> AgentSpec:
        """``spec`` as it is."""
        return spec

    async def fitting(self, tenant_id: str) -> Fitting:
        """Changes nothing."""
        return as_it_is

    async def of_carrier(self, tenant_id: str, carrier: str) -> Access:
        """Nothing."""
        return Access()

    async def opened(self, tenant_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """``body`` as it is."""
        return body


@dataclass(frozen=True, slots=True)
class _Belongings:
    """What an organisation has, still sealed."""

    keys: Mapping[str, ProviderKey]
    data_key: WrappedKey | None
    models: Mapping[str, CustomModel]
    owned: bool
    """Whether the agents are the organisation's own, and not a sub-account's, which uses the keys and must not learn them."""

    def trusts(self, address: str) -> bool:
        """Whether an address that an agent names may have the keys for any endpoint."""
        return self.owned or address.rstrip("/") in {model.url for model in self.models.values()}


class TenantAccess:
    """``Accesses`` over the ledger and the vault."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock, key_names_of: KeyNames) -> None:
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._key_names_of = key_names_of

    async def fit(self, tenant_id: str, spec: AgentSpec) -> AgentSpec:
        """See :class:`Accesses`."""
        return self._with(spec, await self._belongings(tenant_id)) if self._needs(spec) else spec

    async def fit_in(self, unit: Unit, tenant_id: str, spec: AgentSpec) -> AgentSpec:
        """The same, read in the caller's transaction."""
        return self._with(spec, await _read(unit, tenant_id)) if self._needs(spec) else spec

    def _needs(self, spec: AgentSpec) -> bool:
        models = [spec.model, *(task.model for task in spec.post_call)]
        wanted = [("transcriber", spec.transcriber), ("voice", spec.voice), *(("model", choice) for choice in models)]
        return any(self._asks(kind, choice) for kind, choice in wanted)

    def _with(self, spec: AgentSpec, has: _Belongings) -> AgentSpec:
        return replace(
            spec,
            transcriber=self._fitted("transcriber", spec.transcriber, has),
            voice=self._fitted("voice", spec.voice, has),
            model=self._fitted("model", spec.model, has),
            post_call=tuple(replace(task, model=self._fitted("model", task.model, has)) for task in spec.post_call),
            custom_questions=None
            if spec.custom_questions is None
            else replace(spec.custom_questions, model=self._fitted("model", spec.custom_questions.model, has)),
        )

    async def fitting(self, tenant_id: str) -> Fitting:
        """See :class:`Accesses`."""
        has = await self._belongings(tenant_id)
        return lambda choice: self._fitted("model", choice, has)

    async def of_carrier(self, tenant_id: str, carrier: str) -> Access:
        """See :class:`Accesses`. A carrier that asks for no keys costs no look."""
        names = self._key_names_of("carrier", carrier)
        return Access(self._opened(names, await self._belongings(tenant_id))) if names else Access()

    async def of_number(self, carrier: str, number: str) -> Access | None:
        """See ``ports.registry.CarrierAccounts``."""

        async def owner(unit: Unit) -> str | None:
            found = await unit.numbers.called_at(carrier, dialled_form(number))
            return None if found is None else found.tenant_id

        tenant_id = await patiently(self._ledger, self._clock, owner)
        return None if tenant_id is None else await self.of_carrier(tenant_id, carrier)

    async def opened(self, tenant_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """See :class:`Accesses`."""
        if all(sealed_bytes(one.text) is None for one in credentials_of(body)):
            return body
        data_key = await patiently(self._ledger, self._clock, lambda unit: _data_key(unit, tenant_id))
        name = credential_name(tenant_id)

        def clear(one: Credential) -> str:
            sealed = sealed_bytes(one.text)
            return one.text if sealed is None else self._vault.open(data_key, name, sealed)

        return with_credentials(body, clear)

    def _asks(self, kind: str, choice: ProviderChoice) -> bool:
        return any(self._asks_itself(kind, one) for one in (choice, *choice.fallbacks))

    def _asks_itself(self, kind: str, choice: ProviderChoice) -> bool:
        names = self._key_names_of(kind, choice.provider)
        # A provider that is not installed may be a model of the organisation's own.
        return kind == "model" if names is None else bool(names)

    def _fitted(self, kind: str, choice: ProviderChoice, has: _Belongings) -> ProviderChoice:
        fitted = self._fitted_itself(kind, choice, has)
        return replace(fitted, fallbacks=tuple(self._fitted_itself(kind, one, has) for one in choice.fallbacks))

    def _fitted_itself(self, kind: str, choice: ProviderChoice, has: _Belongings) -> ProviderChoice:
        names = self._key_names_of(kind, choice.provider)
        base_url = str(choice.options.get("base_url") or "") if kind == "model" else ""
        if kind == "model" and (names is None or (choice.provider == CUSTOM and not base_url)):
            model = named(has.models, choice.provider, choice.model)
            if model is not None:
                choice = replace(choice, provider=CUSTOM, model=model.model)
                return self._given(choice, Reach(key_names(model.name), model.url), has)
        return (
            self._given(choice, reach_of_agent(names, base_url, trusted=has.trusts(base_url)), has) if names else choice
        )

    def _given(self, choice: ProviderChoice, reach: Reach, has: _Belongings) -> ProviderChoice:
        keys = self._opened(reach.names, has)
        return replace(choice, access=Access(keys, reach.base_url, reach.refused_url, reach.withheld))

    def _opened(self, names: Sequence[str], has: _Belongings) -> dict[str, str]:
        if has.data_key is None:
            return {}
        return {name: self._vault.open(has.data_key, name, has.keys[name].sealed) for name in names if name in has.keys}

    async def _belongings(self, tenant_id: str) -> _Belongings:
        return await patiently(self._ledger, self._clock, lambda unit: _read(unit, tenant_id))


async def patiently(ledger: Ledger, clock: Clock, read: Callable[[Unit], Awaitable[_Read]]) -> _Read:
    """What ``read`` returns; it may only read. A database that was there a moment ago, when the call was claimed, is asked again before the
    call is given up. Raises UnavailableError."""
    for left in reversed(range(_TRIES)):
        try:
            async with asyncio.timeout(ACCESS_SECONDS), ledger.reading() as unit:
                return await read(unit)
        except (UnavailableError, TimeoutError):
            if not left:
                raise UnavailableError("the database with the provider keys cannot be reached") from None
        await clock.sleep(_RETRY_SECONDS)
    raise AssertionError("the last try returns or raises")


async def owner_of(unit: Unit, tenant_id: str) -> str:
    """The organisation whose keys and trunks an account uses: a sub-account uses what its organisation has."""
    tenant = await unit.accounts.tenant(tenant_id)
    return (tenant.parent_id if tenant is not None else None) or tenant_id


async def _data_key(unit: Unit, tenant_id: str) -> WrappedKey:
    found = await unit.provider_keys.data_key(await owner_of(unit, tenant_id))
    if found is None:
        raise VaultLockedError(
            "the data key of the agent's organisation is not in the database; restore it from a backup"
        )
    return found


async def _read(unit: Unit, tenant_id: str) -> _Belongings:
    tenant = await unit.accounts.tenant(tenant_id)
    owner = (tenant.parent_id if tenant is not None else None) or tenant_id
    return _Belongings(
        keys={key.name.upper(): key for key in await unit.provider_keys.all(owner)},
        data_key=await unit.provider_keys.data_key(owner),
        models={model.name: model for model in await unit.custom_models.all(owner)},
        owned=tenant is not None and owner == tenant_id,
    )
