"""The whole platform in one process: API, calls, webhooks and background jobs over one foundation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from fastapi import FastAPI

from callwright import __version__
from callwright.api.app import build_app
from callwright.api.doors import Doors
from callwright.api.rates import RateLimits
from callwright.api.services import ApiServices
from callwright.bootstrap.batch_outbox import BatchOutboxLedger
from callwright.bootstrap.carriers import mount_doors, open_carriers
from callwright.bootstrap.foundation import Foundation, open_foundation, services_over
from callwright.bootstrap.plugins import check_names, installed_plugins, plugins_of_server, setting_texts
from callwright.bootstrap.replaying import ReplayProcesses
from callwright.bootstrap.trunks import TrunkReadiness
from callwright.call.afterwards.handed_over import HandedOver
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.caller_lookup import CallerLookup
from callwright.call.live.deps import RuntimeDeps, RuntimeSettings
from callwright.call.live.equipment import LocalEars
from callwright.call.live.recorder import APPEND_SECONDS
from callwright.call.live.trunk_routes import TrunkRoutes
from callwright.call.live.web_tools import WebDesk
from callwright.call.process.runtime import CallRuntime
from callwright.campaigns.release import Release
from callwright.dashboard.site import DashboardSite
from callwright.domain.errors import ConfigurationError, UnavailableError, VaultLockedError
from callwright.domain.limits import MODEL_LIST_SECONDS
from callwright.domain.number import SIP
from callwright.domain.rates import read_rates
from callwright.insight.record import execution_body
from callwright.net.client import GuardedClient
from callwright.ops.gathering_executor import GatheringExecutor
from callwright.ops.interpreter import set_for_calls
from callwright.ops.metrics import Metrics
from callwright.ops.rounds import round_boundary
from callwright.ops.security_log import SecurityLog
from callwright.ops.settings import Settings, check_sip_files
from callwright.outbox.deliver import DeliverySettings, HeadersOf, OutboxLedger, SecretsOf, WebhookDelivery
from callwright.outbox.ordering import order_forever
from callwright.outbox.publication import WebhookPublisher
from callwright.outbox.sign import decode_secret, signature_headers
from callwright.platform.agents.actions.credentials import seal_at_start
from callwright.platform.agents.actions.end import PURGE_AGENT_JOB, AgentPurge
from callwright.platform.agents.rules.availability import Lack
from callwright.platform.batches.actions.stop import STOPPED_CONTACTS_JOB, StoppedContacts
from callwright.platform.dialling.actions import Decisions
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.jobs.runner import Handler, JobRunner
from callwright.platform.keys.actions.use import KeyUse
from callwright.platform.prices.actions import refresh_prices, unused_prices
from callwright.platform.provider_keys.actions.keys import check_vault
from callwright.platform.services import NoWebCalls, Services
from callwright.platform.sip_trunks.rules import PROVIDER as SIP_TRUNK
from callwright.platform.sub_accounts.actions.end import PURGE_JOB, AccountPurge
from callwright.platform.tools.rules.request import HEADER_BLANKS
from callwright.platform.webhooks.actions import webhook_secrets
from callwright.platform.webhooks.rules.outbox import OutboxEntry
from callwright.ports.leg import RoutesNumbers
from callwright.ports.market import NumberMarket
from callwright.ports.model import ModelSettings, RemoteModel
from callwright.ports.registry import PluginContext, Registry
from callwright.ports.trunk_lines import NoTrunkStates, TrunkStates
from callwright.ports.web_call import WEB_CALL, WebCalls

_LOG = logging.getLogger(__name__)

_WATCH_SECONDS, _AGAIN_SECONDS = 30.0, 5.0
_PRUNE_US = 60_000_000
_AUDIT_SECONDS = 600.0


@dataclass(slots=True)
class Platform:
    """A running platform. ``draining`` turns requests to other processes away by ``/readyz``. ``endpoint_failure``: why the endpoint of
    CALLWRIGHT_MODEL_BASE_URL could not be used at the start, or nothing."""

    foundation: Foundation
    runtime: CallRuntime
    services: Services
    app: FastAPI
    draining: bool = False
    endpoint_failure: str = ""
    work: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def ended_loops(self) -> list[str]:
        """What should run for ever in this process and does not any more."""
        return [*self.runtime.ended_loops, *(task.get_name() for task in self.work if task.done())]

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What the server's own recogniser, voice and model lack."""
        return self.foundation.availability().of_this_server()

    async def drain(self) -> None:
        """Take no more calls and let those under way come to their end, as long as the settings allow."""
        self.draining = True
        _LOG.info("draining: %d calls under way", self.runtime.live_calls)
        await self.runtime.drain(self.foundation.settings.drain_seconds)


@asynccontextmanager
async def open_platform(
    settings: Settings, public_url: str, registry: Registry | None = None
) -> AsyncIterator[Platform]:
    """Start everything. ``public_url`` is how the outside reaches the API; ``registry`` has the plugins, else those installed.

    Leaving stops in the opposite order; calls that are still under way are settled by the next process. Raises ConfigurationError for a
    setting that is wrong, before the database starts.
    """
    if registry is None:
        registry = await asyncio.to_thread(installed_plugins)
    check_names(settings, registry)
    registry = plugins_of_server(registry, settings)
    _check(settings)
    async with AsyncExitStack() as stack:
        foundation = await stack.enter_async_context(open_foundation(settings, may_make=True, registry=registry))
        metrics = Metrics()
        market_client = await stack.enter_async_context(GuardedClient(allow_private=settings.allow_private_urls))
        doors = Doors(public_url, foundation.ids, foundation.clock)
        foundation.plugins.use(_plugin_context(foundation, market_client, metrics, doors))
        publisher = foundation.publisher(public_url)
        disk = stack.enter_context(GatheringExecutor(ThreadPoolExecutor(1, "recordings"), APPEND_SECONDS))
        # Connections of their own: tools that are slow must not keep webhooks waiting, nor the other way round.
        client = GuardedClient(allow_private=settings.allow_private_urls, connections=2 * settings.max_calls)
        desk = _web_desk(foundation, await stack.enter_async_context(client), public_url)
        lookup = CallerLookup(client, foundation.ledger)
        runtime = CallRuntime(_runtime_deps(foundation, publisher, metrics, disk, desk, lookup))
        use = KeyUse()
        services = services_over(
            foundation, publisher, runtime.control, runtime.preparer.agent_saved, runtime.chats, use.note
        )
        services = replace(
            services,
            questions=runtime.questions,
            renders_speech=True,
            tool_trials=runtime.tool_trials,
            markets=_markets(foundation),
            number_routes=_number_routes(foundation),
            public_url=public_url,
            replays=_replays(foundation),
            web_calls=_web_calls(foundation),
            trunks=_trunk_states(foundation),
        )
        platform = Platform(foundation, runtime, services, FastAPI())
        platform.app = build_app(
            _api_services(platform, services, metrics, public_url), doors, DashboardSite(foundation.ids)
        )
        await _read_prices(services)
        await _check_vault(services)
        platform.endpoint_failure = await _probe_endpoint(foundation)
        await _preload(foundation)
        await runtime.start()
        stack.push_async_callback(runtime.aclose)
        handlers = {
            **runtime.jobs,
            **_deletions(services),
            STOPPED_CONTACTS_JOB: _stopped_contacts(foundation, publisher).run,
        }
        jobs = JobRunner(foundation.dsn, handlers)
        delivery = _delivery(foundation, foundation.ledger, runtime, metrics)
        of_batches = _delivery(foundation, BatchOutboxLedger(foundation.ledger), runtime, metrics)
        platform.work = [
            _task("jobs", jobs.run()),
            _task("webhooks", delivery.run()),
            _task("webhooks of batches", of_batches.run()),
            _task("events", _order_events(foundation)),
            _task("batches", _release(foundation, publisher).forever()),
            _task("database", _watch_database(foundation, use, metrics, services)),
            _task("audit trail", _prune_audit(foundation)),
            *_trunk_work(services.trunks),
        ]
        stack.push_async_callback(use.write, foundation.ledger, foundation.clock.now(), all_of_them=True)
        stack.push_async_callback(_end_work, platform.work, jobs, delivery, of_batches)
        mount_doors(foundation.plugins, doors, sip=bool(settings.sip_listen))
        await open_carriers(foundation.plugins, runtime.desk, sip=bool(settings.sip_listen))
        set_for_calls()
        yield platform


def _check(settings: Settings) -> None:
    """What settings name must be there. Raises ConfigurationError."""
    if settings.webhook_secret:
        decode_secret(settings.webhook_secret)
    if settings.sip_listen:
        check_sip_files(settings)
    if settings.ambient is not None and not settings.ambient.is_dir():
        raise ConfigurationError(f"CALLWRIGHT_AMBIENT: {settings.ambient} is no folder")


async def _read_prices(services: Services) -> None:
    """Take the rows that were added by the API, and log those that no usage is billed by."""
    await refresh_prices(services)
    for unused in unused_prices(services):
        _LOG.warning("%s", unused)


async def _check_vault(services: Services) -> None:
    """Say at the start that stored secrets cannot be opened; calls that need none are served all the same. Seal what an earlier version
    stored in clear, before calls copy it."""
    try:
        await check_vault(services)
        await seal_at_start(services)
    except (VaultLockedError, ConfigurationError) as error:
        _LOG.error("%s", error.message)


async def _probe_endpoint(foundation: Foundation) -> str:
    """Logs whether the endpoint of CALLWRIGHT_MODEL_BASE_URL can be used. Returns why not, or nothing. The server starts without it, for it
    may come later."""
    if not foundation.settings.model_base_url:
        return ""
    failures: list[str] = []
    model, wanted = foundation.plugins("model", "custom"), ModelSettings()
    if isinstance(model, RemoteModel):
        host = model.host(wanted)
        with plugin_boundary(
            "custom", lambda _, message: failures.append(f"the model at {host} cannot be used now: {message}")
        ):
            async with asyncio.timeout(MODEL_LIST_SECONDS):
                _LOG.info("the model at %s: %s", host, await model.probe(wanted))
    for failure in failures:
        _LOG.warning("%s", failure)
    return "; ".join(failures)


async def _preload(foundation: Foundation) -> None:
    """Imports the clients of the vendors of which somebody has a key, while no call can notice the pause."""
    async with foundation.ledger.reading() as unit:
        names = await unit.provider_keys.stored_names()
    for plugin in foundation.plugins.registry.all():
        if plugin.preload is not None and names.intersection(plugin.keys):
            # The first call says what is wrong with it.
            with plugin_boundary(plugin.name, lambda _, message: _LOG.warning("not loaded yet: %s", message)):
                plugin.preload()


def _plugin_context(foundation: Foundation, client: GuardedClient, metrics: Metrics, doors: Doors) -> PluginContext:
    settings = foundation.settings
    return PluginContext(
        setting_texts(settings),
        settings.models.expanduser(),
        foundation.plugins,
        http=client,
        gauges=metrics,
        doors=doors,
        accounts=foundation.access(),
        handed=HandedOver(foundation.ledger, foundation.access()),
    )


def _replays(foundation: Foundation) -> ReplayProcesses:
    settings = foundation.settings
    return ReplayProcesses(
        foundation.policy().defaults,
        setting_texts(settings),
        settings.models.expanduser(),
        foundation.plugins,
        foundation.access(),
    )


def _trunk_states(foundation: Foundation) -> TrunkStates:
    """What keeps SIP trunks ready, where their plugin is installed and SIP is on."""
    if not foundation.settings.sip_listen or not foundation.plugins.registry.has("carrier", SIP_TRUNK):
        return NoTrunkStates()
    carrier = foundation.plugins("carrier", SIP_TRUNK)
    return TrunkReadiness(carrier, TrunkRoutes(foundation.ledger, foundation.vault).lines)


def _trunk_work(trunks: TrunkStates) -> list[asyncio.Task[None]]:
    return [_task("SIP trunks", trunks.forever())] if isinstance(trunks, TrunkReadiness) else []


def _markets(foundation: Foundation) -> dict[str, NumberMarket]:
    """The carriers that rent numbers, by name."""
    names = [plugin.name for plugin in foundation.plugins.registry.all() if plugin.kind == "market"]
    return {name: foundation.plugins("market", name) for name in names}


def _number_routes(foundation: Foundation) -> dict[str, RoutesNumbers]:
    """The carriers whose vendors can be told where to ask about calls, by name."""
    names = [plugin.name for plugin in foundation.plugins.registry.all() if plugin.kind == "carrier" and plugin.keys]
    carriers = {name: foundation.plugins("carrier", name) for name in names}
    return {name: carrier for name, carrier in carriers.items() if isinstance(carrier, RoutesNumbers)}


def _web_calls(foundation: Foundation) -> WebCalls:
    """The carrier of web calls, where its plugin is installed."""
    if not foundation.plugins.registry.has("carrier", WEB_CALL):
        return NoWebCalls()
    calls: WebCalls = foundation.plugins("carrier", WEB_CALL)
    return calls


def _runtime_deps(
    foundation: Foundation,
    publisher: WebhookPublisher,
    metrics: Metrics,
    disk: Executor,
    desk: WebDesk,
    lookup: CallerLookup,
) -> RuntimeDeps:
    settings = foundation.settings
    return RuntimeDeps(
        ledger=foundation.ledger,
        clock=foundation.clock,
        ids=foundation.ids,
        plugin=foundation.plugins,
        publisher=publisher,
        recordings=foundation.recordings,
        data_folder=foundation.folder.path,
        book=foundation.book,
        disk=disk,
        metrics=metrics,
        settings=RuntimeSettings(
            node_name=settings.node_name,
            max_calls=settings.max_calls,
            inbound_per_second=settings.inbound_per_second,
            retention_days=settings.retention_days,
            ears=LocalEars(settings.vad, settings.turn),
            defaults=foundation.policy().defaults,
            ambient_folder=settings.ambient,
            ringing_tone=settings.ringing_tone,
            refuse_unfunded=settings.refuse_unfunded,
        ),
        tools_of=desk.tools,
        caller_lookup=lookup,
        trunks=TrunkRoutes(foundation.ledger, foundation.vault),
        write_contacts=_stopped_contacts(foundation, publisher).write,
        access=foundation.access(),
        availability=foundation.availability(),
        decisions=Decisions(foundation.countries),
        files=foundation.client,
    )


def _secrets_of(foundation: Foundation) -> SecretsOf:
    """The secrets that sign an organisation's webhooks: its own, else that of the settings."""
    configured = foundation.settings.webhook_secret
    default = decode_secret(configured) if configured else b""

    async def secrets_of(tenant_id: str) -> tuple[bytes, ...]:
        return await webhook_secrets(foundation.ledger, foundation.vault, tenant_id, default)

    return secrets_of


def _headers_of(foundation: Foundation) -> HeadersOf:
    """The headers of a webhook, which are sealed as those of its agent are."""
    access = foundation.access()

    async def headers_of(entry: OutboxEntry) -> dict[str, str]:
        opened = await access.opened(entry.tenant_id, {"webhook_headers": entry.headers})
        return {name: value.strip(HEADER_BLANKS) for name, value in opened["webhook_headers"].items()}

    return headers_of


def _web_desk(foundation: Foundation, client: GuardedClient, public_url: str) -> WebDesk:
    secrets_of = _secrets_of(foundation)

    async def row(execution_id: str) -> Execution | None:
        async with foundation.ledger.unit() as unit:
            return await unit.executions.get_any(execution_id)

    async def sign(tenant_id: str, body: bytes) -> dict[str, str]:
        secrets = await secrets_of(tenant_id)
        if not secrets:
            return {}
        secret, *former = secrets
        stamp = int(foundation.clock.now().timestamp())
        return signature_headers(secret, foundation.ids.uuid(), stamp, body, *former)

    return WebDesk(
        sender=client,
        clock=foundation.clock,
        row=row,
        body=lambda execution: execution_body(execution, public_url=public_url),
        sign=sign,
    )


def _api_services(platform: Platform, services: Services, metrics: Metrics, public_url: str) -> ApiServices:
    settings = platform.foundation.settings

    async def ready() -> None:
        if platform.draining:
            raise UnavailableError("this process is draining and takes no new work")
        if platform.ended_loops:
            raise UnavailableError(
                f"restart this process: its {', '.join(platform.ended_loops)} ended; the log says why"
            )

    return ApiServices(
        actions=services,
        live=platform.runtime.live,
        metrics=metrics,
        ready=ready,
        # Without an address the carrier for SIP is not made, and cannot tell itself that it is off.
        carriers=lambda: {SIP: "off", **platform.foundation.plugins.states()},
        lacking=lambda: list(dict.fromkeys(lack.sentence for lack in platform.lacks)),
        public_url=public_url,
        link_secrets=lambda: platform.foundation.secrets.derived("recording-links"),
        links_end_with_key=settings.links_end_with_key,
        version=__version__,
        cors_origins=settings.cors_origins,
        rates=RateLimits(
            read_rates(settings.rate_limits), lambda: platform.foundation.clock.monotonic_us() / 1_000_000
        ),
        bad_key_status=int(settings.bad_key),
        security=SecurityLog(lambda kind: metrics.security_events.labels(kind=kind).inc()),
    )


def _delivery(foundation: Foundation, ledger: OutboxLedger, runtime: CallRuntime, metrics: Metrics) -> WebhookDelivery:
    timeout_s = foundation.settings.webhook_timeout_s
    settings = DeliverySettings(runtime.incarnation, timeout_s, _secrets_of(foundation), _headers_of(foundation))
    return WebhookDelivery(
        ledger,
        foundation.client,
        foundation.clock,
        settings,
        lambda result: metrics.webhooks.labels(result=result).inc(),
    )


def _task(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work, name=name)
    task.add_done_callback(_report)
    return task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.critical("the %s loop ended with an error: %s", task.get_name(), task.exception())


def _release(foundation: Foundation, publisher: WebhookPublisher) -> Release:
    return Release(
        ledger=foundation.ledger,
        clock=foundation.clock,
        publisher=publisher,
        batch_publisher=foundation.batch_publisher(),
        from_number=foundation.settings.from_number,
        availability=foundation.availability(),
    )


def _deletions(services: Services) -> dict[str, Handler]:
    """The jobs that delete what belonged to accounts and agents."""
    return {
        PURGE_JOB: AccountPurge(services).run,
        PURGE_AGENT_JOB: AgentPurge(services.ledger, services.recordings).run,
    }


def _stopped_contacts(foundation: Foundation, publisher: WebhookPublisher) -> StoppedContacts:
    return StoppedContacts(foundation.ledger, foundation.clock, publisher, foundation.settings.from_number)


async def _end_work(work: list[asyncio.Task[None]], jobs: JobRunner, *deliveries: WebhookDelivery) -> None:
    jobs.stop()
    for delivery in deliveries:
        delivery.stop()
    ending = 1 + len(deliveries)
    _, late = await asyncio.wait(work[:ending], timeout=10)
    for task in (*late, *work[ending:]):
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)


async def _watch_database(foundation: Foundation, use: KeyUse, metrics: Metrics, services: Services) -> None:
    """Start the embedded server again if somebody ended it, prune what is past its time, write when keys were used, and read the prices
    that other processes were given. A connection that is lost is looked into at once, and again until the database answers."""
    pruned_us, wait_s = 0, _AGAIN_SECONDS
    while True:
        await foundation.ledger.wait_for_loss(wait_s)
        wait_s = _AGAIN_SECONDS
        with round_boundary("watching the database"):
            try:
                if foundation.embedded is not None:
                    await asyncio.to_thread(foundation.embedded.ensure_running)
                now_us = foundation.clock.monotonic_us()
                is_due = now_us - pruned_us >= _PRUNE_US
                is_more = is_due and await foundation.ledger.prune()
                if is_due and not is_more:
                    pruned_us = now_us
                await refresh_prices(services)
                async with foundation.ledger.reading() as unit:
                    metrics.webhook_endpoints_paused.set(await unit.endpoints.paused())
                await use.write(foundation.ledger, foundation.clock.now())
                wait_s = _AGAIN_SECONDS if is_more else _WATCH_SECONDS
            except UnavailableError as error:
                _LOG.warning("the database is out of reach: %s", error.message)


async def _order_events(foundation: Foundation) -> None:
    """Put events into the order in which accounts read them."""
    settings = foundation.settings
    days = min(settings.event_days, settings.retention_days or settings.event_days)
    await order_forever(foundation.ledger, foundation.clock, lambda: foundation.clock.now() - timedelta(days=days))


async def _prune_audit(foundation: Foundation) -> None:
    """Delete what is past its time from the audit trail, a little at a time."""
    days = foundation.settings.audit_retention_days
    while True:
        deleted = 0
        with round_boundary("pruning the audit trail"):
            try:
                if days:
                    deleted = await foundation.ledger.prune_audit(foundation.clock.now() - timedelta(days=days))
            except UnavailableError as error:
                _LOG.warning("the audit trail is not pruned now: %s", error.message)
        if deleted:
            _LOG.info("deleted %d entries of the audit trail that are older than %d days", deleted, days)
        await foundation.clock.sleep(_AGAIN_SECONDS if deleted else _AUDIT_SECONDS)
