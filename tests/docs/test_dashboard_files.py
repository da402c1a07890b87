"""Rules of the dashboard's files that no tool of its own holds."""

import json
import re
from pathlib import Path

import pytest

from callwright.insight.doctor_rules import RULES

ROOT = Path(__file__).resolve().parents[2]
FRONT = ROOT / "dashboard"
SOURCES = sorted(path for path in (FRONT / "src").rglob("*.ts*") if path.name != "schema.gen.ts")
MOST_LINES = 250
TABLE_OF_WORDS = FRONT / "src/strings/en.ts"


def test_the_lock_names_no_host() -> None:
    text = (FRONT / "package-lock.json").read_text()
    assert re.findall(r'"resolved"|https?://', text) == []


def test_the_lock_holds_every_package_by_a_hash() -> None:
    packages = json.loads((FRONT / "package-lock.json").read_text())["packages"]
    assert len(packages) > 50
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_every_dependency_has_one_exact_version() -> None:
    project = json.loads((FRONT / "package.json").read_text())
    versions = {**project["dependencies"], **project["devDependencies"]}
    assert {name: version for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)} == {}


def test_every_dependency_has_its_line_in_the_record() -> None:
    record = next((ROOT / "docs/decisions").glob("*-dashboard*.md")).read_text()
    project = json.loads((FRONT / "package.json").read_text())
    assert [name for name in (*project["dependencies"], *project["devDependencies"]) if f"`{name}`" not in record] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(FRONT).as_posix())
def test_a_file_is_short_and_a_page_imports_no_other(path: Path) -> None:
    text = path.read_text()
    assert path == TABLE_OF_WORDS or len(text.splitlines()) <= MOST_LINES
    own = re.match(r"src/pages/([\w-]+)/", path.relative_to(FRONT).as_posix())
    pages = set(re.findall(r"""from ["'](?:\.\./)+(?:pages/)?([\w-]+)/""", text)) & {
        folder.name for folder in (FRONT / "src/pages").iterdir()
    }
    assert own is None or pages <= {own[1]}


def test_the_pages_name_findings_as_the_call_doctor_does() -> None:
    table = TABLE_OF_WORDS.read_text().partition("  rules: {")[2].partition("\n  }")[0]
    assert dict(re.findall(r'(\w+): "([^"]+)"', table)) == {name: rule.title for name, rule in RULES.items()}
