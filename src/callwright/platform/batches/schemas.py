"""Shapes of batches for the API description (contract 10)."""

from __future__ import annotations

import json
from collections.abc import Sized
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from callwright.api.reading import MOMENT, Asked, AskedForm, UploadedFile, reads
from callwright.api.schemas import Open, Timestamp, declared, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import (
    MAX_ADDRESS_CHARACTERS,
    MAX_BATCH_NUMBERS,
    MAX_NAME_CHARACTERS,
)
from callwright.domain.national_number import is_country
from callwright.domain.number import parse_destination
from callwright.domain.settings.kinds import SWITCH, choice, filled, text
from callwright.domain.settings.setting import Kind, changes, declared_in, read_record, wire_of
from callwright.domain.web_address import names_host
from callwright.platform.batches.actions.batches import BatchRequest
from callwright.platform.batches.rules.contact_list import DUPLICATES, KEEP
from callwright.platform.batches.rules.text_encoding import ENCODINGS
from callwright.platform.calls.actions.calls import refuse_version
from callwright.platform.executions.rules.retry import RetryConfig
from callwright.platform.pace.rules.policy import AT_ONCE, PER_SECOND, BatchPace, Breaker, Limit


def _numbers(given: Fields, name: str) -> list[str]:
    """Each value is one number, or several as some clients send them: a JSON array, or with commas between."""
    found = [number.strip() for one in given.raw(name) for number in _split(one.strip()) if number.strip()]
    _check_count(found)
    return [parse_destination(number, what="from_phone_numbers").value for number in found]


def _check_count(numbers: Sized) -> None:
    if len(numbers) > MAX_BATCH_NUMBERS:
        raise BadInputError(f"from_phone_numbers has more than {MAX_BATCH_NUMBERS} numbers", field="from_phone_numbers")


def _split(text: str) -> list[str]:
    if not text.startswith("["):
        return text.split(",")
    found = _parsed(text)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise BadInputError("from_phone_numbers must be numbers; repeat the field for each", field="from_phone_numbers")
    return found


def _retry(given: Fields, name: str) -> dict[str, Any] | None:
    found = _parsed(given.text(name))
    if found is None:
        return None
    if not isinstance(found, dict):
        raise BadInputError(f"{name} must be the JSON text of an object", field=name)
    return wire_of(read_record(RetryConfig, Fields(found, name, BadInputError)))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _breaker(given: Fields, name: str) -> Breaker | None:
    return BatchPace.asked(Fields({"breaker": given.raw(name)}, "", BadInputError)).breaker


def _web_address(given: Fields, name: str) -> str | None:
    url = given.text(name)
    usable = names_host(url) and urlsplit(url).scheme in ("http", "https")
    return url if usable and url.isprintable() and len(url) <= MAX_ADDRESS_CHARACTERS else None


def _start(given: Fields, name: str) -> str:
    if not isinstance(given.raw(name), str):
        raise BadInputError(f"{name} must be a text", field=name)
    return given.text(name)


def _bypass(given: Fields, name: str) -> bool:
    return bool(given.raw(name)) and given.switch(name, False)


def _country(given: Fields, name: str) -> str:
    code = given.text(name).strip().upper()
    if not is_country(code):
        raise BadInputError(f"{name} must be an ISO 3166 code of two letters, such as DE", field=name)
    return code


class BatchForm(AskedForm):
    """A list of contacts to call."""

    agent_id: Annotated[str, reads(text())]
    from_phone_numbers: Annotated[
        list[str], reads(Kind("numbers", {"type": "array", "items": {"type": "string"}}, _numbers))
    ] = Field(default_factory=list, description="Repeat the field; used in turn.")
    from_phone_number: Annotated[list[str], reads(Kind("a number", {"type": "string"}, _numbers))] = Field(
        default_factory=list, description="The older form, for one number."
    )
    retry_config: Annotated[dict[str, Any] | None, reads(Kind("a text", {"type": "string"}, _retry))] = Field(
        default=None, description="JSON text of a RetryConfig."
    )
    webhook_url: Annotated[str | None, reads(Kind("a text", {"type": "string"}, _web_address))] = Field(
        default=None, description="Is told of every status of the batch; ignored when it is no URL."
    )
    max_concurrency: Annotated[int | None, reads(AT_ONCE)] = Field(
        default=None, description="Most calls of the batch at once."
    )
    calls_per_second: Annotated[float | None, reads(PER_SECOND)] = Field(
        default=None, description="Most calls of the batch that begin in a second."
    )
    breaker: Annotated[Breaker | None, reads(Kind("a text", {"type": "string"}, _breaker))] = Field(
        default=None, description="JSON text of a Breaker; without it that of the calling policy."
    )
    agent_version_id: Annotated[None, reads(Kind("nothing", {"type": "string"}, refuse_version))] = Field(
        default=None, description="Calls are made with the agent as it is: any value is refused."
    )
    default_country: Annotated[str | None, reads(Kind("a country", {"type": "string"}, _country))] = Field(
        default=None,
        description="ISO 3166, such as `DE`: numbers without a country code are read as they are written there.",
    )
    duplicates: Annotated[str, reads(choice(DUPLICATES))] = Field(
        default=KEEP, description="`skip` refuses a row with a number that an earlier row has; `keep` calls both."
    )
    encoding: Annotated[str | None, reads(choice(ENCODINGS))] = Field(
        default=None, description="Of the file. Without it, UTF-8, UTF-16 and Windows-1252 are told apart."
    )
    scheduled_at: Annotated[str | None, reads(Kind(MOMENT.words, MOMENT.schema, _start))] = Field(
        default=None,
        description="Schedules the batch as well. Ignored with the strict setting, as the hosted service does.",
    )
    bypass_call_guardrails: Annotated[bool, reads(Kind(SWITCH.words, SWITCH.schema, _bypass))] = Field(
        default=False, description="As of `POST /batches/{batch_id}/schedule`; counts beside `scheduled_at` only."
    )
    file: UploadedFile = Field(
        description="CSV with a header; `contact_number` (E.164, a `sip:` URI or `loopback:<name>`) and any other columns."
    )

    @property
    def request(self) -> BatchRequest:
        """What it asks for. Raises BadInputError."""
        numbers = (*self.from_phone_numbers, *self.from_phone_number)
        _check_count(numbers)
        return BatchRequest(
            self.agent_id,
            numbers,
            self.retry_config,
            self.webhook_url,
            self.default_country,
            self.duplicates,
            self.scheduled_at,
            self.bypass_call_guardrails,
            BatchPace(Limit(self.max_concurrency, self.calls_per_second), self.breaker),
            self.encoding,
        )


class BatchCreated(Open):
    """The list was read and is staged."""

    model_config = example({"batch_id": "5c96ca94b56440e0b0e02845e311ce97", "state": "created"})

    batch_id: str
    state: str


class RefusedRowView(Open):
    """A row that cannot be called."""

    line: int
    reason: str
    hint: str = Field(description="What can be done.")


class ListFileView(Open):
    """How a list was read."""

    encoding: str = Field(description="As given, else `utf-8`, `utf-16` or `windows-1252`.")
    delimiter: str
    number_column: str
    default_country: str | None
    duplicates: str


class BreakerView(Open):
    """When a batch pauses by itself: at least ``failure_share`` of the attempts of the last ``window_seconds`` failed, of at least
    ``min_calls``."""

    enabled: bool
    failure_share: float
    min_calls: int
    window_seconds: int


class PauseView(Open):
    """Why no call of a batch begins."""

    since: Timestamp
    by: str = Field(description="request or breaker.")
    reason: str


class BatchSums(Open):
    """What the hosted service does not tell."""

    waiting: int = Field(
        description="Contacts that wait in the batch; the others are executions in the queue, under way or over."
    )
    answered: int
    conversation_duration: float = Field(description="Seconds from answer to end, of all calls together, to a tenth.")
    total_cost: float = Field(description="Cents, of all calls together.")
    refused_contacts: int
    refused_rows: list[RefusedRowView] = Field(description="The first 100 of them; `refused.csv` has all.")
    file: ListFileView | None = Field(description="How the list was read.")
    sandbox: bool = Field(description="Whether the account was a sandbox when the list was read.")
    stand_ins: list[dict[str, Any]] = Field(
        description="What was to stand in for what the agent lacks, as in executions. Each call says what it ran with."
    )
    max_concurrency: int | None
    calls_per_second: float | None
    breaker: BreakerView | None = Field(description="The batch's own; null: that of the calling policy.")
    paused: PauseView | None = Field(description="Set while no call of the batch begins. The status stays what it is.")


class BatchView(Open):
    """A batch and how far it is."""

    model_config = example(
        {
            "batch_id": "5c96ca94b56440e0b0e02845e311ce97",
            "humanized_created_at": "1 minute ago",
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:10.768001+00:00",
            "status": "running",
            "scheduled_at": "2026-11-24T16:31:09+00:00",
            "from_phone_number": None,
            "from_phone_numbers": ["+15550100"],
            "file_name": "list.csv",
            "valid_contacts": 2,
            "total_contacts": 3,
            "execution_status": {"completed": 1, "ringing": 1},
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "webhook_url": None,
            "retry_config": {
                "enabled": True,
                "max_retries": 3,
                "retry_on_statuses": ["no-answer", "busy", "failed"],
                "retry_on_voicemail": False,
                "retry_intervals_minutes": [30, 60, 120],
            },
            "bypass_call_guardrails": False,
            "callwright": {
                "waiting": 0,
                "answered": 1,
                "conversation_duration": 3.4,
                "total_cost": 2,
                "refused_contacts": 1,
                "sandbox": False,
                "stand_ins": [],
                "max_concurrency": None,
                "calls_per_second": 2,
                "breaker": None,
                "paused": None,
                "refused_rows": [
                    {
                        "line": 4,
                        "reason": "contact_number is not a valid phone number: '12'; use "
                        "E.164, a + followed by 7 to 15 digits, such as "
                        "+15550100123",
                        "hint": "Write a plus and the country code in front, or send default_country with the list.",
                    }
                ],
                "file": {
                    "encoding": "utf-8",
                    "delimiter": ",",
                    "number_column": "contact_number",
                    "default_country": None,
                    "duplicates": "keep",
                },
            },
        }
    )

    batch_id: str
    humanized_created_at: str
    created_at: Timestamp
    updated_at: Timestamp
    status: str = Field(description="created, processed, scheduled, queued, running, completed, stopped or failed.")
    scheduled_at: Timestamp | None
    from_phone_number: str | None
    from_phone_numbers: list[str]
    file_name: str
    valid_contacts: int
    total_contacts: int
    execution_status: dict[str, int]
    agent_id: str
    callwright: BatchSums


class ScheduleForm(AskedForm):
    """When a batch starts."""

    model_config = ConfigDict(json_schema_extra={"required": ["scheduled_at"]})

    scheduled_at: Annotated[str | None, reads(Kind(MOMENT.words, MOMENT.schema, _start))] = Field(
        default=None, description="ISO 8601; a time without an offset (`+05:30`) is in UTC."
    )
    bypass_call_guardrails: Annotated[bool, reads(Kind(SWITCH.words, SWITCH.schema, _bypass))] = False


class PauseBody(Asked):
    """Why a batch is paused."""

    reason: Annotated[str | None, reads(filled(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="Shown with the batch."
    )


class PaceBody(BaseModel):
    """Limits of a batch. A field that is missing stays as it is; null removes the limit."""

    model_config = declared(changes(declared_in(BatchPace)))


PAUSE_EXAMPLE: dict[str, Any] = {"reason": "the carrier is being changed"}
PACE_EXAMPLE: dict[str, Any] = {"max_concurrency": 10, "calls_per_second": 2}
CREATE_EXAMPLE: dict[str, Any] = {
    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "file": "contact_number,customer_name\nloopback:demo,Ada\n",
    "from_phone_numbers": ["+15550100"],
}
SCHEDULE_EXAMPLE: dict[str, Any] = {"scheduled_at": "2027-01-15T09:30:00+00:00"}
