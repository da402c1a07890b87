"""Shapes of the list of executions over all agents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from callwright.api.reading import reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import not_among
from callwright.domain.limits import MAX_EXECUTIONS_LISTED, MAX_PAGE_NUMBER, MAX_SEARCH_CHARACTERS
from callwright.domain.settings.kinds import text, whole
from callwright.platform.batches.rules.batch import batch_id_in
from callwright.platform.execution_list.actions import ORDERS, ListRequest
from callwright.platform.execution_list.example import LIST
from callwright.platform.execution_list.rules import SummaryFilter
from callwright.platform.executions.rules.execution import Status
from callwright.platform.executions.schemas import NAME, SWITCH, PeriodQuery, among

_MOST = 1_000_000_000
_NANO_PER_CENT = 1_000_000_000


class ExecutionFilterQuery(PeriodQuery):
    """Which executions of the account. Parameters that are empty or missing mean any."""

    agent_id: Annotated[str | None, reads(NAME)] = None
    status: Annotated[str | None, reads(text())] = Field(
        default=None,
        description="Published statuses, separated by commas.",
        examples=["completed,no-answer"],
    )
    direction: Annotated[str | None, reads(among("inbound", "outbound"))] = None
    batch_id: Annotated[str | None, reads(NAME)] = Field(default=None, description="In either form.")
    q: Annotated[str | None, reads(text(MAX_SEARCH_CHARACTERS))] = Field(
        default=None,
        description="Beginning or end of the other side's number, the beginning of an id, or words of the conversation, the summary and the"
        " reason of the end. The last word may be unfinished, from 3 letters on. Of calls that are not over, only number and id.",
    )
    disposition: Annotated[str | None, reads(text(MAX_SEARCH_CHARACTERS))] = Field(
        default=None, description="`name`, or `name=value`, of a disposition that was found."
    )
    rule: Annotated[str | None, reads(NAME)] = Field(
        default=None, description="Calls with a finding of this rule of the call doctor, such as `early_cut`."
    )
    findings: Annotated[bool | None, reads(SWITCH)] = Field(
        default=None, description="true: only calls with findings; false: only those without."
    )
    min_wait_ms: Annotated[int | None, reads(whole(0, _MOST))] = Field(
        default=None, description="Calls whose longest wait for the agent is at least this."
    )
    min_cost: Annotated[int | None, reads(whole(0, _MOST))] = Field(
        default=None, description="Calls that cost at least this, in cents."
    )

    @property
    def narrow(self) -> SummaryFilter:
        """The filter. Raises BadInputError."""
        return SummaryFilter(
            agent_id=self.agent_id,
            statuses=_statuses(self.status or ""),
            direction=self.direction,
            # What is no id of a batch finds nothing.
            batch_id=None if self.batch_id is None else batch_id_in(self.batch_id) or self.batch_id,
            created_from=self.created_from,
            created_to=self.created_to,
            text=self.q,
            disposition=self.disposition,
            rule=self.rule,
            findings=self.findings,
            min_wait_ms=self.min_wait_ms,
            min_cost_nano=None if self.min_cost is None else self.min_cost * _NANO_PER_CENT,
        )


def _statuses(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    for name in names:
        if name not in frozenset(Status):
            raise not_among("status", list(Status), name, BadInputError)
    return names


class ExecutionListQuery(ExecutionFilterQuery):
    """Which executions, and which page of them."""

    sort: Annotated[str, reads(among(*ORDERS))] = Field(
        default=ORDERS[0],
        description="`wait`: the longest wait first; `talk`: the longest call; `cost`: the dearest. Calls without such a value come last,"
        " the newest first, and so do calls that are not over.",
    )
    cursor: Annotated[str | None, reads(text())] = Field(
        default=None, description="`next_cursor` of the answer before, with the same filter and `sort`."
    )
    limit: Annotated[int, reads(whole(1, MAX_PAGE_NUMBER))] = Field(
        default=50, description=f"Larger than {MAX_EXECUTIONS_LISTED} is {MAX_EXECUTIONS_LISTED}."
    )
    totals: Annotated[bool, reads(SWITCH)] = Field(
        default=True, description="false leaves the totals out: the next page of a list has the same."
    )

    @property
    def request(self) -> ListRequest:
        """What is asked for. Raises BadInputError."""
        return ListRequest(self.narrow, self.sort, self.cursor, min(MAX_EXECUTIONS_LISTED, self.limit), self.totals)


class FindingMark(Open):
    """A rule of the call doctor that found something in a call."""

    rule: str
    severity: Literal["bad", "warning", "note"]


class ExecutionSummary(Open):
    """An execution in a list. `GET /executions/{execution_id}` has the whole of it."""

    id: str
    created_at: Timestamp
    number: str | None = Field(description="The other side; null in a chat.")
    direction: Literal["inbound", "outbound"]
    channel: Literal["voice", "chat"]
    provider: str
    agent_id: str
    agent_name: str = Field(description="As it is now.")
    status: str
    smart_status: str
    live: bool = Field(description="Whether a process is dialling it or speaks in it.")
    answered: bool
    talk_ms: int | None = Field(description="From the answer to the end; null where nobody answered, and of a chat.")
    turns: int = Field(description="Turns of the caller.")
    interruptions: int = Field(description="Replies that the caller cut.")
    waits_ms: list[int] = Field(description="How long the caller waited for each answer, in order; at most 100.")
    wait_p50_ms: int | None
    wait_max_ms: int | None
    cost: float = Field(description="Cents, of all attempts.")
    findings: list[FindingMark] = Field(description="The rules that found something, the worst first, each once.")
    summary: str | None = Field(description="At most 300 characters.")
    dispositions: dict[str, str] = Field(description="What was found of the call, by name.")
    ended_by: str | None = Field(description="Who hung up.")
    ended_reason: str | None
    batch_id: str | None
    sandbox: bool
    recorded: bool


class ExecutionTotals(Open):
    """Figures of all executions that the filter lets through."""

    calls: int
    answered: int
    talk_ms: int
    wait_p50_ms: int | None = Field(description="Of all waits of all calls; chats are left out.")
    wait_p95_ms: int | None
    cost: float = Field(description="Cents.")
    with_findings: int
    by_status: dict[str, int] = Field(
        description="Calls by status. The filter's own `status` is left out here, so that every status can be chosen."
    )
    exact: bool = Field(description="Whether the two waits are exact. Else they are within 5 %, from counts in steps.")
    complete: bool = Field(
        description="false while calls from before an upgrade are still being counted in, or where more than 50,000 calls would have"
        " had to be looked at: then the figures are of so many of them."
    )


class ExecutionListView(Open):
    """Executions over all agents."""

    model_config = example(LIST)

    items: list[ExecutionSummary]
    next_cursor: str | None = Field(description="`cursor` of the next request; null on the last page.")
    totals: ExecutionTotals | None
