"""Delivery in a world of its own: virtual time, an outbox in memory, receivers with a script."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from proof.webhooks import (
    ScriptedReceivers,
    ScriptedReply,
    VirtualClock,
    WebhookLedger,
    let_run_until,
)

from callwright.domain.errors import BlockedUrlError, UnavailableError, VaultLockedError
from callwright.domain.limits import MAX_WEBHOOKS_SENT, MAX_WEBHOOKS_SENT_OF_ONE, MAX_WEBHOOKS_SENT_TO_ONE
from callwright.outbox.deliver import DeliverySettings, WebhookDelivery
from callwright.outbox.sign import signature_headers
from callwright.platform.webhooks.rules.address import endpoint_of
from callwright.platform.webhooks.rules.outbox import OutboxEntry

HOOK = "https://receiver.example/hook"
OTHER = "https://other.example/hook"


class World:
    """One worker, its outbox and its receivers."""

    def __init__(self, secret: bytes = b"", at_once: int = 8, idle_s: float = 1.0) -> None:
        self.clock = VirtualClock()
        self.ledger = WebhookLedger(self.clock)
        self.receivers = ScriptedReceivers(self.clock)
        self.secrets: list[bytes] = [secret] if secret else []
        self.locked = False
        settings = DeliverySettings("worker-1", 10, self._secrets_of, at_once=at_once, idle_s=idle_s)
        self.results: list[str] = []
        self.delivery = WebhookDelivery(self.ledger, self.receivers, self.clock, settings, self.results.append)

    async def _secrets_of(self, tenant_id: str) -> list[bytes]:
        assert tenant_id in {"t", "other"}
        if self.locked:
            raise VaultLockedError("the master key is missing")
        return self.secrets

    async def publish(
        self, execution_id: str, *statuses: str, url: str = HOOK, tenant_id: str = "t", **headers: str
    ) -> None:
        for status in statuses:
            number = len(self.ledger.outbox.kept) + 1
            await self.ledger.outbox.add(
                OutboxEntry(
                    f"event-{number}",
                    tenant_id,
                    execution_id,
                    0,
                    status,
                    url,
                    headers,
                    f"{execution_id} {status}".encode(),
                    0,
                    self.clock.now(),
                )
            )

    def start(self) -> asyncio.Task[None]:
        """The worker, running."""
        return asyncio.get_running_loop().create_task(self.delivery.run())

    async def run_until(self, done: Callable[[], bool]) -> None:
        """Let the worker run until ``done``, then stop it in order."""
        running = self.start()
        assert await let_run_until(lambda: done() or running.done())
        self.delivery.stop()
        await running
        assert done()

    def states(self) -> list[str]:
        return [one.state for one in self.ledger.outbox.kept]

    def settled(self) -> bool:
        return "waiting" not in self.states()

    @property
    def bodies(self) -> list[str]:
        return [one.body.decode() for one in self.receivers.received]


async def test_a_receiver_gets_the_frozen_body_and_what_it_needs_to_sort_events():
    world = World()
    await world.publish("call-1", "initiated", **{"X-Token": "t"})
    assert await world.delivery.deliver_due() == 1
    (received,) = world.receivers.received
    assert (received.url, received.body) == (HOOK, b"call-1 initiated")
    assert received.headers == {
        "x-token": "t",
        "content-type": "application/json",
        "user-agent": "Callwright",
        "x-callwright-event-id": "event-1",
        "x-callwright-sequence": "1",
    }
    assert world.states() == ["delivered"]
    assert world.results == ["delivered"]


async def test_headers_of_the_agent_cannot_replace_ours_in_any_spelling():
    world = World(secret=b"s")
    await world.publish(
        "call-1",
        "initiated",
        **{"Webhook-Signature": "v1,forged", "Host": "evil", "CONTENT-LENGTH": "5", "USER-AGENT": "x"},
    )
    await world.delivery.deliver_due()
    (received,) = world.receivers.received
    assert "forged" not in str(received.headers)
    assert not {"host", "content-length", "Host", "CONTENT-LENGTH"} & set(received.headers)
    assert received.headers["user-agent"] == "Callwright"
    assert len({name.lower() for name in received.headers}) == len(received.headers)


async def test_the_id_stays_and_the_signature_is_fresh_at_every_try():
    world = World(secret=b"s")
    world.receivers.script(HOOK, 500)
    await world.publish("call-1", "initiated")
    await world.run_until(world.settled)
    first, second = world.receivers.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "event-1"
    assert int(second.headers["webhook-timestamp"]) == int(first.headers["webhook-timestamp"]) + 5
    expected = signature_headers(b"s", "event-1", int(second.headers["webhook-timestamp"]), second.body)
    assert second.headers["webhook-signature"] == expected["webhook-signature"]


async def test_a_failing_receiver_holds_back_only_its_own_execution():
    world = World()
    world.receivers.script(HOOK, 500, 500)
    await world.publish("call-1", "initiated", "ringing", "completed")
    await world.publish("call-2", "initiated", url=OTHER)
    await world.run_until(world.settled)
    of_first = [one.body.decode() for one in world.receivers.received if one.url == HOOK]
    assert of_first == ["call-1 initiated"] * 3 + ["call-1 ringing", "call-1 completed"]
    other = next(one for one in world.receivers.received if one.url == OTHER)
    assert other.at_s == 0


async def test_tries_follow_the_schedule_and_end():
    world = World(idle_s=5)
    world.receivers.script(HOOK, *[500] * 10)
    await world.publish("call-1", "initiated")
    await run_for(world, 10 * 3_600)
    # The endpoint answers another webhook, so it is not paused.
    await world.publish("call-2", "initiated", url=OTHER)
    first, other = world.ledger.outbox.kept
    other.entry = replace(other.entry, endpoint=first.entry.endpoint)
    await world.run_until(world.settled)
    tries = [one for one in world.receivers.received if one.url == HOOK]
    waits = [round(b.at_s - a.at_s) for a, b in itertools.pairwise(tries)]
    assert waits == [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800]
    assert world.states() == ["given_up", "delivered"]


async def test_the_next_event_passes_a_stuck_one_after_three_minutes_and_says_so():
    world = World()
    world.receivers.script(HOOK, 500, 500, 500, 500)
    await world.publish("call-1", "initiated", "ringing")
    await world.run_until(lambda: "call-1 ringing" in world.bodies)
    passing = next(one for one in world.receivers.received if one.body == b"call-1 ringing")
    assert 180 <= passing.at_s < 190
    assert passing.headers["x-callwright-gap"] == "1"
    stuck = next(one for one in world.receivers.received if one.body == b"call-1 initiated")
    assert "x-callwright-gap" not in stuck.headers


async def test_a_failed_try_is_logged_with_host_reason_and_what_comes_next(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "callwright.outbox")
    world = World()
    hook = "https://receiver.example:8443/hook/a-secret?token=another"
    world.receivers.script(hook, 500, UnavailableError("the request failed: no route"), 410)
    await world.publish("call-1", "ringing", url=hook)
    await world.run_until(world.settled)
    what = "webhook ringing of call-1 to receiver.example:8443 failed"
    paused = "the webhook endpoint at receiver.example:8443 of organisation t is paused"
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", f"{what}: HTTP 500; next try in 5 s"),
        ("INFO", f"{what}: the request failed: no route; next try in 30 s"),
        ("WARNING", f"{what}: HTTP 410; given up at try 3"),
        ("WARNING", f"{paused}: it answered 410; see `callwright webhooks endpoints`"),
    ]


async def test_an_address_refused_by_policy_is_logged_with_the_setting(caplog: pytest.LogCaptureFixture):
    world = World()
    world.receivers.script(HOOK, BlockedUrlError("10.0.0.1 is a private or reserved address"))
    await world.publish("call-1", "ringing")
    await world.run_until(world.settled)
    (line,) = caplog.messages
    assert line == (
        "webhook ringing of call-1 to receiver.example failed: 10.0.0.1 is a private or reserved address (Use a public https address, or"
        " allow private ones with CALLWRIGHT_ALLOW_PRIVATE_URLS); given up at try 1"
    )


async def test_an_address_refused_by_policy_is_given_up_at_once():
    world = World()
    world.receivers.script(HOOK, BlockedUrlError("10.0.0.1 is a private or reserved address"))
    await world.publish("call-1", "initiated")
    await world.run_until(world.settled)
    (kept,) = world.ledger.outbox.kept
    assert (kept.state, kept.answer, len(world.receivers.received)) == (
        "given_up",
        "10.0.0.1 is a private or reserved address",
        1,
    )


async def test_a_receiver_that_is_gone_is_left_alone():
    world = World()
    world.receivers.script(HOOK, 410)
    await world.publish("call-1", "initiated")
    await world.run_until(world.settled)
    assert (world.states(), len(world.receivers.received)) == (["given_up"], 1)


async def test_nobody_there_is_tried_again():
    world = World()
    world.receivers.script(HOOK, UnavailableError("no answer within 10 seconds"))
    await world.publish("call-1", "initiated")
    await world.run_until(world.settled)
    assert [round(one.at_s) for one in world.receivers.received] == [0, 5]


async def test_what_a_receiver_says_is_kept_in_short_and_can_be_stored():
    world = World()
    world.receivers.script(HOOK, ScriptedReply(200, b"ok\x00\xff" + b"x" * 10_000))
    await world.publish("call-1", "initiated")
    await world.delivery.deliver_due()
    answer = world.ledger.outbox.kept[0].answer
    assert answer.startswith("ok\N{REPLACEMENT CHARACTER}xx")
    assert len(answer) < 2_048


async def test_a_slow_receiver_does_not_hold_up_the_others():
    world = World(at_once=2)
    slow = asyncio.Event()
    world.receivers.script(OTHER, slow)
    await world.publish("slow", "initiated", url=OTHER)
    for number in range(5):
        await world.publish(f"call-{number}", "initiated", "ringing")

    def others_done() -> bool:
        if world.states().count("delivered") == 10:
            slow.set()
        return world.settled()

    await world.run_until(others_done)
    assert world.states() == ["delivered"] * 11


async def test_no_more_exchanges_than_allowed_are_under_way():
    world = World(at_once=3)
    gate = asyncio.Event()
    for number in range(5):
        url = f"https://r{number}.example/"
        world.receivers.script(url, gate)
        await world.publish(f"call-{number}", "initiated", url=url)
    running = world.start()
    assert await let_run_until(lambda: world.clock.elapsed_s >= 8)
    assert len(world.receivers.received) == 3
    gate.set()
    assert await let_run_until(world.settled)
    world.delivery.stop()
    await running
    assert len(world.receivers.received) == 5


async def test_a_result_that_comes_after_the_lease_was_lost_changes_nothing():
    world = World()
    gate = asyncio.Event()
    world.receivers.script(HOOK, gate, 200)
    await world.publish("call-1", "initiated")
    sending = asyncio.get_running_loop().create_task(world.delivery.deliver_due())
    assert await let_run_until(lambda: bool(world.receivers.received))
    world.clock.advance(60)
    (taken,) = await world.ledger.outbox.lease("worker-2", 25, 8, 180)
    assert taken.tries == 1
    gate.set()
    await sending
    (kept,) = world.ledger.outbox.kept
    assert (kept.state, kept.leased_by) == ("waiting", "worker-2")


async def test_a_database_out_of_reach_is_waited_for():
    world = World()
    await world.publish("call-1", "initiated", "ringing")
    world.ledger.outages = 7
    await world.run_until(world.settled)
    assert world.bodies == ["call-1 initiated", "call-1 ringing"]
    assert world.clock.elapsed_s >= 3


async def test_a_result_the_database_did_not_take_is_sent_again_when_the_lease_is_over():
    world = World()
    gate = asyncio.Event()
    world.receivers.script(HOOK, gate, 200)
    await world.publish("call-1", "initiated")
    sending = asyncio.get_running_loop().create_task(world.delivery.deliver_due())
    assert await let_run_until(lambda: bool(world.receivers.received))
    world.ledger.outages = 1
    gate.set()
    assert await sending == 1
    await world.run_until(world.settled)
    first, second = world.receivers.received
    assert second.at_s - first.at_s >= 25
    assert first.headers["x-callwright-event-id"] == second.headers["x-callwright-event-id"]


class DefectError(Exception):
    """Nothing anybody foresaw."""


async def test_a_defect_met_with_one_entry_leaves_the_others_alone(caplog: pytest.LogCaptureFixture):
    world = World()

    class Faulty(ScriptedReceivers):
        async def send(self, method: str, url: str, **exchange: object) -> ScriptedReply:
            if url == OTHER:
                raise DefectError("boom")
            return await super().send(method, url, **exchange)  # type: ignore[arg-type]

    settings = DeliverySettings("worker-1", timeout_s=10)
    world.receivers = Faulty(world.clock)
    world.delivery = WebhookDelivery(world.ledger, world.receivers, world.clock, settings)
    await world.publish("call-1", "initiated", url=OTHER)
    await world.publish("call-2", "initiated", "ringing")
    await world.run_until(lambda: world.states().count("delivered") == 2)
    assert "boom" in caplog.text


async def test_a_worker_that_is_cancelled_takes_its_exchanges_with_it():
    world = World()
    world.receivers.script(HOOK, asyncio.Event())
    await world.publish("call-1", "initiated")
    before = len(asyncio.all_tasks())
    running = world.start()
    assert await let_run_until(lambda: bool(world.receivers.received))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(asyncio.all_tasks()) == before


class Surprising:
    """A ledger that at first answers with what nobody expects of a database."""

    def __init__(self, ledger: WebhookLedger, surprises: int) -> None:
        self._ledger = ledger
        self.surprises = surprises

    def unit(self):
        if self.surprises:
            self.surprises -= 1
            raise RuntimeError("relation does not exist")
        return self._ledger.unit()

    reading = unit

    async def wait_for_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        return await self._ledger.wait_for_outbox(timeout_seconds)


async def test_delivery_outlives_an_error_nobody_expects_of_a_database():
    world = World()
    ledger = Surprising(world.ledger, 3)
    settings = DeliverySettings("worker-1", timeout_s=10)
    world.delivery = WebhookDelivery(ledger, world.receivers, world.clock, settings)
    await world.publish("call-1", "initiated")
    await world.run_until(world.settled)
    assert ledger.surprises == 0
    assert world.bodies == ["call-1 initiated"]


async def test_a_receiver_that_hangs_delays_no_other_organisation():
    world, hang = World(at_once=MAX_WEBHOOKS_SENT), asyncio.Event()
    world.receivers.script(HOOK, *[hang] * 120)
    for number in range(120):
        await world.publish(f"call-{number}", "initiated")
    running = world.start()
    assert await let_run_until(lambda: len(world.receivers.received) == MAX_WEBHOOKS_SENT_TO_ONE)
    await world.publish("call-of-other", "initiated", url=OTHER, tenant_id="other")
    await world.publish("call-elsewhere", "initiated", url=OTHER)
    began_s = world.clock.elapsed_s
    assert await let_run_until(lambda: world.states().count("delivered") == 2, 5_000)
    assert all(one.at_s - began_s <= 2 for one in world.receivers.received if one.url == OTHER)
    assert sum(one.url == HOOK for one in world.receivers.received) == MAX_WEBHOOKS_SENT_TO_ONE
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_during_an_overlap_both_secrets_sign():
    world = World()
    world.secrets = [b"new", b"former"]
    await world.publish("call-1", "initiated")
    await world.delivery.deliver_due()
    (received,) = world.receivers.received
    stamp = int(received.headers["webhook-timestamp"])
    each = [signature_headers(one, "event-1", stamp, received.body)["webhook-signature"] for one in (b"new", b"former")]
    assert received.headers["webhook-signature"] == " ".join(each)


async def test_a_webhook_waits_while_its_secret_cannot_be_opened():
    world = World(secret=b"s")
    world.locked = True
    await world.publish("call-1", "initiated")
    await world.delivery.deliver_due()
    assert (world.receivers.received, world.states()) == ([], ["waiting"])
    assert world.results == ["failed"]


async def run_for(world: World, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
    """Let the worker run for so long, or until ``done``."""
    end_s = world.clock.elapsed_s + seconds
    running = world.start()
    assert await let_run_until(lambda: world.clock.elapsed_s >= end_s or done(), 2_000_000)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def tries_at(world: World, url: str) -> int:
    return sum(one.url == url for one in world.receivers.received)


def was_told(world: World, url: str, times: int) -> bool:
    return tries_at(world, url) == times


async def test_an_endpoint_that_fails_for_half_a_day_is_paused_and_loses_nothing(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "callwright.outbox")
    world = World(idle_s=60)
    world.receivers.script(HOOK, *[503] * 10_000)
    for number in range(3):
        await world.publish(f"call-{number}", "initiated", "completed")
    await run_for(world, 13 * 3_600)
    (paused,) = [line for line in caplog.messages if "is paused" in line]
    assert "every try failed for 12 hours, the last with: HTTP 503" in paused
    await world.publish("call-3", "initiated", "completed")
    before = tries_at(world, HOOK)
    await run_for(world, 48 * 3_600)
    assert 48 * 4 - 3 <= tries_at(world, HOOK) - before <= 48 * 4 + 1, "one each quarter of an hour"
    assert world.states() == ["waiting"] * 8, "two days are more than ten tries have, and nothing is given up"
    # It answers again.
    world.receivers.recover()
    await run_for(world, 3_600, world.settled)
    assert world.states() == ["delivered"] * 8
    assert "answers again" in caplog.messages[-1]
    for number in range(4):
        last = [body for body in world.bodies if body.startswith(f"call-{number} ")][-2:]
        assert last == [f"call-{number} initiated", f"call-{number} completed"]


async def test_a_paused_endpoint_that_answers_410_is_not_asked_again():
    world = World(idle_s=60)
    world.receivers.script(HOOK, 410)
    await world.publish("call-1", "initiated", "completed")
    await run_for(world, 48 * 3_600)
    assert (tries_at(world, HOOK), world.states()) == (1, ["given_up", "waiting"])
    endpoint = world.ledger.outbox.kept[0].entry.endpoint
    await world.ledger.outbox.endpoints.resume("t", endpoint)
    await run_for(world, 3_600, world.settled)
    assert world.states() == ["given_up", "delivered"]


async def test_410_of_an_address_that_differs_from_call_to_call_ends_that_webhook_only():
    world = World()
    world.receivers.script(HOOK, 410)
    await world.publish("call-1", "initiated", "completed")
    for one in world.ledger.outbox.kept:
        one.entry = replace(one.entry, endpoint=endpoint_of("https://receiver.example/{agent_id}"))
    await world.run_until(world.settled)
    assert world.states() == ["given_up", "delivered"]


async def test_fifty_dead_endpoints_of_a_hundred_delay_no_healthy_one():
    """One organisation with all of them: each dead one hangs until the time limit, for as long as it is tried."""
    world = World(at_once=MAX_WEBHOOKS_SENT)
    dead = [f"https://dead-{number}.example/hook" for number in range(50)]
    well = [f"https://well-{number}.example/hook" for number in range(50)]
    hang = asyncio.Event()
    for number, url in enumerate(dead):
        await world.publish(f"dead-{number}", "initiated", "completed", url=url)
        # It failed before.
        await world.ledger.outbox.endpoints.failed("t", world.ledger.outbox.kept[-1].entry.endpoint, "no answer")
        world.receivers.script(url, *[hang] * 10)
    running = world.start()
    assert await let_run_until(lambda: sum(tries_at(world, url) for url in dead) == MAX_WEBHOOKS_SENT_OF_ONE // 2)
    for number, url in enumerate(well):
        began_s = world.clock.elapsed_s
        await world.publish(f"well-{number}", "initiated", "completed", url=url)
        assert await let_run_until(partial(was_told, world, url, 2), 20_000)
        assert world.clock.elapsed_s - began_s <= 2
    assert sum(tries_at(world, url) for url in dead) == MAX_WEBHOOKS_SENT_OF_ONE // 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_dead_endpoints_of_many_organisations_leave_half_of_the_places_to_the_others():
    world = World(at_once=8)
    hang = asyncio.Event()
    for number in range(20):
        url = f"https://dead-{number}.example/"
        await world.publish(f"dead-{number}", "initiated", url=url, tenant_id="t" if number % 2 else "other")
        entry = world.ledger.outbox.kept[-1].entry
        await world.ledger.outbox.endpoints.failed(entry.tenant_id, entry.endpoint, "no answer")
        world.receivers.script(url, hang)
    running = world.start()
    assert await let_run_until(lambda: world.clock.elapsed_s >= 8)
    assert len(world.receivers.received) == 4
    await world.publish("well", "initiated")
    assert await let_run_until(lambda: "delivered" in world.states())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_replay_has_its_id_and_says_so():
    world = World(secret=b"s")
    await world.publish("call-1", "initiated")
    world.ledger.outbox.kept[0].entry = replace(world.ledger.outbox.kept[0].entry, replays=2)
    await world.delivery.deliver_due()
    (received,) = world.receivers.received
    assert received.headers["x-callwright-replay"] == "2"
    assert received.headers["webhook-id"] == "event-1"
