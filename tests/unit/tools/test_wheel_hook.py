"""The build hook of the wheel: no wheel without the dashboard, and an editable install with or without it."""

from __future__ import annotations

from pathlib import Path

import pytest

hatch_build = pytest.importorskip("hatch_build", reason="hatchling is not installed")


def hook(root: Path):
    """The hook as hatchling makes it."""
    return hatch_build.DashboardHook(str(root), {}, None, None, str(root / "dist"), "wheel")


def test_a_wheel_without_the_dashboard_is_refused(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="make dashboard"):
        hook(tmp_path).initialize("standard", {})


def test_a_wheel_with_it_and_an_editable_install_without_it_are_built(tmp_path: Path):
    hook(tmp_path).initialize("editable", {})
    index = tmp_path / hatch_build.INDEX
    index.parent.mkdir(parents=True)
    index.write_text("<!doctype html>")
    data: dict[str, dict[str, str]] = {"force_include": {}}
    hook(tmp_path).initialize("standard", data)
    assert data["force_include"] == {
        str(tmp_path / "requirements/cloud.txt"): "callwright/providers/cloud/requirements.txt"
    }
