"""One row of the table of an agent's settings (``setting_rows``)."""

from __future__ import annotations

from dataclasses import dataclass

REQUEST_TEST = (
    "tests/contract/test_agent_to_request.py::test_an_agents_setting_is_this_part_of_the_request_and_nothing_else"
)
SWITCH = "true or false"
SENTENCE = "a text, or a map of language to text"
"""What there may be of a setting that many rows have."""

_KEPT = "tests/acceptance/test_api_agents.py::test_settings_that_are_only_kept_are_read_back_as_they_came"


@dataclass(frozen=True, slots=True)
class AgentSetting:
    """One row. ``key`` is ``section.name``; ``default`` as JSON has it (None: nothing); ``least`` and ``most`` bound a number, ``values``
    says in words what else there may be. ``proof`` is the test (``tests/...::name``) of what it does, or that a kept one is kept; more
    than one are divided by a space.
    """

    key: str
    default: object
    does: str
    proof: str
    least: float | None = None
    most: float | None = None
    values: str = ""
    kept: bool = False

    @property
    def proofs(self) -> tuple[str, ...]:
        """The tests, one by one."""
        return tuple(self.proof.split())


def kept(
    key: str, default: object, does: str, least: float | None = None, most: float | None = None, values: str = ""
) -> AgentSetting:
    """The row of a setting that changes nothing; ``does`` says what it is elsewhere, or why."""
    return AgentSetting(key, default, does, _KEPT, least, most, values, kept=True)
