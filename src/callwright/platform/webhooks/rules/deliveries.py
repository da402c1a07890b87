"""How the delivery of each webhook went, for the operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from callwright.domain.web_address import place_of

WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given_up"


STATES = (WAITING, DELIVERED, GIVEN_UP)


def reason_of(http_status: int | None, answer: str) -> str:
    """Why a try failed: the receiver's status, never its words, else our own sentence."""
    return answer if http_status is None else f"HTTP {http_status}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook and its last try. ``about`` says what ``subject_id`` is: ``execution`` or ``batch``.

    ``due_at`` is the time of the next try, None where there is none: it is over, or waits for the webhook before it.
    """

    id: str
    tenant_id: str
    about: str
    subject_id: str
    sequence: int
    status: str
    url: str
    state: str
    tries: int
    created_at: datetime
    due_at: datetime | None = None
    settled_at: datetime | None = None
    http_status: int | None = None
    answer: str | None = None

    @property
    def place(self) -> str:
        """Host and port of the receiver."""
        return place_of(self.url)

    @property
    def reason(self) -> str:
        """The result of the last try, empty before the first."""
        return "" if self.answer is None else reason_of(self.http_status, self.answer)


@dataclass(frozen=True, slots=True)
class WantedDeliveries:
    """Which ones; an empty text is no condition. ``subject_id`` is an execution's or a batch's."""

    delivery_id: str = ""
    subject_id: str = ""
    tenant_id: str = ""
    state: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class WantedReplay:
    """Webhooks of ``tenant_id`` that are over, from ``since`` to before ``until``, of an execution, a batch (with its executions), of
    ``statuses`` and in ``states``. None and an empty text are no condition."""

    tenant_id: str
    since: datetime | None = None
    until: datetime | None = None
    execution_id: str = ""
    batch_id: str = ""
    statuses: Sequence[str] | None = None
    states: Sequence[str] = (DELIVERED, GIVEN_UP)


@dataclass(frozen=True, slots=True)
class FailingEndpoint:
    """An endpoint of an organisation at which every try has failed since ``failing_since``. ``waiting`` webhooks wait for their next try.
    ``probe_at``: when a paused one is tried again; None for one that answered 410."""

    organisation_id: str
    endpoint: str
    failures: int
    failing_since: datetime
    failed_at: datetime
    reason: str
    paused_at: datetime | None = None
    probe_at: datetime | None = None
    waiting: int = 0

    @property
    def state(self) -> str:
        """``failing``, ``paused``, or ``gone`` after a 410."""
        return "failing" if self.paused_at is None else "gone" if self.probe_at is None else "paused"
