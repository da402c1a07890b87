"""What `make release` checks before it builds, and that the files for servers name settings and ports that exist."""

import re
import zipfile
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

import release
import trial_call
from callwright import __version__
from callwright.ops.settings import SETTINGS, Settings

ROOT = Path(__file__).resolve().parents[3]
DEPLOYMENT = ("Containerfile", "compose.yaml", "deploy/callwright.service")
CHANGELOG = "# Changelog\n\n## 0.2.0\n\n## 0.1.0\n\n- Calls.\n"


def test_the_version_is_read_from_the_package():
    assert release.version_of((ROOT / "src/callwright/__init__.py").read_text()) == __version__
    with pytest.raises(ValueError, match="names no version"):
        release.version_of("__version__ = 1\n")


@pytest.mark.parametrize(("version", "known"), [("0.1.0", True), ("0.2.0", False), ("0.1", False), ("0.3.0", False)])
def test_a_version_needs_a_chapter_with_something_in_it(version: str, known: bool):
    assert release.has_chapter(CHANGELOG, version) is known


def test_a_wheel_without_the_dashboard_is_no_release(tmp_path: Path):
    wheel = tmp_path / "callwright-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("callwright/__init__.py", "")
    with pytest.raises(trial_call.TrialError, match="make dashboard"):
        release.check_pages(wheel)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(release.PAGES, "<!doctype html>")
    release.check_pages(wheel)


@pytest.mark.parametrize("path", DEPLOYMENT)
def test_settings_for_servers_exist(path: str):
    named = set(re.findall(r"CALLWRIGHT_[A-Z_]+", (ROOT / path).read_text())) - {"CALLWRIGHT_IMAGE"}
    assert named
    assert named - {setting.variable for setting in SETTINGS.values()} == set()


def test_a_server_is_given_more_time_to_stop_than_its_calls_may_take():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    seconds = int(compose["services"]["server"]["stop_grace_period"].removesuffix("s"))
    unit = re.search(r"^TimeoutStopSec=(\d+)$", (ROOT / "deploy/callwright.service").read_text(), re.MULTILINE)
    assert unit is not None
    assert min(seconds, int(unit[1])) > Settings().drain_seconds


def test_the_composition_waits_for_a_healthy_database_and_keeps_both_in_volumes():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    database, server = compose["services"]["database"], compose["services"]["server"]
    assert server["depends_on"]["database"]["condition"] == "service_healthy"
    assert "pg_isready" in database["healthcheck"]["test"]
    assert {one.partition(":")[0] for one in database["volumes"] + server["volumes"]} == set(compose["volumes"])
    assert server["ports"] == [f"127.0.0.1:{Settings().port}:{Settings().port}"]
