"""Reading the rule files of countries: those of the package, and those of an operator's folder, which replace them by country."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_POLICY_COUNTRIES
from callwright.platform.dialling.rules.country_rules import CountryRules, parse_country_rules


def load_country_rules(folder: Path | None = None) -> dict[str, CountryRules]:
    """Returns the rules by country. Raises ConfigurationError naming the file that is wrong or the folder that is not there."""
    built_in = [(one.name, one.read_text("utf-8")) for one in _built_in()]
    found = _read(built_in)
    if folder is not None:
        found.update(_read(_texts(folder)))
    return found


def _built_in() -> list[Traversable]:
    folder = files("callwright.ops").joinpath("countries")
    return [one for one in folder.iterdir() if one.name.endswith(".toml")]


def _texts(folder: Path) -> list[tuple[str, str]]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
        if len(paths) > MAX_POLICY_COUNTRIES:
            raise ConfigurationError(f"CALLWRIGHT_COUNTRY_RULES: {folder} holds more than {MAX_POLICY_COUNTRIES} files")
        return [(str(path), path.read_text("utf-8")) for path in paths]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"CALLWRIGHT_COUNTRY_RULES: {folder} cannot be read: {error}") from error


def _read(texts: Iterable[tuple[str, str]]) -> dict[str, CountryRules]:
    found: dict[str, CountryRules] = {}
    for name, text in texts:
        try:
            rules = parse_country_rules(tomllib.loads(text), name)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{name} is not TOML: {error}") from error
        if rules.country in found:
            raise ConfigurationError(f"{name}: another file has the rules of {rules.country} already")
        found[rules.country] = rules
    return found
