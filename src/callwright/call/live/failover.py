"""Chains of providers: when one fails, or gives nothing for too long, the next takes over in the middle of the call.

A chain is itself a plugin of the port, so nothing behind it knows of it. What failed before anything was given is asked of the next
provider at once, within the same request. What failed afterwards raises, as a single provider's failure does: the conversation says the
unheard words again, or asks once more, and by then the chain has another provider at work.

A call stays with the provider that took over. Every switch is reported, in the order in which the providers are asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.breakers import Breakers, Service
from callwright.call.live.metering import question_tokens
from callwright.domain.limits import (
    FALLBACK_WARM_SECONDS,
    PROVIDER_CLOSE_SECONDS,
    PROVIDER_FAILED_SECONDS,
    VOICE_CLOSE_SECONDS,
)
from callwright.media.no_speech import no_speech
from callwright.platform.agents.rules.providers import CHAINS
from callwright.ports.billing import Billing, BillingSettings, billed_as
from callwright.ports.failures import RETRYABLE, FailureKind, ProviderError
from callwright.ports.model import Model, ModelDelta, ModelRequest, ModelSettings, costs_nothing
from callwright.ports.speech import UsageAmount, Voice, VoiceChunk, VoiceSettings
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

PluginT = TypeVar("PluginT", bound=Billing)
SettingsT = TypeVar("SettingsT", bound=BillingSettings)
PieceT = TypeVar("PieceT")

_PCM_BYTES_PER_MS = 16
_PAGES = ("<!doctype", "<html", '{"error')
_S = 1_000_000


@dataclass(frozen=True, slots=True)
class ConnectedProvider:
    """A provider as the record names it."""

    kind: str
    provider: str
    model: str = ""
    voice: str = ""
    language: str = ""

    def fact(self, ms: int) -> dict[str, Any]:
        """The values of a fact ``provider_connected``, which took so long."""
        return {**asdict(self), "ms": ms}


@dataclass(frozen=True, slots=True, eq=False)
class Link(Generic[PluginT, SettingsT]):
    """One provider of a chain. ``label``: its name, with the model where another link of the chain has that name too."""

    connection: ConnectedProvider
    plugin: PluginT
    settings: SettingsT
    service: Service
    label: str

    @property
    def provider(self) -> str:
        """Its name as the agent has it."""
        return self.connection.provider

    @property
    def billed_as(self) -> tuple[str, str]:
        """The provider and the model of its usage."""
        return billed_as(self.plugin, self.settings)


@dataclass(frozen=True, slots=True)
class Switch:
    """One provider took over from another. ``before`` is its label, ``after`` the link that took over, ``reason`` why."""

    kind: str
    before: str
    after: Link[Any, Any]
    reason: str


class Failover:
    """What the chains of one call share: the breakers of the process, the clock, who hears of a switch, and tasks that nobody waits for."""

    def __init__(self, breakers: Breakers, clock: Clock) -> None:
        self.breakers = breakers
        self.now_us = clock.monotonic_us
        self.switched: Callable[[Switch], None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closings: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, None], *, read: bool = False, closes: bool = False) -> asyncio.Task[None]:
        """Start ``work``. What it raises is logged, unless whoever starts it reads it (``read``). ``closes``: it bills what was used, and
        is not cancelled at the end of the call."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        if closes:
            self._closings.add(task)
            task.add_done_callback(self._closings.discard)
        task.add_done_callback(self._read if read else self._done)
        return task

    async def aclose(self) -> None:
        """Stop what still runs, and wait for it and for what closes in PROVIDER_CLOSE_SECONDS."""
        for task in self._tasks - self._closings:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(tuple(self._tasks), timeout=PROVIDER_CLOSE_SECONDS)
            for task in late:
                task.cancel()

    def _read(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _LOG.error("a part of a chain of providers failed", exc_info=error)


class Chain(Generic[PluginT, SettingsT]):
    """The providers of one kind of one call, at least two. ``at_work`` is the name of the one that was asked last."""

    def __init__(self, kind: str, links: Sequence[Link[PluginT, SettingsT]], failover: Failover, after_ms: int) -> None:
        self.kind = kind
        self.links = tuple(links)
        self.after_s = after_ms / 1000
        self._is_patient = after_ms >= CHAINS[kind][1].default
        self.at_work = links[0].provider
        self.failover = failover
        self._taken: Link[PluginT, SettingsT] | None = None
        self._at = -1
        self._failures: dict[Link[PluginT, SettingsT], tuple[int, str]] = {}

    def billed_model(self, settings: SettingsT) -> str:
        """As the first provider's (``ports.billing.NamesBilledModel``). The others report their usage under their own names."""
        return self.links[0].billed_as[1]

    def first(self) -> Link[PluginT, SettingsT]:
        """The provider that is asked next. A call begins with the first one that no breaker keeps from it."""
        return self.links[self._at if self._at >= 0 else self._open_for(self.failover.breakers.has_room)]

    def _open_for(self, may: Callable[[Service, int], bool]) -> int:
        now_us = self.failover.now_us()
        return next((at for at, link in enumerate(self.links) if may(link.service, now_us)), 0)

    def tries(self) -> Iterator[tuple[Link[PluginT, SettingsT], bool]]:
        """The providers to ask, in order, each with whether it is the last. One that failed in this call not long ago comes again only when
        all have. Those whose breaker is open come after the others. The first request of a call counts as a trial of such a one."""
        if self._at < 0:
            self._at = self._open_for(self.failover.breakers.admit)
        order = self.fresh() or sorted(self.links, key=lambda link: self._failures[link][0])
        for number, link in enumerate(order, 1):
            yield link, number == len(order)

    def fresh(self) -> list[Link[PluginT, SettingsT]]:
        """The providers that did not fail in this call lately, in the order in which they are asked."""
        first, since_us = self.first(), self.failover.now_us() - PROVIDER_FAILED_SECONDS * _S
        at = self.links.index(first)
        links = (*self.links[at:], *self.links[:at])
        fresh = [link for link in links if self._failures.get(link, (since_us, ""))[0] <= since_us]
        good = [link for link in fresh if link is first or not self.failover.breakers.is_open(link.service)]
        return [*good, *(link for link in fresh if link not in good)]

    def take(self, link: Link[PluginT, SettingsT]) -> None:
        """The provider is asked. If it takes over from another, that is reported."""
        before = self._taken or self.links[0]
        self._taken, self._at, self.at_work = link, self.links.index(link), link.provider
        if link is not before and self.failover.switched is not None:
            _, reason = self._failures.get(before, (0, "it failed in other calls"))
            self.failover.switched(Switch(self.kind, before.label, link, reason))

    def failed(self, link: Link[PluginT, SettingsT], failure: ProviderError, *, shared: bool = True) -> None:
        """The provider failed at what it was asked. ``shared``: it may be down for everybody, not only at what this agent asks. An agent
        that waits less than is usual speaks for its own account alone."""
        self.at_work = link.provider
        now_us = self.failover.now_us()
        self._failures[link] = now_us, f"{failure.kind.value}: {failure.message}"
        self.failover.breakers.failed(link.service, failure.kind, now_us, shared=shared and self._is_patient)

    def worked(self, link: Link[PluginT, SettingsT]) -> None:
        """The provider did what it was asked."""
        self.failover.breakers.worked(link.service, self.failover.now_us())

    def failure_of_all(self, failures: Sequence[ProviderError]) -> ProviderError:
        """What a request failed with. While there is another provider, asking once more can help, whatever the failure of this one was."""
        failure = failures[-1]
        if self.fresh() or any(one.kind in RETRYABLE for one in failures[:-1]):
            kind = failure.kind if failure.kind in RETRYABLE else FailureKind.BROKEN_STREAM
            return ProviderError(kind, failure.provider, failure.message)
        return failure

    async def warm_all(self, warm: Callable[[Link[PluginT, SettingsT]], Coroutine[Any, Any, None]]) -> None:
        """Prepare every provider at once, and wait for the first one to be asked, FALLBACK_WARM_SECONDS at most."""
        begun = {link: self.failover.begin(warm(link)) for link in self.links}
        await asyncio.wait({begun[self.first()]}, timeout=FALLBACK_WARM_SECONDS)


def at_work(plugin: object, provider: str) -> str:
    """The provider that was asked last: the one of a chain that is at work, or ``provider``."""
    return plugin.at_work if isinstance(plugin, Chain) else provider


def is_first(plugin: object) -> bool:
    """Whether a plugin is no chain, or a chain whose first provider is at work."""
    return not isinstance(plugin, Chain) or plugin.first() is plugin.links[0]


def connection_at_work(plugin: object, connected: ConnectedProvider) -> ConnectedProvider:
    """What is connected: the provider of a chain that is at work, or ``connected``."""
    return plugin.first().connection if isinstance(plugin, Chain) else connected


class _Pieces(Generic[PieceT]):
    """What a provider gives, read by a task of its own: one that heeds no cancellation delays nobody. ``late``: it took too long."""

    def __init__(self, failover: Failover, provider: str, given: AsyncIterator[PieceT]) -> None:
        self._provider = provider
        self._queue: asyncio.Queue[PieceT | None] = asyncio.Queue()
        self._stopped = False
        self._left = False
        self.late = False
        self._task = failover.begin(self._read(given), read=True)

    async def next(self, within_s: float | None) -> PieceT | None:
        """The next piece, None behind the last one. Raises what the provider raises, and ProviderError for one that takes too long."""
        try:
            async with asyncio.timeout(within_s):
                piece = await self._queue.get()
        except TimeoutError:
            self.late = True
            waited_ms = round((within_s or 0) * 1000)
            raise ProviderError(
                FailureKind.UNAVAILABLE, self._provider, f"it gave nothing in time ({waited_ms} ms)"
            ) from None
        if piece is None:
            await asyncio.wait({self._task})
            if self._task.cancelled():
                raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, "it gave up")
            error = self._task.exception()
            if error is not None:
                raise error
        return piece

    def stop(self) -> None:
        """Nothing more is wanted. After :meth:`leave` it still has its time to close."""
        self._stopped = True
        if not self._left:
            self._task.cancel()

    def leave(self) -> None:
        """It has given everything, and has VOICE_CLOSE_SECONDS to close, so that its connection can be used again."""
        self._left = True
        if not self._task.done():
            end = asyncio.get_running_loop().call_later(VOICE_CLOSE_SECONDS, self._task.cancel)
            self._task.add_done_callback(lambda _: end.cancel())

    async def _read(self, given: AsyncIterator[PieceT]) -> None:
        try:
            async for piece in given:
                if self._stopped:
                    break
                self._queue.put_nowait(piece)
        finally:
            self._queue.put_nowait(None)
            if isinstance(given, AsyncGenerator):
                await given.aclose()


class VoiceChain(Chain[Voice, VoiceSettings]):
    """``ports.speech.Voice`` of several."""

    def __init__(self, links: Sequence[Link[Voice, VoiceSettings]], failover: Failover, after_ms: int) -> None:
        super().__init__("voice", links, failover, after_ms)
        self.name = links[0].plugin.name
        self._mute = False

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause. Raises ProviderError when none can, or when one fails that has given sound of the clause."""
        failures: list[ProviderError] = []
        for link, last in self.tries():
            self.take(link)
            sounded = self._mute = False
            with plugin_boundary(link.provider) as outcome:
                async with aclosing(self._spoken(link, text, last)) as chunks:
                    async for chunk in chunks:
                        sounded = sounded or bool(chunk.pcm)
                        if chunk.last:
                            # Whoever has the last piece asks for no other one.
                            self.worked(link)
                        yield chunk
                        if chunk.last:
                            return
            if outcome.failure is None:
                self.worked(link)
                return
            # Words that a voice cannot say are the agent's.
            self.failed(link, outcome.failure, shared=not self._mute)
            failures.append(outcome.failure)
            if sounded:
                break
        raise self.failure_of_all(failures)

    async def warm(self, settings: VoiceSettings) -> None:
        """As every provider does."""
        await self.warm_all(lambda link: link.plugin.warm(link.settings))

    async def _spoken(
        self, link: Link[Voice, VoiceSettings], text: str, last: bool
    ) -> AsyncGenerator[VoiceChunk, None]:
        """The clause by one provider. One that is not the last must sound within the time, and then keep ahead of what is heard."""
        now_us, settings = self.failover.now_us, link.settings
        pieces = _Pieces(self.failover, link.provider, link.plugin.speak(text, settings))
        began_us, heard_ms = now_us(), 0.0
        try:
            # Should the provider not tell what it used, or the clause be given up, this is what was asked of it.
            yield VoiceChunk(usage=UsageAmount("voice", *link.billed_as, len(text)))
            while True:
                waited_s = (now_us() - began_us) / _S
                chunk = await pieces.next(None if last else max(0.0, heard_ms / 1000 + self.after_s - waited_s))
                if chunk is None:
                    break
                if chunk.pcm:
                    if not heard_ms:
                        self._check(link, chunk.pcm)
                        began_us = now_us()
                    heard_ms += len(chunk.pcm) / _PCM_BYTES_PER_MS
                if chunk.last:
                    self._require_sound(link, text, heard_ms)
                    pieces.leave()
                yield chunk
                if chunk.last:
                    return
            self._require_sound(link, text, heard_ms)
        except ProviderError as error:
            pieces.stop()
            if not heard_ms and not pieces.late and error.kind is not FailureKind.BROKEN_STREAM:
                # It refused the words, or never got them.
                yield VoiceChunk(usage=UsageAmount("voice", *link.billed_as, 0))
            raise
        except BaseException:
            pieces.stop()
            raise

    def _require_sound(self, link: Link[Voice, VoiceSettings], text: str, heard_ms: float) -> None:
        if not heard_ms and any(character.isalnum() for character in text):
            self._mute = True
            raise ProviderError(FailureKind.BROKEN_STREAM, link.provider, "the voice made no sound of the words")

    @staticmethod
    def _check(link: Link[Voice, VoiceSettings], pcm: bytes) -> None:
        found = no_speech(pcm)
        if found:
            raise ProviderError(FailureKind.BROKEN_STREAM, link.provider, f"it sent {found} instead of speech")


class ModelChain(Chain[Model, ModelSettings]):
    """``ports.model.Model`` of several. It costs nothing where none of them does."""

    def __init__(self, links: Sequence[Link[Model, ModelSettings]], failover: Failover, after_ms: int) -> None:
        super().__init__("model", links, failover, after_ms)
        self.name = links[0].plugin.name
        self.costs_nothing = all(costs_nothing(link.plugin) for link in links)

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream the answer. Raises ProviderError when none can, or when one fails that has given words or a tool call."""
        failures: list[ProviderError] = []
        for link, last in self.tries():
            self.take(link)
            given = False
            with plugin_boundary(link.provider) as outcome:
                async with aclosing(self._answered(link, request, last)) as deltas:
                    async for delta in deltas:
                        given = given or bool(delta.text or delta.tool_call or delta.ended)
                        yield delta
            if outcome.failure is None:
                self.worked(link)
                return
            self.failed(link, outcome.failure)
            failures.append(outcome.failure)
            if given:
                break
        raise self.failure_of_all(failures)

    async def warm(self, request: ModelRequest) -> None:
        """As every provider does."""
        await self.warm_all(lambda link: link.plugin.warm(self._request(link, request)))

    async def _answered(
        self, link: Link[Model, ModelSettings], request: ModelRequest, last: bool
    ) -> AsyncGenerator[ModelDelta, None]:
        """The answer of one provider. One that is not the last must give each piece within the time."""
        pieces = _Pieces(self.failover, link.provider, link.plugin.answer(self._request(link, request)))
        within_s = None if last else self.after_s
        page = _Page("" if request.schema else link.provider)
        is_told = False
        try:
            # Under this name what it used is estimated, should it not tell.
            yield ModelDelta(usage=UsageAmount("model", *link.billed_as, 0))
            while (delta := await pieces.next(within_s)) is not None:
                is_told = is_told or bool(delta.usage and delta.usage.amount)
                if delta.ended == "error":
                    if delta.usage is not None:
                        yield ModelDelta(usage=delta.usage)
                    raise ProviderError(FailureKind.BROKEN_STREAM, link.provider, "it ended its answer with an error")
                for one in page.take(delta):
                    yield one
                if delta.ended:
                    pieces.leave()
                    return
            raise ProviderError(FailureKind.BROKEN_STREAM, link.provider, "the answer broke off")
        except ProviderError:
            pieces.stop()
            if pieces.late and not is_told and not costs_nothing(link.plugin):
                # It was reading the question when it was given up.
                read = UsageAmount("model", *link.billed_as, question_tokens(request))
                yield ModelDelta(usage=read, estimated=True)
            raise
        except BaseException:
            pieces.stop()
            raise

    def _request(self, link: Link[Model, ModelSettings], request: ModelRequest) -> ModelRequest:
        """The request as this provider gets it: with its own settings, and those that the question itself changes."""
        first, asked, own = self.links[0].settings, request.settings, link.settings
        if asked.max_tokens != first.max_tokens:
            own = replace(own, max_tokens=asked.max_tokens)
        if asked.temperature_milli != first.temperature_milli:
            own = replace(own, temperature_milli=asked.temperature_milli)
        return replace(request, settings=own)


class _Page:
    """Holds the first letters of an answer back until they are certain not to be those of a web page or an error in JSON. ``provider``:
    who answers; empty where JSON is wanted."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._held: list[ModelDelta] = []
        self._text = ""
        self._open = not provider

    def take(self, delta: ModelDelta) -> Sequence[ModelDelta]:
        """The deltas that may go on. Raises ProviderError for a page."""
        if self._open or not (delta.text or delta.tool_call or delta.ended):
            # What was thought and used counts even if nothing else of the answer does.
            return (delta,)
        self._held.append(delta)
        self._text = (self._text + delta.text).lstrip().lower()
        if self._text.startswith(_PAGES):
            raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, "it answered with a page instead of words")
        may_be = not self._text or any(page.startswith(self._text) for page in _PAGES)
        if may_be and not delta.ended and delta.tool_call is None:
            return ()
        self._open = True
        held, self._held = self._held, []
        return held
