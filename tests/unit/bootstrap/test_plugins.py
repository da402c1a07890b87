"""Finding plugins of other packages."""

from pathlib import Path

import pytest

from callwright.bootstrap.plugins import installed_plugins


@pytest.mark.parametrize(
    ("source", "why"),
    [("PLUGINS = (", "SyntaxError"), ("import no_such_module", "ModuleNotFoundError"), ("1 / 0", "ZeroDivisionError")],
)
def test_a_package_that_cannot_be_loaded_is_left_out(
    source: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken_package.py").write_text(source)
    described = tmp_path / "broken_package-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-package\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[callwright.plugins]\nbroken = broken_package:PLUGINS\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_plugins().has("carrier", "loopback")
    assert f"the plugins of broken cannot be loaded: {why}" in caplog.text
