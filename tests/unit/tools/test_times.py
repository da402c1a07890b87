"""The table that closes a test run."""

from typing import Any

import times

RUNS: list[dict[str, Any]] = [
    {
        "tests": {"tests/a.py::one": [2.0, 1.5], "tests/a.py::two": [1.0, 0.0]},
        "retries": [["tests/a.py::one", "it was late"]],
    },
    {"tests": {"tests/b.py::Group::one": [5.0, 4.0]}, "retries": []},
]


def test_the_slowest_file_comes_first_and_the_sum_of_waiting_last():
    assert times.slowest_files(RUNS) == [
        " seconds  waiting  tests  slowest files",
        "     5.0      4.0      1  tests/b.py",
        "     3.0      1.5      2  tests/a.py",
        "     8.0      5.5      3  all 2 files, over all workers",
    ]


def test_no_more_than_ten_files_are_listed():
    many = {f"tests/{number}.py::one": [float(number), 0.0] for number in range(30)}
    lines = times.slowest_files([{"tests": many, "retries": []}])
    assert len(lines) == 12
    assert lines[1].endswith("tests/29.py")


def test_what_was_tried_again_is_named_with_its_reason():
    assert times.retries(RUNS) == ["TRIED AGAIN tests/a.py::one: it was late"]
