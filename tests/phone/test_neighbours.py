"""One organisation attacks a server over every public way in; calls, chats and jobs of another one go on (``proof.neighbours``)."""

from __future__ import annotations

from pathlib import Path

import pytest
from proof.neighbours import CALLS, SECONDS, proved


@pytest.mark.long
async def test_calls_chats_and_jobs_of_one_organisation_go_on_while_another_attacks(dsn: str, tmp_path: Path) -> None:
    shown = await proved(SECONDS, CALLS, tmp_path, dsn)
    assert not shown.broken, "\n".join(shown.lines())
