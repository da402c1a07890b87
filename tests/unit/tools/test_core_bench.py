"""The bench of the core says by its exit status whether the figure meets its target."""

import json

import pytest
from bench import core_bench


@pytest.mark.long
@pytest.mark.parametrize(("target", "status"), [(0, 0), (10**12, 1)])
def test_the_status_is_the_figures(target, status, monkeypatch, capsys):
    monkeypatch.setattr(core_bench, "TARGET", target)
    monkeypatch.setattr(core_bench, "LOOPS", 1_000)
    assert core_bench.main(["--conversations", "1"]) == status
    assert json.loads(capsys.readouterr().out)["target"] == target
