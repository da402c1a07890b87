"""What every command stands on: data folder, secret, database, ledger, plugins, the guarded client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callwright.bootstrap.plugins import PluginInstances, installed_plugins, provider_defaults
from callwright.call.live.access import TenantAccess
from callwright.call.live.availability import AvailabilitySettings, PluginAvailability
from callwright.call.live.equipment import LocalEars, billed_by
from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.domain.limits import MAX_WEBHOOKS_SENT
from callwright.lab.caller_scenario import Scenario
from callwright.lab.line_conditions import line_of
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ops.country_rules import load_country_rules
from callwright.ops.folders import DataFolder, RecordingFiles
from callwright.ops.ids import RandomIds
from callwright.ops.master_key import MasterKeys
from callwright.ops.price_book import load_price_book
from callwright.ops.secret import SECRET_FILE, ServerSecrets
from callwright.ops.settings import Settings
from callwright.ops.vault import SealedVault
from callwright.outbox.publication import BatchWebhookPublisher, WebhookPublisher
from callwright.platform.dialling.rules.country_rules import CountryRules
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import DatedPrices
from callwright.platform.services import CallControl, CallPolicy, NoChats, Services
from callwright.ports.chat import Chats
from callwright.ports.registry import Registry
from callwright.storage.embedded import EmbeddedPostgres
from callwright.storage.migrate import migrate
from callwright.telephony.loopback.carrier import load_scenario

_CONNECTIONS = 2 * MAX_WEBHOOKS_SENT + 50
"""Webhooks of executions and of batches at once, and what else is sent with the same client."""


@dataclass(frozen=True, slots=True)
class Foundation:
    """The parts that commands and the server share. ``embedded`` is None when ``DATABASE_URL`` names another database."""

    settings: Settings
    folder: DataFolder
    secrets: ServerSecrets = field(repr=False)
    dsn: str = field(repr=False)
    embedded: EmbeddedPostgres | None
    ledger: Ledger
    clock: SystemClock
    ids: RandomIds
    recordings: RecordingFiles
    book: DatedPrices
    countries: Mapping[str, CountryRules]
    callers: Scenario
    plugins: PluginInstances
    client: GuardedClient
    masters: MasterKeys = field(repr=False)

    @property
    def vault(self) -> SealedVault:
        """Seals provider keys."""
        return SealedVault(self.masters)

    def publisher(self, public_url: str) -> WebhookPublisher:
        """Webhooks of changes, with links below ``public_url``."""
        return WebhookPublisher(public_url, self.settings.publish_queued, self.ids.uuid, self.clock.now)

    def batch_publisher(self) -> BatchWebhookPublisher:
        """Webhooks of batches."""
        return BatchWebhookPublisher(self.ids.uuid, self.clock.now)

    def access(self) -> TenantAccess:
        """Completes agents with their organisation's provider keys."""
        return TenantAccess(self.ledger, self.vault, self.clock, self.plugins.key_names_of)

    def availability(self) -> PluginAvailability:
        """What can be used here. Its answers make plugins: ``plugins.use`` comes first."""
        s = self.settings
        settings = AvailabilitySettings(s.carrier, self.policy().defaults, LocalEars(s.vad, s.turn), s.sandbox)
        return PluginAvailability(self.plugins.registry, self.plugins, self.access(), settings)

    def policy(self) -> CallPolicy:
        """How calls are placed, by the settings."""
        s = self.settings
        callers = frozenset({*self.callers.personas, *self.callers.numbers})
        return CallPolicy(
            carrier=s.carrier,
            from_number=s.from_number,
            strict=s.strict,
            defaults=provider_defaults(s),
            callers=callers,
            allow_private_urls=s.allow_private_urls,
            sip_call_headers=s.sip_call_headers,
            trunk_networks=s.trunk_networks,
        )


class NoCallControl:
    """``CallControl`` of a command that runs no calls: the owner of a call reads the wish from its row."""

    async def request_stop(self, execution_id: str, by: str, reason: str) -> None:
        """Nothing to reach from here."""

    async def deliver_events(self, execution_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Nothing to reach from here."""

    async def request_capture(self, execution_id: str, wish: Mapping[str, Any]) -> None:
        """Nothing to reach from here."""


class NoDatabaseError(BadInputError):
    """The data folder has no database, and a command that reads or changes an installation makes none."""

    hint = (
        "Name the data folder with --data or CALLWRIGHT_DATA, or the database with DATABASE_URL; `callwright serve` makes a new"
        " one."
    )


@asynccontextmanager
async def open_foundation(
    settings: Settings, *, may_make: bool = False, registry: Registry | None = None
) -> AsyncIterator[Foundation]:
    """Prepare the data folder, start or join the database, bring its schema up to date and connect.

    With ``may_make`` a data folder without a database gets one. ``registry``: the plugins, else those installed. Everything that can be
    checked before the database starts is. Raises ConfigurationError (a setting is wrong), NoDatabaseError and UnavailableError (the
    database cannot be reached).
    """
    is_made = EmbeddedPostgres(settings.data).is_made
    if not (may_make or settings.database_url or is_made):
        raise NoDatabaseError(f"there is no database in {settings.data.resolve()}, and DATABASE_URL names none")
    if is_made and not (may_make or settings.secret or (settings.data / SECRET_FILE).exists()):
        # A secret of its own would make keys that the server refuses.
        raise ConfigurationError(
            f"{settings.data.resolve()} has a database and no secret: give this command the CALLWRIGHT_SECRET of the server, or start the"
            " server first"
        )
    folder = DataFolder(settings.data)
    folder.prepare()
    secrets = ServerSecrets(settings.secret, folder.path)
    masters = MasterKeys(settings.master_key, folder.path)
    book = load_price_book(settings.price_book)
    countries = load_country_rules(settings.country_rules)
    callers = load_scenario(str(settings.scenario or ""))
    async with AsyncExitStack() as stack:
        embedded: EmbeddedPostgres | None = None
        dsn = settings.database_url
        if not dsn:
            embedded = await stack.enter_async_context(EmbeddedPostgres(folder.path))
            dsn = embedded.dsn
        await migrate(dsn)
        ledger = Ledger(dsn)
        await ledger.open()
        stack.push_async_callback(ledger.aclose)
        client = await stack.enter_async_context(
            GuardedClient(allow_private=settings.allow_private_urls, connections=_CONNECTIONS)
        )
        if registry is None:
            registry = await asyncio.to_thread(installed_plugins)
        plugins = PluginInstances(registry)
        stack.push_async_callback(plugins.aclose)
        yield Foundation(
            settings=settings,
            folder=folder,
            secrets=secrets,
            dsn=dsn,
            embedded=embedded,
            ledger=ledger,
            clock=SystemClock(),
            ids=RandomIds(),
            recordings=RecordingFiles(folder.recordings),
            book=book,
            countries=countries,
            callers=callers,
            plugins=plugins,
            client=client,
            masters=masters,
        )


def services_over(
    foundation: Foundation,
    publisher: WebhookPublisher,
    control: CallControl,
    agent_saved: Callable[[Mapping[str, Any]], None] = lambda _: None,
    chats: Chats | None = None,
    key_used: Callable[[str, datetime], None] = lambda _, __: None,
) -> Services:
    """The use cases' services over a foundation."""
    return Services(
        ledger=foundation.ledger,
        clock=foundation.clock,
        ids=foundation.ids,
        publisher=publisher,
        control=control,
        recordings=foundation.recordings,
        names=foundation.plugins.registry.names,
        policy=foundation.policy(),
        key_secrets=lambda: foundation.secrets.derived("api-keys"),
        agent_saved=agent_saved,
        availability=foundation.availability(),
        chats=chats or NoChats(),
        key_used=key_used,
        check_line=line_of,
        webhook_secret=foundation.settings.webhook_secret,
        show_sub_account_keys=foundation.settings.show_sub_account_keys,
        vault=foundation.vault,
        plugins=foundation.plugins.registry.all,
        voice_of=lambda name: foundation.plugins("voice", name),
        batch_publisher=foundation.batch_publisher(),
        allow_private_urls=foundation.settings.allow_private_urls,
        upload_quota_bytes=foundation.settings.upload_quota_mb * 1_048_576,
        prices=foundation.book,
        billed_as=billed_by(foundation.plugins),
    )


@asynccontextmanager
async def open_actions(settings: Settings) -> AsyncIterator[Services]:
    """The use cases for a command line tool, without running calls. Raises as :func:`open_foundation`, which makes no database."""
    async with open_foundation(settings) as foundation:
        yield services_over(foundation, foundation.publisher(settings.public_url), NoCallControl())
