"""Whose number is the other side's."""

from datetime import UTC, datetime

import pytest

from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.suppressions.rules import far_number

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("direction", "to_number", "from_number", "far"),
    [
        ("outbound", "+15550199", "+15550100", "+15550199"),
        ("inbound", "desk", "sip:bob@10.0.0.1", "sip:bob@10.0.0.1"),
        ("inbound", "desk", "Anonymous", ""),
        ("inbound", "desk", "sip:Anonymous@anonymous.invalid", ""),
        ("inbound", "desk", "sips:unknown@10.0.0.1:5061;transport=tls", ""),
        ("inbound", "desk", "sip:anonymously@10.0.0.1", "sip:anonymously@10.0.0.1"),
        ("inbound", "", "", ""),
        ("outbound", " loopback:demo ", "", "loopback:demo"),
    ],
)
def test_the_far_end_is_who_we_called_or_who_called_us(
    direction: str, to_number: str, from_number: str, far: str
) -> None:
    row = Execution(
        *(
            "e1",
            "t",
            "a1",
            Status.QUEUED,
            Phase.WAITING,
            "queued",
            0,
            direction,
            "sip",
            to_number,
            from_number,
            NOW,
            NOW,
        )
    )
    assert far_number(row) == far
