"""How long the suite runs: in full (``make test-phone``), or the part that CI runs with every change; where that is smaller, both figures
stand side by side in ``sized``, and what CI leaves out altogether is marked ``only_in_full``."""

from __future__ import annotations

import os

import pytest

FULL = os.environ.get("CALLWRIGHT_PHONE_TESTS") == "full"
only_in_full = pytest.mark.only_in_full


def sized(full: int, small: int) -> int:
    """A figure of the full suite and what CI makes of it."""
    return full if FULL else small
