"""The chats of a process (``ports.chat.Chats``). Each is an attempt that this process owns from its first moment, as a call that comes
in is."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from functools import partial

from callwright.call.live.chat import Chatting
from callwright.call.live.exchange import Exchange, Told
from callwright.call.process.attempt import Attempt, Office
from callwright.call.process.incarnation import Incarnation
from callwright.call.process.worker import Worker
from callwright.domain.errors import CallwrightError, NotFoundError, RateLimitedError, UnavailableError, WrongStateError
from callwright.domain.limits import INBOUND_LOOKUP_SECONDS
from callwright.ops.rounds import round_boundary
from callwright.platform.agents.rules.availability import WRITTEN
from callwright.platform.executions.actions.transition import insert_owned
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase, status_of
from callwright.platform.wallet.actions.reservations import reserve
from callwright.ports.chat import ChatReply, NewChat
from callwright.ports.leg import closed_by

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Chat:
    """A chat under way. ``begun``: it is written, or why not; ``told``: what the answers so far had in them."""

    connection: Chatting
    begun: asyncio.Future[None]
    exchange: Exchange = field(default_factory=Exchange)
    told: Told = field(default_factory=Told)


class ChatDesk:
    """Opens chats and passes lines on. A chat counts among the worker's calls."""

    def __init__(self, office: Office, worker: Worker, incarnation: Incarnation) -> None:
        self._office = office
        self._worker = worker
        self._incarnation = incarnation
        self._chats: dict[str, _Chat] = {}

    async def open(self, chat: NewChat, wait_s: float) -> tuple[str, ChatReply]:
        """Open a chat; returns its id and what the agent wrote first. Raises UnavailableError or RateLimitedError without room,
        and BalanceLowError when the wallet or a cap does not cover it."""
        if self._worker.room <= 0:
            raise UnavailableError("this process takes no further calls at the moment; try again, or ask another one")
        execution = self._execution(chat)
        connection = Chatting(chat, f"chat-{execution.id}")
        opened = _Chat(connection, asyncio.get_running_loop().create_future())
        self._worker.hold(self._run(execution, opened))
        await opened.begun
        return execution.id, await self._reply(opened, wait_s)

    async def say(self, execution_id: str, text: str, wait_s: float) -> ChatReply:
        """Write a line and wait for the reply. Raises NotFoundError or WrongStateError."""
        chat = self._held(execution_id)
        if chat.exchange.ended:
            raise WrongStateError("the chat is ending; nothing more can be written")
        if not chat.exchange.open:
            raise WrongStateError("the chat is not open yet; wait until its execution is in-progress")
        chat.connection.say(text)
        return await self._reply(chat, wait_s)

    def end(self, execution_id: str) -> None:
        """Whoever wrote leaves. Raises NotFoundError."""
        self._held(execution_id).connection.leg.close(closed_by(CAUSES["caller_hung_up"]))

    def _held(self, execution_id: str) -> _Chat:
        chat = self._chats.get(execution_id)
        if chat is None:
            raise NotFoundError("there is no such chat in this process")
        return chat

    async def _run(self, execution: Execution, chat: _Chat) -> None:
        try:
            with round_boundary("a chat"):
                await self._hold(execution, chat)
        finally:
            self._chats.pop(execution.id, None)
            chat.exchange.over()
            if not chat.begun.done():
                chat.begun.set_exception(UnavailableError("the chat could not be opened; the server's log says why"))

    async def _hold(self, execution: Execution, chat: _Chat) -> None:
        deps = self._office.deps
        try:
            async with asyncio.timeout(INBOUND_LOOKUP_SECONDS), deps.ledger.unit() as unit:
                begins = await deps.availability.foresee(unit, execution.tenant_id, execution.agent, WRITTEN)
        except (CallwrightError, TimeoutError) as error:
            chat.begun.set_exception(_told(error))
            return
        execution = replace(execution, record=begins)
        attempt = Attempt(self._office, execution, chat.connection)
        with self._worker.knows(attempt):
            try:
                async with asyncio.timeout(INBOUND_LOOKUP_SECONDS), deps.ledger.unit() as unit:
                    taken = await insert_owned(unit, execution, deps.publisher, self._worker.free + 1)
                    if taken:
                        price = partial(deps.price_of, execution, chat.connection.held_as)
                        await reserve(unit, execution, price, deps.clock.now())
            except (CallwrightError, TimeoutError) as error:
                chat.begun.set_exception(_told(error))
                return
            if not taken:
                chat.begun.set_exception(
                    RateLimitedError(
                        "the organisation has as many calls and chats at once as it may, here or in all; end one first"
                    )
                )
                return
            self._chats[execution.id] = chat
            self._office.live.listen(execution.id, chat.exchange.take)
            chat.begun.set_result(None)
            await attempt.run()
            chat.exchange.refusal = attempt.refusal

    async def _reply(self, chat: _Chat, wait_s: float) -> ChatReply:
        # From the last answer on, not from the line: what was delivered while nobody asked is told now. Of two requests at once each
        # tells what the other does; one that is given up tells nothing.
        exchange, told = chat.exchange, chat.told
        complete = await exchange.rest(wait_s)
        chat.told = exchange.position
        tools = tuple(exchange.tools[told.tools :])
        return ChatReply(exchange.since(told), complete, exchange.ended, tools, exchange.error)

    def _execution(self, chat: NewChat) -> Execution:
        now = self._office.deps.clock.now()
        execution_id = self._office.deps.ids.uuid()
        return Execution(
            id=execution_id,
            tenant_id=chat.agent.tenant_id,
            agent_id=chat.agent.id,
            status=status_of(Phase.DIALLING, "ringing"),
            phase=Phase.DIALLING,
            detail="ringing",
            attempt=1,
            direction="inbound",
            carrier=CHAT,
            to_number="",
            from_number="",
            created_at=now,
            updated_at=now,
            owner=self._incarnation.id,
            ringing_at=now,
            provider_call_id=f"chat-{execution_id}",
            user_data=dict(chat.user_data),
            agent=dict(chat.agent.body),
        )


def _told(error: CallwrightError | TimeoutError) -> CallwrightError:
    """Why a chat is not opened, for whoever asked."""
    return error if isinstance(error, CallwrightError) else UnavailableError("the database is too slow")
