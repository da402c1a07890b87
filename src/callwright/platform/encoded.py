"""Answers as bytes with their entity tags, and a cache of those that clients poll."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from callwright.domain.limits import MAX_CACHED_BODIES


@dataclass(frozen=True, slots=True)
class Encoded:
    """An execution as bytes of JSON. ``version`` is that of its row; None: it has no row, and is not kept."""

    agent_id: str
    body: bytes
    tag: str
    version: int | None = None


def entity_tag(body: bytes) -> str:
    """The entity tag of an answer: another one when a byte of it differs."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def names_tag(given: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` names the tag, or any. Weak tags count (RFC 9110, 13.1.2); an empty one names none."""
    return given.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in given.split(",")}


class EncodedExecutions:
    """Encoded executions by tenant, id and public URL. Keeps at most ``most``; forgets the one that was read longest ago."""

    def __init__(self, most: int = MAX_CACHED_BODIES) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str, str], Encoded] = OrderedDict()

    def get(self, key: tuple[str, str, str]) -> Encoded | None:
        """What was kept under the key. The caller compares its version with the row's."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: tuple[str, str, str], encoded: Encoded) -> None:
        """Keep it in place of what was kept under the key."""
        self._kept[key] = encoded
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
