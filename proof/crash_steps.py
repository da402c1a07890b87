"""The named steps at which ``make chaos`` kills a server: every ``point`` of the product, and what must hold after a death there."""

from __future__ import annotations

STEPS: dict[str, str] = {
    "call.writing": "POST /call has written everything and not committed: nothing is there, and the repeated request places the call",
    "call.written": "POST /call has committed and not answered: the repeated request gets the first answer",
    "call_stop.writing": "the stop of a waiting call is not committed: the call waits, and the repeated request stops it",
    "call_stop.asked": "the stop of a live call is committed and the call was not told: the next process ends the call",
    "admission.writing": "calls are admitted and that is not committed: they wait",
    "admission.written": "calls are admitted and nobody claims them: the next process does",
    "claim.writing": "a claim is not committed: the calls are admitted",
    "claim.written": "calls are claimed and nobody runs them: they wait again, and each is dialled once",
    "intent.before": "a call is prepared and no intent written: it waits again, and is dialled once",
    "intent.written": "the intent is committed and the carrier was not asked: it ends with node_lost and is never dialled again",
    "carrier.asked": "the carrier dials and we have no leg yet: one dial, and the call ends with node_lost",
    "leg.ringing": "the carrier reports ringing and that is not written",
    "leg.answered": "the carrier reports the answer and that is not written",
    "row.writing": "a change of a call's row is not committed (the intent; the carrier's id, ringing and answer, mostly together; the end)",
    "row.written": "a change of a call's row is committed and the call goes no further",
    "end.before": "the leg is over and nothing of the end is written: the call ends with node_lost and its record",
    "end.writing": "the end, the rest of the log and the post-call job are not committed: the same",
    "end.written": "the end and the post-call job are committed: the job completes the call",
    "post_call.before": "the post-call job has begun: it is run again",
    "post_call.recorded": "the recording is mixed and not in the ledger: it is mixed again",
    "post_call.keeping": "an answer of the extraction is not committed: it is asked again",
    "post_call.writing": "the final record is not committed: the job is run again and the call is billed once",
    "post_call.written": "the final record is committed and the job is not done: run again, it changes nothing",
    "retry.writing": "an attempt's outcome and the wait for the next one are not committed: the attempt ends once, and is retried once",
    "wallet.reserving": "a reservation and the intent are not committed: nothing is reserved and nobody is dialled",
    "wallet.settling": "a settlement and the end of the attempt are not committed: both come with the next process, once",
    "settle.before": "a process that settles a dead one dies before it settled anything: the next one does",
    "settle.writing": "a settled call is not committed: the next process settles it",
    "settle.written": "one call of a dead process is settled: the next process settles the others, and none twice",
    "webhook.leased": "webhooks are leased and not sent: they are sent when the lease is over",
    "webhook.sent": "a webhook was taken by its receiver and is not marked: it is sent again, with the same id",
    "webhook.writing": "the mark of a delivered webhook is not committed: the same",
    "webhook.written": "a webhook is marked: the execution's next one goes",
    "webhook.failed": "a try failed and that is not written: the end of the lease counts it",
    "batch.staging": "a list is staged and not committed: nothing is there, and the repeated request makes one batch",
    "batch.scheduling": "a batch's start is not committed: the repeated request schedules it",
    "batch.queueing": "a batch's beginning is not committed: the next round begins it",
    "release.writing": "contacts became executions and that is not committed: they are contacts",
    "release.written": "contacts became executions: each is one of the two, once",
    "batch.completing": "a batch's completion is not committed: the next round completes it",
    "batch.completed": "a batch is complete: it is told of once",
    "batch_stop.writing": "a batch's stop is not committed: it runs, and the repeated request stops it",
    "batch_stop.written": "a batch's stop is committed and not answered: nothing of it is dialled from then on",
    "batch_pause.writing": "a batch's pause is not committed: it runs, and the repeated request pauses it",
    "batch_resume.writing": "the end of a pause is not committed: the batch is paused, and the repeated request resumes it",
    "stopped_contacts.writing": "executions of stopped contacts are not committed: the job writes them again",
}
"""Step -> what is so when the process dies there, and what must come of it."""

NEEDS_LIVE_CALLS = frozenset(name for name in STEPS if name.startswith("settle."))
"""Steps of a process that finds calls of a dead one: the kill before it must be in the middle of a call."""

MOST_COUNTS = {"row.writing": 6, "row.written": 6, "webhook.sent": 4, "webhook.writing": 4}
"""Step -> which of its occurrences the process may die at, from the first to this one. Others: the first three."""
