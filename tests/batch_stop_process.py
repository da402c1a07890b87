"""A process that writes the executions of stopped batches and deletes those of deleted agents, to be killed by tests:
``python -m tests.batch_stop_process DSN FOLDER``.

Prints ``ready`` and runs until killed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from callwright.ops.clock import SystemClock
from callwright.ops.folders import RecordingFiles
from callwright.ops.ids import RandomIds
from callwright.outbox.publication import WebhookPublisher
from callwright.platform.agents.actions.end import PURGE_AGENT_JOB, AgentPurge
from callwright.platform.batches.actions.stop import STOPPED_CONTACTS_JOB, StoppedContacts
from callwright.platform.jobs.runner import JobRunner, JobTimings
from callwright.platform.ledger import Ledger


async def main(dsn: str, folder: Path) -> None:
    """Run the jobs for ever; those of a killed process are soon taken over."""
    ledger, clock = Ledger(dsn), SystemClock()
    await ledger.open()
    publisher = WebhookPublisher("", False, RandomIds().uuid, clock.now)
    job = StoppedContacts(ledger, clock, publisher, "+15550100")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    purge = AgentPurge(ledger, RecordingFiles(folder / "recordings"))
    jobs = {STOPPED_CONTACTS_JOB: job.run, PURGE_AGENT_JOB: purge.run}
    await JobRunner(dsn, jobs, timings=JobTimings(heartbeat_s=1)).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
