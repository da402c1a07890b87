"""What a start logs of its surroundings."""

from __future__ import annotations

import pytest

from callwright.cli.serving import warn_of_unknown_variables


def test_a_variable_that_no_setting_has_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_unknown_variables({"CALLWRIGHT_SERVICE_HOST": "10.0.0.1", "CALLWRIGHT_VOICE": "local", "PATH": "/bin"})
    assert caplog.messages == ["there is no setting CALLWRIGHT_SERVICE_HOST: it is ignored"]
