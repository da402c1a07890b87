"""Cells that a spreadsheet takes for a formula."""

from __future__ import annotations

import pytest

from callwright.platform.batches.rules.formula_cell import is_formula, unmarked


@pytest.mark.parametrize("cell", ["=1+1", " -5%", "+49 30 901820", "@name", "\uff1d1", "\tx", "\u200b=1"])
def test_an_apostrophe_in_front_of_a_formula_is_a_mark(cell: str) -> None:
    assert is_formula(cell)
    assert unmarked(f"'{cell}") == cell
    assert unmarked(cell) == cell


@pytest.mark.parametrize("cell", ["", "'", "'Ada", "5%", "a=b", "''=1"])
def test_any_other_cell_stays_as_it_is(cell: str) -> None:
    assert not is_formula(cell)
    assert unmarked(cell) == cell
