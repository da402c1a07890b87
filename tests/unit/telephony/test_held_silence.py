"""The pages of the tests and of the bench hold silence back as the client in the browser does."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from tests.web_page import HeldSilence

ROOT = Path(__file__).resolve().parents[3]
VECTORS: list[dict[str, Any]] = json.loads((ROOT / "dashboard/src/lib/webcall/holding.test.json").read_text())
"""Levels as pieces of (frames, from, to), and the messages as (frames in each, how many). The client's own test reads them too."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_page_of_the_tests_sends_what_the_client_sends(vector: dict[str, Any]) -> None:
    holding = HeldSilence()
    levels = [begin + (end - begin) * n / frames for frames, begin, end in vector["levels"] for n in range(frames)]
    sizes = [len(sent) for level in levels if (sent := holding.push(b"f", level))]
    assert [[size, len(list(same))] for size, same in groupby(sizes)] == vector["messages"]
