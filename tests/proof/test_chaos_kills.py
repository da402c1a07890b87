"""The chaos proof at its length of ``make test-all``: 60 deaths of a real server. Never tried a second time: a lost call is no bad luck."""

from __future__ import annotations

from pathlib import Path

import pytest
from proof.chaos import KILLS, SEED, Chaos


@pytest.mark.long
async def test_whatever_step_a_server_is_killed_at_nothing_is_lost_dialled_twice_or_billed_twice(
    dsn: str, tmp_path: Path
) -> None:
    report = await Chaos(tmp_path, dsn, SEED).run(KILLS)
    lines = "\n".join(report.lines())
    assert not report.broken, lines
    assert not report.missed, lines
