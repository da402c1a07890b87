"""A process that holds a chat, to be killed by tests: ``python -m tests.chat_process DSN FOLDER``. Prints ``ready`` and the execution's id
once a first line was answered, and runs until killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.call_world import AGENT_ID, agent_body, call_world

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.ports.chat import NewChat


async def main(dsn: str, folder: Path, *lines: str) -> None:
    """Hold a chat for ever."""
    async with call_world(dsn, folder) as world:
        now = world.clock.now()
        agent = StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", agent_body(), 1, now, now)
        async with world.ledger.unit() as unit:
            await unit.agents.insert(agent)
        sys.stdout.write("ready\n")
        execution_id, _ = await world.runtime.chats.open(NewChat(agent, silence_s=600, most_s=600), 10)
        for line in lines or ("I want to book a dentist.",):
            await world.runtime.chats.say(execution_id, line, 10)
        sys.stdout.write(f"{execution_id}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
