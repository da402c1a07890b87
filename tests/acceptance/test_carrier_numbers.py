"""Numbers of carriers over the API, with the account's own keys, against stand-ins of the vendors: what is found, rented, seen, given back,
and what becomes of an order whose answer nobody got."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api_world import PUBLIC_URL, ApiWorld
from tests.number_vendors import AUTH_ID, SID, TOKEN, Vendor, plivo, twilio

from callwright.api.app import build_app
from callwright.net.client import GuardedClient
from callwright.ports.market import NumberMarket
from callwright.telephony.number_markets.plivo import PlivoMarket
from callwright.telephony.number_markets.twilio import TwilioMarket

US, OTHER = "+14155550101", "+12125550102"
WANTED = {"country": "US", "phone_number": US}
KEYS = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN}
PLIVO_KEYS = {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN}
TRUNK: dict[str, Any] = {"name": "t", "provider": "custom", "auth_type": "ip-based", "ip_identifiers": ["192.0.2.7"]}
TRUNK |= {"gateways": [{"gateway_address": "a.example"}], "phone_numbers": [{"phone_number": US}]}

AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "a",
        "agent_type": "other",
        "tasks": [
            {
                "task_type": "conversation",
                "tools_config": {},
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
            }
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "x"}},
}


@dataclass
class Shop:
    """The application with both carriers, and two organisations' clients."""

    client: httpx.AsyncClient
    others: httpx.AsyncClient
    twilio: Vendor
    plivo: Vendor
    world: ApiWorld

    async def store(self, **keys: str) -> None:
        for name, value in keys.items():
            stored = await self.client.post("/providers", json={"provider_name": name, "provider_value": value})
            assert stored.status_code in (200, 201), stored.text

    async def numbers(self) -> list[dict[str, Any]]:
        """The list, after a fresh look at the carriers."""
        self.pass_time(61)
        answer = await self.client.get("/phone-numbers/all")
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    async def buy(self, **headers: str) -> httpx.Response:
        return await self.client.post("/phone-numbers/buy", json=WANTED, headers=headers)

    async def killed_while_buying(self) -> None:
        """A request that ends, as its process does, after the carrier has rented the number and before it answers."""
        self.twilio.fail["POST"] = "silent"
        buying = asyncio.create_task(self.buy())
        await self.twilio.silenced.wait()
        buying.cancel()
        await asyncio.gather(buying, return_exceptions=True)
        self.twilio.fail.clear()

    def pass_time(self, seconds: float) -> None:
        self.world.clock.ahead += timedelta(seconds=seconds)


@pytest.fixture
async def shop(world: ApiWorld) -> AsyncIterator[Shop]:
    async with twilio(Vendor(stock=[US, OTHER])) as first, plivo(Vendor()) as second, sender() as client:
        markets: dict[str, NumberMarket] = {
            "plivo": PlivoMarket(client, second.url),
            "twilio": TwilioMarket(client),
        }
        services = replace(world.services, actions=replace(world.services.actions, markets=markets))
        app = build_app(services)
        async with user(app, world.key) as ours, user(app, world.other_key) as others:
            shop = Shop(ours, others, first, second, world)
            await shop.store(**KEYS, TWILIO_API_URL=first.url)
            yield shop


def sender() -> GuardedClient:
    return GuardedClient(allow_private=True)


@asynccontextmanager
async def user(app: Any, key: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC_URL, headers=headers) as client:
        yield client


async def test_a_number_is_found_rented_listed_and_given_back(shop: Shop) -> None:
    query = {"country": "us", "pattern": "415", "provider": "twilio"}
    (found,) = (await shop.client.get("/phone-numbers/search", params=query)).json()
    assert (found["phone_number"], found["price"], found["provider"]) == (US, 1.15, "twilio")

    bought = (await shop.buy()).json()

    assert (bought["phone_number"], bought["price"], bought["telephony_provider"]) == (US, 115, "twilio")
    assert bought["telephony_sid"] == shop.twilio.held[US]
    (number,) = await shop.numbers()
    assert (number["id"], number["rented"], number["price"]) == (bought["id"], True, "$1.15")
    again = await shop.buy()
    assert (again.status_code, again.json()["id"]) == (200, bought["id"])
    assert len(shop.twilio.asked("POST")) == 1
    assert (await shop.client.delete(f"/phone-numbers/{bought['id']}")).status_code == 200
    assert (shop.twilio.held, await shop.numbers()) == ({}, [])


async def test_an_account_that_moves_to_another_address_of_its_carrier_is_looked_at_there_at_once(shop: Shop) -> None:
    assert await shop.numbers() == []
    async with twilio(Vendor(held={OTHER: "PN" + "7" * 32})) as moved:
        await shop.store(TWILIO_API_URL=moved.url)
        (number,) = (await shop.client.get("/phone-numbers/all")).json()
    assert (number["phone_number"], number["rented"]) == (OTHER, False)


async def test_a_request_that_is_repeated_under_its_key_rents_once(shop: Shop) -> None:
    first, second = [await shop.buy(**{"Idempotency-Key": "rent-1"}) for _ in range(2)]
    assert (first.status_code, first.json()) == (200, second.json())
    assert len(shop.twilio.asked("POST")) == 1


async def test_without_a_carrier_named_the_one_whose_keys_are_stored_is_asked(shop: Shop) -> None:
    shop.plivo.stock += ["+918041234567", US]
    assert (await shop.client.get("/phone-numbers/search", params={"country": "IN"})).status_code == 400
    await shop.store(**PLIVO_KEYS)
    (found,) = (await shop.client.get("/phone-numbers/search", params={"country": "IN"})).json()
    assert (found["provider"], found["phone_number"]) == ("plivo", "+918041234567")
    found = (await shop.client.get("/phone-numbers/search", params={"country": "US"})).json()
    assert {one["provider"] for one in found} == {"twilio"}


async def test_keys_that_are_missing_are_named_and_nobodys_else_are_used(shop: Shop) -> None:
    for query in ({"country": "US"}, {"country": "US", "provider": "plivo"}):
        answer = await shop.others.get("/phone-numbers/search", params=query)
        assert answer.status_code == 400
        assert "PLIVO_AUTH_ID, PLIVO_AUTH_TOKEN" in answer.json()["message"]
        assert "POST /providers" in answer.json()["message"]
    answer = await shop.client.get("/phone-numbers/search", params={"country": "US", "provider": "x"})
    assert (answer.status_code, answer.json()["field"]) == (400, "provider")
    assert (await shop.others.get("/phone-numbers/all")).json() == []
    assert shop.twilio.asked("GET") == []


async def test_keys_the_carrier_refuses_are_named_and_shown_nowhere(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "callwright")
    await shop.store(TWILIO_AUTH_TOKEN="wrong-token-of-the-account")

    answers = [await shop.client.get("/phone-numbers/search", params={"country": "US"}), await shop.buy()]

    for answer in answers:
        assert answer.status_code == 400
        assert "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN" in answer.json()["message"]
    assert await shop.numbers() == []
    texts = caplog.text + "".join(answer.text for answer in answers)
    assert "are not seen" in caplog.text
    assert "wrong-token" not in texts
    assert SID not in texts


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({}, "country"),
        ({"country": "FR"}, "country"),
        ({"country": "US", "pattern": "4151"}, "pattern"),
        ({"country": "US", "pattern": "4a"}, "pattern"),
    ],
)
async def test_a_wrong_search_says_what_is_wrong(shop: Shop, wire: dict[str, str], field: str) -> None:
    answer = await shop.client.get("/phone-numbers/search", params=wire)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize(
    "wire", [{"country": "US"}, {"country": "IN", "phone_number": US}, {"country": "US", "phone_number": "desk"}]
)
async def test_a_wrong_order_is_not_made(shop: Shop, wire: dict[str, str]) -> None:
    answer = await shop.client.post("/phone-numbers/buy", json=wire)
    assert (answer.status_code, answer.json()["field"]) == (400, "phone_number")
    assert shop.twilio.asked("POST") == []


async def test_a_carrier_that_is_down_takes_only_its_own_answers_with_it(shop: Shop) -> None:
    bought = (await shop.buy()).json()
    shop.twilio.fail.update(GET=503, POST=503, DELETE=503)

    search = await shop.client.get("/phone-numbers/search", params={"country": "US"})
    other = await shop.client.post("/phone-numbers/buy", json={"country": "US", "phone_number": OTHER})
    given_up = await shop.client.delete(f"/phone-numbers/{bought['id']}")

    for answer in (search, other, given_up):
        assert answer.status_code == 503, answer.text
        assert "twilio could not be reached" in answer.json()["message"]
    assert [number["id"] for number in await shop.numbers()] == [bought["id"]]
    asked = len(shop.twilio.asked("GET"))
    assert len((await shop.client.get("/phone-numbers/all")).json()) == 1
    assert len(shop.twilio.asked("GET")) == asked


async def test_a_refusal_leaves_nothing_behind(shop: Shop) -> None:
    shop.twilio.stock.remove(US)
    refused = await shop.buy()
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("the carrier twilio refused: +14155550101 is not available to ...")
    assert await shop.numbers() == []
    shop.twilio.stock.append(US)
    assert (await shop.buy()).status_code == 200


@pytest.mark.parametrize("seen", [False, True], ids=["at once", "after the list"])
async def test_an_answer_that_was_lost_is_found_out_by_the_same_request(shop: Shop, seen: bool) -> None:
    shop.twilio.fail["POST"] = "lose"
    lost = await shop.buy(**{"Idempotency-Key": "rent-1"})
    assert lost.status_code == 503, lost.text
    shop.twilio.fail.clear()
    if seen:
        assert len(await shop.numbers()) == 1

    bought = await shop.buy(**{"Idempotency-Key": "rent-1"})

    assert (bought.status_code, bought.json()["telephony_sid"]) == (200, shop.twilio.held[US])
    assert len(shop.twilio.asked("POST")) == 1


async def test_an_order_that_nothing_came_of_is_made_anew(shop: Shop) -> None:
    shop.twilio.fail["POST"] = 500
    assert (await shop.buy()).status_code == 503
    assert await shop.numbers() == []
    shop.twilio.fail.clear()
    assert (await shop.buy()).status_code == 200
    assert [number["rented"] for number in await shop.numbers()] == [True]


async def test_a_number_whose_process_died_is_there_when_it_is_ordered_again(shop: Shop) -> None:
    await shop.killed_while_buying()

    early = await shop.buy()
    shop.pass_time(61)
    late = await shop.buy()

    assert (early.status_code, early.json()["message"]) == (
        409,
        "another request is ordering this number; ask again in a minute",
    )
    assert (late.status_code, late.json()["telephony_sid"]) == (200, shop.twilio.held[US])
    assert len(shop.twilio.asked("POST")) == 1


async def test_a_number_whose_process_died_is_in_the_list(shop: Shop) -> None:
    await shop.killed_while_buying()

    (number,) = await shop.numbers()

    assert (number["phone_number"], number["rented"], number["price"]) == (US, True, "$1.15")
    assert (await shop.client.delete(f"/phone-numbers/{number['id']}")).status_code == 200
    assert shop.twilio.held == {}


async def test_an_order_that_never_came_about_is_forgotten(shop: Shop) -> None:
    await shop.killed_while_buying()
    shop.twilio.held.clear()
    shop.twilio.stock.append(US)
    assert await shop.numbers() == []
    await shop.store(**PLIVO_KEYS)
    elsewhere = await shop.client.post("/phone-numbers/buy", json={**WANTED, "provider": "plivo"})
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (409, "provider")
    shop.pass_time(600)
    assert await shop.numbers() == []
    shop.plivo.stock.append(US)
    assert (await shop.client.post("/phone-numbers/buy", json={**WANTED, "provider": "plivo"})).status_code == 200


async def test_of_two_requests_that_repeat_an_order_one_rents(shop: Shop) -> None:
    shop.twilio.fail["POST"] = 500
    assert (await shop.buy()).status_code == 503
    shop.twilio.fail.clear()
    shop.pass_time(61)
    # Both have seen the old order, and that the carrier has nothing, before either writes it anew.
    shop.twilio.wait["GET"] = asyncio.Barrier(2)
    answers = await asyncio.gather(shop.buy(), shop.buy())
    shop.twilio.wait.clear()

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(shop.twilio.asked("POST")) == 2
    (number,) = await shop.numbers()
    assert number["rented"]
    assert (await shop.client.delete(f"/phone-numbers/{number['id']}")).status_code == 200
    assert shop.twilio.held == {}


async def test_a_repeated_order_that_is_refused_looks_whether_the_first_came_through(shop: Shop) -> None:
    shop.twilio.fail["POST"] = 500
    assert (await shop.buy()).status_code == 503
    # The first try comes through at the carrier after the second has seen that it has nothing.
    shop.twilio.fail["POST"] = "late"

    bought = await shop.buy()

    assert (bought.status_code, bought.json()["telephony_sid"]) == (200, shop.twilio.held[US])
    assert [number["rented"] for number in await shop.numbers()] == [True]


async def test_numbers_the_account_has_at_its_carrier_are_its_numbers(shop: Shop) -> None:
    sids = {OTHER: f"PN{1:032x}", US: f"PN{2:032x}"}
    shop.twilio.held = dict(sids)

    numbers = await shop.numbers()

    assert {one["phone_number"] for one in numbers} == {US, OTHER}
    assert {(one["telephony_provider"], one["rented"], one["price"]) for one in numbers} == {("twilio", False, None)}
    assert (await shop.client.get("/phone-numbers/all")).json()[0]["id"] in {one["id"] for one in numbers}
    kept = next(one for one in numbers if one["phone_number"] == US)
    assert (await shop.buy()).status_code == 409
    refused = await shop.client.delete(f"/phone-numbers/{kept['id']}")
    assert (refused.status_code, "not rented here" in refused.json()["message"]) == (400, True)
    assert shop.twilio.held == sids
    del shop.twilio.held[OTHER]
    assert [one["id"] for one in await shop.numbers()] == [kept["id"]]
    assert (await shop.client.delete("/providers/TWILIO_AUTH_TOKEN")).status_code == 200
    assert (await shop.client.delete(f"/phone-numbers/{kept['id']}")).status_code == 200
    assert (await shop.numbers(), shop.twilio.held) == ([], {US: sids[US]})


async def test_a_number_that_nobody_has_listed_yet_can_be_called_from(shop: Shop) -> None:
    shop.twilio.held = {US: f"PN{1:032x}"}
    agent_id = (await shop.client.post("/v2/agent", json=AGENT)).json()["agent_id"]
    call = {"agent_id": agent_id, "recipient_phone_number": "+14155550177"}

    answers = [
        await shop.client.post("/call", json={**call, "from_phone_number": sender}) for sender in (US, "+14155550188")
    ]

    assert [one.status_code for one in answers] == [200, 400]
    assert "GET /phone-numbers/all" in answers[1].json()["message"]
    row = (await shop.client.get(f"/executions/{answers[0].json()['execution_id']}")).json()
    assert (row["agent_number"], row["telephony_data"]["from_number"]) == (US, US)
    shop.twilio.held[OTHER] = f"PN{2:032x}"
    shop.pass_time(61)
    file = {"file": ("list.csv", "contact_number\n+14155550177\n", "text/csv")}
    listed = [
        await shop.client.post("/batches", data={"agent_id": agent_id, "from_phone_numbers": sender}, files=file)
        for sender in (OTHER, "+14155550188")
    ]
    assert [one.status_code for one in listed] == [201, 400]


async def test_new_keys_are_used_at_once(shop: Shop) -> None:
    await shop.store(TWILIO_AUTH_TOKEN="wrong-token-of-the-account")
    shop.twilio.held = {US: f"PN{1:032x}"}
    assert await shop.numbers() == []
    await shop.store(TWILIO_AUTH_TOKEN=TOKEN)
    assert len((await shop.client.get("/phone-numbers/all")).json()) == 1


async def answered(shop: Shop, number: dict[str, Any]) -> str:
    """The agent that answers the number from now on."""
    agent = str((await shop.client.post("/v2/agent", json=AGENT)).json()["agent_id"])
    setup = {"agent_id": agent, "phone_number_id": number["id"]}
    assert (await shop.client.post("/inbound/setup", json=setup)).status_code == 200
    return agent


async def audited(shop: Shop, action: str) -> list[dict[str, Any]]:
    listed = (await shop.client.get("/v1/callwright/audit")).json()["data"]
    return [entry for entry in listed if entry["action"] == action]


@pytest.mark.parametrize("here", [True, False], ids=["rented here", "seen"])
async def test_a_trunk_takes_over_a_number_at_the_carrier_with_its_agent(shop: Shop, here: bool) -> None:
    if here:
        assert (await shop.buy()).status_code == 200
    else:
        shop.twilio.held = {US: f"PN{1:032x}"}
    (number,) = await shop.numbers()
    agent = await answered(shop, number)

    made = await shop.client.post("/sip-trunks/trunks", json=TRUNK)

    assert made.status_code == 201, made.text
    (taken,) = await shop.numbers()
    assert (taken["telephony_provider"], taken["rented"]) == ("sip-trunk", here)
    assert (taken["id"], taken["agent_id"], taken["name"]) == (number["id"], agent, number["name"])
    (entry,) = await audited(shop, "phone_number.moved")
    assert entry["object_id"] == number["id"]
    assert (entry["before"]["provider"], entry["after"]["provider"]) == ("twilio", "sip-trunk")
    assert entry["before"]["phone_number"] == number["phone_number"]
    assert entry["after"]["trunk_id"] == made.json()["id"]


async def test_a_rented_number_is_given_back_from_its_trunk(shop: Shop) -> None:
    bought = (await shop.buy()).json()
    assert (await shop.client.post("/sip-trunks/trunks", json=TRUNK)).status_code == 201
    assert (await shop.buy()).json()["id"] == bought["id"]
    assert len(shop.twilio.asked("POST")) == 1

    assert (await shop.client.delete(f"/phone-numbers/{bought['id']}")).status_code == 200

    assert (shop.twilio.held, await shop.numbers()) == ({}, [])


@pytest.mark.parametrize("whole", [True, False], ids=["the trunk is deleted", "the number is removed"])
async def test_a_rented_number_that_leaves_its_trunk_is_still_rented(shop: Shop, whole: bool) -> None:
    bought = (await shop.buy()).json()
    trunk = (await shop.client.post("/sip-trunks/trunks", json=TRUNK)).json()

    path = f"/sip-trunks/trunks/{trunk['id']}" + ("" if whole else f"/numbers/{bought['id']}")
    gone = await shop.client.delete(path)

    assert gone.status_code == 200, gone.text
    (number,) = await shop.numbers()
    assert (number["id"], number["telephony_provider"], number["rented"]) == (bought["id"], "twilio", True)
    assert (await shop.client.get("/sip-trunks/trunks")).json() == [] or not whole
    assert (await shop.client.delete(f"/phone-numbers/{bought['id']}")).status_code == 200
    assert shop.twilio.held == {}


async def test_a_number_whose_order_is_open_is_not_taken_over(shop: Shop) -> None:
    await shop.killed_while_buying()
    refused = await shop.client.post("/sip-trunks/trunks", json=TRUNK)
    assert (refused.status_code, refused.json()["field"]) == (409, "phone_number")
    assert "ordered at twilio" in refused.json()["message"]


async def test_a_number_with_an_agent_goes_only_when_the_carrier_says_so_itself(shop: Shop) -> None:
    shop.twilio.held = {US: f"PN{1:032x}", OTHER: f"PN{2:032x}"}
    linked, other = sorted(await shop.numbers(), key=lambda one: str(one["phone_number"]), reverse=True)
    agent = await answered(shop, linked)

    shop.twilio.unlisted += [US, OTHER]
    assert [(one["id"], one["agent_id"]) for one in await shop.numbers()] == [(linked["id"], agent)]
    assert [entry["object_id"] for entry in await audited(shop, "phone_number.gone")] == [other["id"]]

    del shop.twilio.held[US]
    assert await shop.numbers() == []
    gone, _ = await audited(shop, "phone_number.gone")
    assert (gone["object_id"], gone["before"]["agent_id"]) == (linked["id"], agent)


async def test_an_order_is_not_forgotten_while_the_carrier_has_the_number(shop: Shop) -> None:
    await shop.killed_while_buying()
    shop.twilio.unlisted.append(US)
    shop.pass_time(601)
    (number,) = await shop.numbers()
    assert (number["phone_number"], number["rented"]) == (US, True)
