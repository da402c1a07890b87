"""The revisions that an ``If-Match`` names."""

from __future__ import annotations

import pytest

from callwright.platform.agents.routes.revisions import expected_revisions


@pytest.mark.parametrize(
    ("if_match", "revisions"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"7"', (7,)),
        ("7", (7,)),
        ('W/"7"', (7,)),
        ('"7-0f3a"', (7,)),
        ('"7", "8-ab"', (7, 8)),
        ('"a7"', ()),
        ("", ()),
        ('"-7"', ()),
        ('"1000000000"', ()),
    ],
)
def test_a_revision_is_a_tag_of_its_own_or_begins_that_of_a_read(
    if_match: str | None, revisions: tuple[int, ...] | None
) -> None:
    assert expected_revisions(if_match) == revisions
