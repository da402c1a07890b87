"""Who calls: the number a caller is known by, and the rules an agent has for its callers (contract 12.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.dialled import named_number, number_in
from callwright.platform.suppressions.rules import is_nobody

WITHHELD = "anonymous"
"""What stands for all callers who hide their number: they count as one."""

_ADDRESS = re.compile(r"(?i)sips?:(?P<user>[^@;?]*)(?:@(?P<host>[^:;?]*|\[[^\]]*\]))?")


def caller_number(caller: str) -> str:
    """What a caller is known by: the number in an address (``sip:+15550123@gateway:5060`` is ``+15550123``), else the address in small
    letters without port and parameters, else the text as it came; WITHHELD without any."""
    text = caller.strip()
    number = number_in(text)
    if number:
        return number
    match = _ADDRESS.match(text)
    if match is not None and match["host"]:
        text = f"sip:{match['user']}@{match['host']}".lower()
    return WITHHELD if is_nobody(text) else text


def spellings(caller: str) -> tuple[str, ...]:
    """All that the caller who is known by ``caller`` (``caller_number``) may be known by, the carrier writing the number with a plus, with
    00, with 011 or with none of them. Of one caller always the same, in the same order."""
    if not number_in(caller):
        return (caller,)
    number = named_number(caller).removeprefix("+")
    abroad = [f"00{number}", f"011{number}"]
    return (number, f"+{number}", *(one for one in abroad if named_number(one) == f"+{number}"))


@dataclass(frozen=True, slots=True)
class CallerRules:
    """How often one caller may call (-1: as often as they like), who always may, and whether only known callers may."""

    limit: int = -1
    always: frozenset[str] = frozenset()
    only_known: bool = False

    @classmethod
    def of_settings(cls, extra: Mapping[str, Any]) -> CallerRules:
        """From the settings of a conversation as they were read."""
        return cls(
            limit=extra.get("inbound_limit", -1),
            always=frozenset(_comparable(number) for number in extra.get("whitelist_phone_numbers") or ()),
            only_known=extra.get("disallow_unknown_numbers", False),
        )

    @property
    def restrict(self) -> bool:
        """Whether there is anything to ask."""
        return self.limit >= 0 or self.only_known

    def always_may(self, caller: str) -> bool:
        """Whether a caller (``caller_number``) is on the list of those who always may. A number may be there with its plus, with 00 or
        with neither."""
        return _comparable(caller) in self.always


def _comparable(number: str) -> str:
    return spellings(caller_number(number))[0]
