"""What somebody could do with an address of their choice: reach inside, or hurt the process that calls them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from tests.http_server import Exchange, LocalServer, serving

from callwright.domain.errors import AnswerTooLargeError, BlockedUrlError, UnavailableError
from callwright.domain.limits import MAX_WEB_ANSWER_BYTES
from callwright.net.client import Answer, GuardedClient


async def greet(exchange: Exchange) -> None:
    await exchange.answer(200, b"hello")


@pytest.fixture
async def inside() -> AsyncIterator[LocalServer]:
    """A service inside that nobody from outside may reach."""
    async with serving(greet) as server:
        yield server


async def send(
    client: GuardedClient, url: str, timeout_s: float = 5, headers: Mapping[str, str] | None = None
) -> Answer:
    return await client.send("POST", url, headers=headers or {}, body=b"{}", timeout_s=timeout_s)


def resolving(*answers: Sequence[str]):
    """A resolver that gives these answers one after the other, then the last one for ever; and how often it was asked."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


# Ways to write loopback, private and link-local addresses.
DISGUISES = [
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "2130706433", "0x7f000001", "0x7f.0x0.0x0.0x1", "0177.0.0.1",
    "017700000001", "127.1", "127.0.1", "[::1]", "[::]", "0.0.0.0", "0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[::127.0.0.1]",
]  # fmt: skip


@pytest.mark.parametrize("host", DISGUISES)
async def test_loopback_is_not_reached_under_any_of_its_names(inside: LocalServer, host: str):
    async with GuardedClient(allow_private=False) as client:
        with pytest.raises((BlockedUrlError, UnavailableError)):
            await send(client, f"http://{host}:{inside.port}/")
    assert inside.requests == []


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "[fd00::1]", "[fe80::1]"]
)
async def test_private_and_metadata_addresses_are_refused_by_policy(address: str):
    async with GuardedClient(allow_private=False) as client:
        with pytest.raises(BlockedUrlError, match="private or reserved"):
            await send(client, f"http://{address}/latest/meta-data")


async def test_metadata_stays_closed_even_when_private_addresses_are_open():
    async with GuardedClient(allow_private=True) as client:
        with pytest.raises(BlockedUrlError):
            await send(client, "http://169.254.169.254/latest/meta-data")


async def test_the_setting_opens_loopback(inside: LocalServer):
    async with GuardedClient(allow_private=True) as client:
        answer = await send(client, f"{inside.url}/hook?x=1", headers={"X-Token": "t"})
    assert (answer.status, answer.body) == (200, b"hello")
    (request,) = inside.requests
    assert (request.method, request.target, request.body, request.headers["x-token"]) == (
        "POST",
        "/hook?x=1",
        b"{}",
        "t",
    )


async def test_one_private_address_among_public_ones_refuses_the_name(inside: LocalServer):
    resolve, _ = resolving(["93.184.216.34", "127.0.0.1"])
    async with GuardedClient(allow_private=False, resolve=resolve) as client:
        with pytest.raises(BlockedUrlError):
            await send(client, f"http://two-faced.example:{inside.port}/")
    assert inside.requests == []


async def test_a_name_that_changes_its_address_between_check_and_use_gains_nothing(inside: LocalServer):
    # The answer that is checked is the one that is connected to; a second one is never asked for.
    resolve, asked = resolving(["169.254.169.254"], ["127.0.0.1"])
    async with GuardedClient(allow_private=True, resolve=resolve) as client:
        with pytest.raises(BlockedUrlError):
            await send(client, f"http://rebinding.example:{inside.port}/")
    assert (asked, inside.requests) == (["rebinding.example"], [])
    resolve, asked = resolving(["127.0.0.1"], ["169.254.169.254"])
    async with GuardedClient(allow_private=True, resolve=resolve) as client:
        assert (await send(client, f"http://rebinding.example:{inside.port}/")).status == 200
    assert asked == ["rebinding.example"]


async def test_every_new_connection_is_checked_again(inside: LocalServer):
    resolve, asked = resolving(["127.0.0.1"], ["169.254.169.254"])
    async with GuardedClient(allow_private=True, resolve=resolve) as client:
        assert (await send(client, f"http://turning.example:{inside.port}/")).status == 200
        with pytest.raises(BlockedUrlError):
            await send(client, f"http://turning.example:{inside.port}/")
    assert len(asked) == 2
    assert len(inside.requests) == 1


async def test_the_name_asked_for_is_still_the_one_the_receiver_sees(inside: LocalServer):
    resolve, _ = resolving(["127.0.0.1"])
    async with GuardedClient(allow_private=True, resolve=resolve) as client:
        await send(client, f"http://receiver.example:{inside.port}/")
    assert inside.requests[0].headers["host"] == f"receiver.example:{inside.port}"


async def test_the_next_address_is_tried_when_nobody_listens_at_the_first(inside: LocalServer):
    resolve, _ = resolving(["::1", "127.0.0.1"])
    async with GuardedClient(allow_private=True, resolve=resolve) as client:
        assert (await send(client, f"http://dual.example:{inside.port}/")).status == 200


async def test_a_name_without_an_address_is_unavailable():
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    empty, _ = resolving([])
    for resolve in (nobody, empty):
        async with GuardedClient(allow_private=False, resolve=resolve) as client:
            with pytest.raises(UnavailableError):
                await send(client, "http://nowhere.example/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_answers_not_instructions(inside: LocalServer, status: int):
    async def elsewhere(exchange: Exchange) -> None:
        await exchange.answer(status, location=f"{inside.url}/secret")

    async with serving(elsewhere) as server, GuardedClient(allow_private=True) as client:
        answer = await send(client, server.url)
    assert (answer.status, answer.headers["location"]) == (status, f"{inside.url}/secret")
    assert inside.requests == []


async def test_a_huge_answer_is_cut():
    async def flood(exchange: Exchange) -> None:
        exchange.head(200)
        for _ in range(64):
            await exchange.write(b"x" * 65_536)

    async with serving(flood) as server, GuardedClient(allow_private=True) as client:
        answer = await send(client, server.url)
    assert answer.body == b"x" * MAX_WEB_ANSWER_BYTES


async def test_a_packed_answer_is_not_unpacked():
    bomb = gzip.compress(b"\x00" * 50_000_000)

    async def packed(exchange: Exchange) -> None:
        await exchange.answer(200, bomb, content_encoding="gzip")

    async with serving(packed) as server, GuardedClient(allow_private=True) as client:
        answer = await send(client, server.url)
        assert server.requests[0].headers["accept-encoding"] == "identity"
    assert answer.body == bomb


async def test_a_silent_receiver_times_out():
    async def silent(exchange: Exchange) -> None:
        await asyncio.sleep(30)

    async with serving(silent) as server, GuardedClient(allow_private=True) as client:
        with pytest.raises(UnavailableError, match=r"within 0\.3 seconds"):
            await send(client, server.url, timeout_s=0.3)


async def test_a_receiver_that_drips_cannot_stretch_the_time():
    async def drip(exchange: Exchange) -> None:
        exchange.head(200)
        for _ in range(100):
            await exchange.write(b".")
            await asyncio.sleep(0.1)

    async with serving(drip) as server, GuardedClient(allow_private=True) as client:
        before = asyncio.get_running_loop().time()
        with pytest.raises(UnavailableError):
            await send(client, server.url, timeout_s=0.5)
        assert asyncio.get_running_loop().time() - before < 3


async def test_broken_answers_are_unavailable_whenever_they_break():
    async def no_http(exchange: Exchange) -> None:
        await exchange.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

    async def at_once(exchange: Exchange) -> None:
        await exchange.break_off()

    async def midway(exchange: Exchange) -> None:
        exchange.head(200, content_length="1000")
        await exchange.write(b"half")
        await exchange.break_off()

    async def short(exchange: Exchange) -> None:
        exchange.head(200, content_length="1000")
        await exchange.write(b"half")

    for handler in (no_http, at_once, midway, short):
        async with serving(handler) as server, GuardedClient(allow_private=True) as client:
            with pytest.raises(UnavailableError):
                await send(client, server.url)


async def fetched(
    client: GuardedClient, url: str, most_bytes: int, headers: Mapping[str, str] | None = None
) -> tuple[Answer, bytes]:
    found = bytearray()

    async def take(piece: bytes) -> None:
        found.extend(piece)

    answer = await client.fetch(url, headers=headers or {}, take=take, most_bytes=most_bytes, timeout_s=1)
    return answer, bytes(found)


async def test_a_file_is_fetched_behind_the_same_guard(inside: LocalServer):
    async with GuardedClient(allow_private=False) as client:
        with pytest.raises(BlockedUrlError):
            await fetched(client, inside.url, 5)
    assert inside.requests == []


async def test_a_file_may_have_so_many_bytes_and_not_one_more(inside: LocalServer):
    async with GuardedClient(allow_private=True) as client:
        answer, found = await fetched(client, inside.url, 5)
        assert (answer.status, answer.body, found) == (200, b"", b"hello")
        with pytest.raises(AnswerTooLargeError, match="larger than 4 bytes"):
            await fetched(client, inside.url, 4)


async def test_only_a_good_answer_is_a_file_and_a_slow_one_ends():
    async def handler(exchange: Exchange) -> None:
        if exchange.request.target == "/moved":
            await exchange.answer(302, b"hello", location="/there")
            return
        exchange.head(200)
        while True:
            await exchange.write(b"x")
            await asyncio.sleep(0.2)

    async with serving(handler) as server, GuardedClient(allow_private=True) as client:
        answer, found = await fetched(client, f"{server.url}/moved", 5)
        assert (answer.status, answer.headers["location"], found) == (302, "/there", b"")
        with pytest.raises(UnavailableError, match="within 1 seconds"):
            await fetched(client, f"{server.url}/drips", 1_000)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://exa mple.example/", {}),
        ("http://example.example/\x01", {}),
        ("http://xn--zzzzzzzzzzzzzzzzzzzzz.example:1/", {"x-name": "Zoë ✓"}),
        ("http://" + "a" * 70 + ".example/", {"x": "\ud800"}),
    ],
)
async def test_what_cannot_be_sent_is_refused_and_breaks_nothing(url: str, headers: dict[str, str]):
    resolve, _ = resolving(["127.0.0.1"])
    async with GuardedClient(allow_private=True, resolve=resolve) as client:
        with pytest.raises((BlockedUrlError, UnavailableError)):
            await send(client, url, headers=headers)


@pytest.mark.parametrize("value", ["t\r\nX-Injected: 1", "t\nX-Injected: 1", "t\x00"])
async def test_headers_cannot_be_smuggled(inside: LocalServer, value: str):
    async with GuardedClient(allow_private=True) as client:
        with pytest.raises((BlockedUrlError, UnavailableError)):
            await send(client, inside.url, headers={"x-token": value})
    assert all("x-injected" not in request.headers for request in inside.requests)


async def test_cookies_of_one_receiver_never_go_out_again():
    async def baking(exchange: Exchange) -> None:
        await exchange.answer(200, set_cookie="session=of-another-tenant; Path=/")

    async with serving(baking) as server, GuardedClient(allow_private=True) as client:
        for _ in range(2):
            await send(client, server.url)
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]


async def test_no_proxy_of_the_environment_gets_the_request(inside: LocalServer, monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with GuardedClient(allow_private=True) as client:
        assert (await send(client, inside.url)).status == 200


async def test_the_streaming_client_stands_behind_the_same_guard(inside: LocalServer):
    async with GuardedClient(allow_private=False) as client:
        with pytest.raises(BlockedUrlError):
            await client.stream_client().get(inside.url)
    assert inside.requests == []
