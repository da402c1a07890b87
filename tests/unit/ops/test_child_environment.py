"""What a process that we start finds in its environment."""

from __future__ import annotations

from callwright.ops.child_environment import child_environment
from callwright.ops.settings import SETTINGS

NEEDED = {"PATH": "/bin", "HOME": "/home", "LC_ALL": "C", "OMP_NUM_THREADS": "2", "PYTHONPATH": "src"}
OTHERS = ("AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "CALLWRIGHT_API_KEY", "OPENAI_API_KEY", "MY_TOKEN", "PATHS")


def test_a_child_gets_what_an_interpreter_reads_and_no_setting_of_ours() -> None:
    ours = {setting.variable: "canary" for setting in SETTINGS.values()}
    assert child_environment({**NEEDED, **ours, **dict.fromkeys(OTHERS, "canary")}) == NEEDED
