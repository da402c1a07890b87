"""What is asked of one call: its dispositions, fixed in its log when they are first asked, and what they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from callwright.call.afterwards.post_log import ASKED, FIXED, PostLog
from callwright.domain.errors import CallwrightError
from callwright.domain.limits import MAX_AGENT_DISPOSITIONS
from callwright.insight.dispositions import CallFacts
from callwright.insight.tools import context
from callwright.insight.transcript import transcript
from callwright.insight.view import CallView
from callwright.platform.calls.rules import local_time
from callwright.platform.dispositions.rules import Disposition, StoredDisposition, read_disposition
from callwright.platform.tools.rules.template import value_text


def fix(post: PostLog, found: Sequence[StoredDisposition], run: str = "") -> None:
    """Settle what is asked, in the first run or in a later one. Without dispositions nothing is written: most calls have none."""
    for one in found[:MAX_AGENT_DISPOSITIONS]:
        post.fact(ASKED, {"id": one.id, "body": dict(one.body), "run": run})
    if found:
        post.fact(FIXED, {"count": len(found[:MAX_AGENT_DISPOSITIONS]), "run": run})


def is_fixed(post: PostLog, run: str = "") -> bool:
    """Whether what is asked in a run is settled."""
    return any(values.get("run", "") == run for values in post.facts(FIXED))


def fixed(post: PostLog, run: str = "") -> list[Disposition]:
    """What is asked in a run, as it was settled."""
    return readable(bodies_asked(post, run))


def bodies_asked(post: PostLog, run: str = "") -> list[dict[str, Any]]:
    """The bodies of what is asked in a run."""
    return [values["body"] for values in post.facts(ASKED) if values.get("run", "") == run]


def readable(bodies: Sequence[Mapping[str, Any]]) -> list[Disposition]:
    """Bodies as dispositions. Each was checked when it was saved; one that an older version saved and this one refuses is left out, rather
    than all of them."""
    found: list[Disposition] = []
    for body in bodies:
        try:
            found.append(read_disposition(body))
        except CallwrightError:
            continue
    return found


def variables_of(view: CallView) -> dict[str, str]:
    """What the call's questions may name: what its prompt could, and what its tools answered."""
    return {**{name: value_text(value) for name, value in (context(view) or {}).items()}, **view.header.variables}


def call_facts(view: CallView) -> CallFacts:
    """What the call's questions are about."""
    variables = variables_of(view)
    moment = local_time(datetime.fromisoformat(view.header.started_at), variables.get("timezone", ""))
    return CallFacts(transcript(view), moment, variables)


def summary_in(post: PostLog) -> str:
    """The summary that a task of the agent has written, empty without one."""
    written = post.facts("summary")
    return str(written[-1]["text"]) if written else ""
