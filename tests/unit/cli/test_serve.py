"""What ``callwright serve`` says at its start."""

from __future__ import annotations

import pytest

from callwright.cli.serve import NO_PAGES, told_at_start
from callwright.ops.settings import Settings
from callwright.platform.agents.rules.availability import Lack, LackKind

EXTRA = "pip install 'callwright[local]'"


def lack(leg: str, name: str) -> Lack:
    return Lack(leg, "", "local", LackKind.NO_EXTRA, f"the {name} 'local' lacks the packages of the extra local", EXTRA)


def test_a_server_that_lacks_nothing_says_what_it_runs_and_which_accounts_are_sandboxes() -> None:
    assert told_at_start(Settings(model="intents"), ()) == [
        "sandbox: auto, an account without a carrier key or SIP trunk is a sandbox (CALLWRIGHT_SANDBOX)",
        "ready: recogniser local, voice local, model intents",
    ]


def test_with_an_endpoint_the_model_is_that_of_the_endpoint() -> None:
    settings = Settings(model_base_url="http://127.0.0.1:8000/v1")
    assert told_at_start(settings, ())[1] == "ready: recogniser local, voice local, model custom"


def test_an_endpoint_that_failed_its_first_request_is_not_called_ready() -> None:
    failure = "the model at 127.0.0.1:8000 cannot be used now: it cannot be reached"
    endpoint = Settings(model_base_url="http://127.0.0.1:8000/v1")
    assert told_at_start(endpoint, (), failure)[1:] == ["ready: recogniser local, voice local", f"not ready: {failure}"]
    beside = Settings(model="intents", model_base_url="http://127.0.0.1:8000/v1")
    assert told_at_start(beside, (), failure)[1] == "ready: recogniser local, voice local, model intents"


@pytest.mark.parametrize(
    ("sandbox", "meaning"), [("always", "every account is a sandbox"), ("never", "no account is a sandbox")]
)
def test_the_other_ways_are_said_as_well(sandbox: str, meaning: str) -> None:
    assert told_at_start(Settings(sandbox=sandbox), ())[0] == f"sandbox: {sandbox}, {meaning} (CALLWRIGHT_SANDBOX)"


def test_what_cannot_be_done_has_its_command() -> None:
    lacks = (lack("transcriber", "recogniser"), lack("model", "model"))
    assert told_at_start(Settings(), lacks)[1:] == [
        "ready: voice local",
        f"not ready: the recogniser 'local' lacks the packages of the extra local: {EXTRA}",
        f"not ready: the model 'local' lacks the packages of the extra local: {EXTRA}",
    ]
    everything = (*lacks, lack("voice", "voice"))
    assert not any(line.startswith("ready") for line in told_at_start(Settings(), everything))


def test_a_server_installed_from_source_says_how_to_get_the_pages_of_the_dashboard() -> None:
    assert told_at_start(Settings(), (), has_pages=False)[-1] == f"not ready: {NO_PAGES}"
    assert "`make dashboard`" in NO_PAGES
