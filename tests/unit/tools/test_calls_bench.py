"""The bench of calls shows a server and its peer in one table."""

from typing import Any

from bench.calls_bench import table

OURS: dict[str, Any] = {
    "server": "callwright", "calls": 8, "cpu_s_per_call_min": 0.2921, "database_cpu_s_per_call_min": 0.0104,
    "added_ms_p50": 2.2, "added_ms_p95": 3.4, "late_replies": 1, "missed": 2, "replies": 20,
    "loop_pause_ms": 3.1, "mb_per_call": 0.474,
}  # fmt: skip


def test_a_line_has_the_figures_of_a_row():
    assert table([OURS]).splitlines()[2] == (
        "| 8 | callwright | 0.292 + 0.010 PostgreSQL | 2; 3 | 1 of 20; 2 | 3 | 0.47 |"
    )


def test_what_is_not_known_of_a_server_is_left_out():
    other = {**OURS, "server": "other", "database_cpu_s_per_call_min": 0.0}
    del other["loop_pause_ms"]
    lines = table([OURS, other]).splitlines()
    assert lines[3] == "| 8 | other | 0.292 | 2; 3 | 1 of 20; 2 | - | 0.47 |"
    assert len({line.count("|") for line in lines}) == 1
