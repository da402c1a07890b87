"""Keys kept in memory are believed only while news of changes would come, and only for a while."""

from __future__ import annotations

from datetime import UTC, datetime

from callwright.domain.limits import KNOWN_KEY_SECONDS, MAX_KNOWN_KEYS
from callwright.platform.accounts.rules import ApiKey
from callwright.platform.known_keys import KnownKeys

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def key(number: int = 1) -> ApiKey:
    return ApiKey(f"key-{number}", "t", "name", b"d" * 32, "abcd", "full", NOW)


class Desk:
    """Known keys, with hands on what is heard, on time and on what the database would say."""

    def __init__(self) -> None:
        self.hears, self.seconds, self.asked = True, 0.0, 0
        self.stored: ApiKey | None = key()
        self.known = KnownKeys(lambda: self.hears, lambda: self.seconds)

    async def find(self, digest: bytes = b"d") -> ApiKey | None:
        return await self.known.find(digest, self._look_up)

    async def _look_up(self) -> ApiKey | None:
        self.asked += 1
        return self.stored


async def test_a_key_seen_once_is_not_looked_up_again() -> None:
    desk = Desk()
    assert await desk.find() == await desk.find() == key()
    assert desk.asked == 1


async def test_whether_a_key_is_in_memory_is_told_without_asking() -> None:
    desk = Desk()
    assert desk.known.known(b"d") is None
    await desk.find()
    assert desk.known.known(b"d") == key()
    desk.hears = False
    assert desk.known.known(b"d") is None
    desk.hears, desk.seconds = True, KNOWN_KEY_SECONDS
    assert desk.known.known(b"d") is None
    assert desk.asked == 1


async def test_a_change_is_believed_at_once() -> None:
    desk = Desk()
    await desk.find()
    desk.stored = None
    desk.known.forget()
    assert await desk.find() is None


async def test_an_unknown_key_is_looked_up_every_time() -> None:
    desk = Desk()
    desk.stored = None
    await desk.find()
    desk.stored = key()
    assert await desk.find() == key()


async def test_while_no_news_would_come_every_key_is_looked_up() -> None:
    desk = Desk()
    await desk.find()
    desk.hears = False
    await desk.find()
    await desk.find()
    assert desk.asked == 3


async def test_a_key_is_believed_for_a_while_only() -> None:
    desk = Desk()
    await desk.find()
    desk.seconds = KNOWN_KEY_SECONDS - 0.1
    await desk.find()
    assert desk.asked == 1
    desk.seconds = KNOWN_KEY_SECONDS
    await desk.find()
    assert desk.asked == 2


async def test_what_was_read_before_a_change_is_not_kept() -> None:
    desk = Desk()

    async def look_up() -> ApiKey | None:
        desk.known.forget()
        return key()

    await desk.known.find(b"d", look_up)
    await desk.find()
    assert desk.asked == 1, "the first answer was not kept"


async def test_only_so_many_are_kept() -> None:
    desk = Desk()
    for number in range(MAX_KNOWN_KEYS + 1):
        await desk.find(str(number).encode())
    await desk.find(str(MAX_KNOWN_KEYS).encode())
    assert desk.asked == MAX_KNOWN_KEYS + 1
    await desk.find(b"0")
    assert desk.asked == MAX_KNOWN_KEYS + 2
