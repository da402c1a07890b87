"""Numbers under which agents are called: extensions, numbers of SIP trunks, numbers rented from a carrier."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callwright.domain.dialled import unseparated

EXTENSION = "extension"
TRUNK = "trunk"
CARRIER = "carrier"
KINDS = (EXTENSION, TRUNK, CARRIER)
"""``extension``: a short name, one for the whole platform; ``trunk``: a number of a SIP trunk; ``carrier``: rented from a carrier."""

COUNTRY_CODES: Mapping[str, str] = {"IN": "+91", "US": "+1"}
"""Countries in which numbers can be rented, and how their numbers begin."""

ORDER = "order"
"""The key of ``details`` of a number that was ordered at a carrier and of which it is not known yet whether it was rented."""
UNDER_WAY, UNKNOWN = "under_way", "unknown"
"""Its values: somebody is ordering it, or was until its process ended; the carrier did not say what came of it."""

_DIGITS = re.compile(r"\+?[0-9]+")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number of an organisation. ``agent_id``: who answers it, None where nobody does; ``agent_tenant_id`` whose agent that is (the
    organisation itself or a part of it). ``details`` are what belongs to its kind: ``ivr_config``, a price, the carrier's own id; of a
    trunk's number that a carrier had before also the name of that (``carrier``)."""

    id: str
    tenant_id: str
    number: str
    kind: str
    provider: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    agent_tenant_id: str | None = None
    agent_id: str | None = None
    trunk_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rented(self) -> bool:
        """Whether it was rented here: it is given back with DELETE, and cost money. A trunk may have it by now."""
        return "payment_uuid" in self.details

    @property
    def carrier(self) -> str:
        """Where it is rented, whether or not a trunk has taken it over."""
        return str(self.details.get(CARRIER, self.provider))

    @property
    def dialled(self) -> str:
        """What it is found by: ``dialled_form`` of it."""
        return dialled_form(self.number)


def dialled_form(text: str) -> str:
    """What a number or name is found by, however it is spelt: digits without a plus and separators, a name in small letters, of an
    address (``sip:``, ``loopback:``) what stands before the host."""
    text = text.strip()
    for scheme in ("sip:", "sips:", "loopback:"):
        if text.lower().startswith(scheme):
            text = text[len(scheme) :].partition("@")[0]
    plain = unseparated(text)
    return plain.removeprefix("+") if _DIGITS.fullmatch(plain) else text.lower()


@dataclass(frozen=True, slots=True)
class OwnedNumber:
    """A number that belongs to an organisation, which the operator has proved."""

    tenant_id: str
    number: str
    proved_at: datetime
