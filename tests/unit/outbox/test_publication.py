"""Which changes become an event or a webhook, and with what in it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.insight.test_batch_record import BATCH, PROGRESS
from tests.unit.insight.test_record import execution

from callwright.outbox.publication import BatchWebhookPublisher, WebhookPublisher
from callwright.platform.executions.rules.execution import Status
from callwright.platform.webhooks.rules.outbox import OutboxEntry

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
HOOK = {"webhook_url": "https://receiver.example/hook"}


def entry(status: Status, publish_queued: bool = False, **agent: Any) -> OutboxEntry | None:
    publisher = WebhookPublisher("https://calls.example", publish_queued, lambda: "event-1", lambda: NOW)
    return publisher.entry(replace(execution(), status=status, agent={**HOOK, **agent}))


@pytest.mark.proves("agent.webhook_url")
def test_a_webhook_carries_the_execution_as_it_is_now():
    found = entry(Status.RINGING, webhook_headers={"x-token": "t \t", "x-number": 5})
    assert found is not None
    assert (found.id, found.status, found.url, found.created_at) == ("event-1", "ringing", HOOK["webhook_url"], NOW)
    assert found.headers == {"x-token": "t", "x-number": "5"}
    body = json.loads(found.body)
    assert (body["id"], body["status"]) == ("call-1", "ringing")


@pytest.mark.parametrize("url", [None, "", "   ", 7])
def test_without_an_address_a_change_is_an_event_without_a_webhook(url: object):
    found = entry(Status.COMPLETED, webhook_url=url, webhook_headers={"x-token": "t"})
    assert found is not None
    assert (found.url, found.headers) == ("", {})
    assert json.loads(found.body)["status"] == "completed"
    assert entry(Status.QUEUED, webhook_url=url) is None


def test_spaces_around_the_address_do_not_matter():
    found = entry(Status.COMPLETED, webhook_url=" https://receiver.example/hook ")
    assert found is not None
    assert found.url == "https://receiver.example/hook"


@pytest.mark.proves("agent.webhook_url")
def test_variables_of_the_call_stand_in_the_address():
    found = entry(Status.RINGING, webhook_url="https://receiver.example/{agent_id}/hook?name={name}&at={current_time}")
    assert found is not None
    assert found.url == "https://receiver.example/agent-1/hook?name=Ada&at=12%3A05%3A00%20PM"


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED, Status.SCHEDULED, Status.PREPARED}))
def test_every_change_of_a_call_in_progress_is_published(status: Status):
    assert entry(status) is not None


def test_that_a_call_is_made_again_is_always_published():
    publisher = WebhookPublisher("", False, lambda: "event-1", lambda: NOW)
    again = replace(execution(), status=Status.SCHEDULED, retry_count=1, agent=HOOK)
    assert publisher.entry(again) is not None
    assert publisher.entry(replace(again, retry_count=0)) is None
    unasked = publisher.entry(replace(again, agent={**HOOK, "webhook_config": ["completed"]}))
    assert unasked is not None
    assert unasked.url == "", "an event, and no webhook"


@pytest.mark.parametrize(
    ("status", "published"), [(Status.QUEUED, True), (Status.SCHEDULED, True), (Status.PREPARED, False)]
)
def test_waiting_is_published_only_by_a_setting(status: Status, published: bool):
    assert entry(status) is None
    assert (entry(status, publish_queued=True) is not None) is published


@pytest.mark.proves("agent.webhook_config")
@pytest.mark.parametrize("config", [["completed", "queued"], {"statuses": ["completed", "queued"]}])
def test_an_agent_may_choose_its_statuses(config: object):
    assert entry(Status.COMPLETED, webhook_config=config) is not None
    assert entry(Status.QUEUED, webhook_config=config) is not None
    other = entry(Status.RINGING, webhook_config=config)
    assert other is not None
    assert other.url == "", "an event that the account reads, and no webhook"
    assert entry(Status.SCHEDULED, webhook_config=config) is None


@pytest.mark.parametrize("config", [None, {}, {"statuses": None}, "completed"])
def test_without_a_list_of_statuses_all_are_published(config: object):
    assert entry(Status.RINGING, webhook_config=config) is not None


def test_headers_that_are_no_object_are_none():
    found = entry(Status.RINGING, webhook_headers=["x"])
    assert found is not None
    assert found.headers == {}


def test_a_webhook_carries_the_batch() -> None:
    publisher = BatchWebhookPublisher(lambda: "id-1", lambda: NOW)
    entry = publisher.batch_entry(BATCH, PROGRESS)
    assert (entry.execution_id, entry.status, entry.url) == (BATCH.id, "running", BATCH.webhook_url)
    assert json.loads(entry.body)["batch_id"] == BATCH.id
    assert publisher.batch_entry(replace(BATCH, webhook_url=None), PROGRESS).url == ""
