"""Rule files of countries: the built-in ones, an operator's own, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.ops.country_rules import load_country_rules

RULES = """
country = "AT"
date = 2026-11-29
source = "a law"
consent_required = false

[hours]
mon = ["08:00-12:00", "14:00-24:00"]
tue = []
wed = []
thu = []
fri = []
sat = []
sun = []

[holidays]
yearly = ["10-26"]
easter = [1]
weekdays = ["05 sun 2"]
dates = [2026-12-24]
substitutes = true
"""


def test_the_built_in_files_are_dated_and_conservative() -> None:
    found = load_country_rules()
    assert sorted(found) == ["DE", "FR", "GB", "IN", "US"]
    for rules in found.values():
        assert rules.source
        assert date.fromisoformat(rules.date)
        assert rules.consent_required
        assert rules.week[6] == (), "no country on Sundays"
        assert all(9 * 60 <= start < end <= 20 * 60 for day in rules.week for start, end in day)
        assert rules.holidays.yearly
    folder = Path(__file__).parents[3] / "src/callwright/ops/countries"
    assert all("not legal advice" in path.read_text() for path in folder.glob("*.toml"))


def test_an_operators_folder_adds_and_replaces(tmp_path: Path) -> None:
    (tmp_path / "austria.toml").write_text(RULES)
    (tmp_path / "germany.toml").write_text(RULES.replace('"AT"', '"DE"'))
    (tmp_path / "notes.txt").write_text("no rules")
    found = load_country_rules(tmp_path)
    assert sorted(found) == ["AT", "DE", "FR", "GB", "IN", "US"]
    assert found["DE"].source == "a law"
    austria = found["AT"]
    assert (austria.date, austria.consent_required) == ("2026-11-29", False)
    assert austria.week[0] == ((480, 720), (840, 1440))
    assert [
        austria.holidays.on(date.fromisoformat(day)) for day in ("2026-10-26", "2026-12-24", "2026-05-10", "2026-04-06")
    ] == [True] * 4
    assert not austria.holidays.on(date(2026, 12, 25))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('country = "AT"', 'country = "at"', "ISO 3166"),
        ("date = 2026-11-29", 'date = "yesterday"', "are required"),
        ('source = "a law"', "", "are required"),
        ("consent_required = false", "", "consent_required must be"),
        ("tue = []", "", "must name every day"),
        ('"08:00-12:00"', '"8-12"', "ranges such as"),
        ('"08:00-12:00"', '"12:00-08:00"', "does not end after it begins"),
        ('"14:00-24:00"', '"14:00-24:30"', "does not end after it begins"),
        ('"10-26"', '"02-30"', "there is no day 02-30"),
        ('"10-26"', '"26.10."', "12-25"),
        ("easter = [1]", "easter = [100]", "days from Easter Sunday"),
        ('"05 sun 2"', '"05 sun 5"', "05 mon -1"),
        ("dates = [2026-12-24]", 'dates = ["2026-12-24"]', "list of dates"),
        ("substitutes = true", "substitute = true", "substitute is not known"),
        ("[hours]", "[hours", "is not TOML"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in RULES
    (tmp_path / "austria.toml").write_text(RULES.replace(old, new))
    with pytest.raises(ConfigurationError, match=why) as refused:
        load_country_rules(tmp_path)
    assert "austria.toml" in refused.value.message


def test_two_files_of_one_country_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_country_rules(tmp_path / "nowhere")
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(RULES)
    with pytest.raises(ConfigurationError, match="already"):
        load_country_rules(tmp_path)
