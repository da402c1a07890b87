"""Rows of ``setting_rows`` about the keys a caller presses."""

from __future__ import annotations

from callwright.domain.limits import MAX_KEY_DIGITS
from callwright.domain.settings.setting import SWITCH, AgentSetting

_KEYS = "tests/unit/conversation/test_keys.py::"

KEY_ROWS: tuple[AgentSetting, ...] = (
    AgentSetting(
        "task_config.dtmf_enabled",
        False,
        "Keys the caller presses become what the caller said.",
        f"{_KEYS}test_keys_up_to_the_finishing_key_are_one_turn_of_the_caller",
        values=SWITCH,
    ),
    AgentSetting(
        "task_config.dtmf_finish_on_key",
        "#",
        "Our own. The key that ends an entry; empty: none.",
        f"{_KEYS}test_another_finishing_key_or_none",
        values="one of 0-9 * # A-D, or empty",
    ),
    AgentSetting(
        "task_config.dtmf_max_digits",
        0,
        "Our own. An entry of so many keys is complete, a finishing key behind it included; 0: no count.",
        f"{_KEYS}test_a_count_completes_an_entry",
        0,
        MAX_KEY_DIGITS,
    ),
    AgentSetting(
        "task_config.dtmf_timeout",
        3,
        "Our own. Seconds after the last key when an entry is complete.",
        f"{_KEYS}test_a_pause_completes_an_entry",
        0.5,
        60,
    ),
    AgentSetting(
        "task_config.dtmf_interrupts",
        True,
        "Our own. The first key silences the agent.",
        f"{_KEYS}test_the_first_key_silences_the_agent {_KEYS}test_keys_may_wait_until_the_agent_has_finished",
        values=SWITCH,
    ),
)
