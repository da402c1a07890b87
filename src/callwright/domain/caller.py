"""Who calls: the number a caller is known by, and the rules an agent has for its callers (contract 12.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.suppression import NOBODY

WITHHELD = "anonymous"
"""What stands for all callers who hide their number: they count as one."""

_ADDRESS = re.compile(r"(?i)(?:sips?|tel):(?P<user>[^@;?]*)(?:@(?P<host>[^:;?]*|\[[^\]]*\]))?")
_NUMBER = re.compile(r"\+?[0-9][0-9.()-]*")
_SEPARATORS = re.compile(r"[.()-]")


def caller_number(caller: str) -> str:
    """What a caller is known by: the number in an address (``sip:+15550123@gateway:5060`` is ``+15550123``), else the address in small
    letters without port and parameters, else the text as it came; WITHHELD without any."""
    text = caller.strip()
    match = _ADDRESS.match(text)
    if match is not None:
        user, host = match["user"], match["host"]
        number = _number(user)
        if number:
            return number
        if host:
            text = f"sip:{user}@{host}".lower()
    if text.lower() in NOBODY or text.lower().startswith(("sip:anonymous@", "sip:unknown@")):
        return WITHHELD
    return _number(text) or text


def _number(text: str) -> str:
    return _SEPARATORS.sub("", text) if _NUMBER.fullmatch(text) else ""


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
        """Whether a caller (``caller_number``) is on the list of those who always may. A number may be there with or without its plus."""
        return _comparable(caller) in self.always


def _comparable(number: str) -> str:
    return caller_number(number.replace(" ", "")).removeprefix("+")
