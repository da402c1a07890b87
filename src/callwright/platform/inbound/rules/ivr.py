"""``ivr_config`` of a number (contract 12.4): a menu a caller goes through before the agent. Checked and kept; nothing acts on it yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_IVR_STEPS, MAX_NAME_CHARACTERS, MAX_PROMPT_CHARACTERS
from callwright.domain.provider_table import IVR_VOICE

NOT_ACTED_ON = "ivr_config is checked and kept, and not acted on: callers reach the agent directly"

_TYPES = frozenset({"menu", "collect"})
_DIGITS = frozenset("0123456789*#")


def read_ivr(wire: Mapping[str, Any]) -> dict[str, Any] | None:
    """``ivr_config`` of a body as it is kept: unknown keys stay, defaults are filled in. None without one. Raises BadInputError."""
    config = Fields(wire, "", BadInputError).child("ivr_config")
    if config is None:
        return None
    found = {
        **config.value,
        "enabled": config.switch("enabled", False),
        "voice": config.text("voice", IVR_VOICE, longest=MAX_NAME_CHARACTERS),
        "timeout": config.whole("timeout", 5, 1, 60),
        "max_retries": config.whole("max_retries", 2, 0, 20),
    }
    for name, default in (
        ("welcome_message", ""),
        ("invalid_input_message", "Invalid input. Please try again."),
        ("no_input_message", "No input received. Goodbye."),
        ("default_agent_id", ""),
    ):
        text = config.text(name, default, longest=MAX_PROMPT_CHARACTERS)
        if text:
            found[name] = text
    _check_steps(config, enabled=found["enabled"])
    return found


def agents_in(ivr: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The agents a checked menu leads to, each with the path at which it is named."""
    found = [("ivr_config.default_agent_id", ivr.get("default_agent_id"))]
    for number, step in enumerate(ivr.get("steps") or ()):
        for index, option in enumerate(step.get("options") or () if step["type"] == "menu" else ()):
            found.append((f"ivr_config.steps[{number}].options[{index}].agent_id", option.get("agent_id")))
    return [(path, agent_id.strip()) for path, agent_id in found if agent_id and agent_id.strip()]


def _check_steps(config: Fields, *, enabled: bool) -> None:
    steps = config.list("steps")
    path = config.at("steps")
    if not steps:
        if enabled:
            raise BadInputError(f"{path} must hold at least one step of an enabled menu", field=path)
        return
    if len(steps) > MAX_IVR_STEPS:
        raise BadInputError(f"{path} may hold at most {MAX_IVR_STEPS} steps", field=path)
    read = [_step(one, f"{path}[{index}]") for index, one in enumerate(steps)]
    ids = [step.text("step_id") for step in read]
    if len(set(ids)) != len(ids):
        raise BadInputError(f"{path} has two steps with the same step_id", field=path)
    for step in read:
        _check_ways(step, frozenset(ids))


def _step(value: Any, path: str) -> Fields:
    if not isinstance(value, Mapping):
        raise BadInputError(f"{path} must be an object", field=path)
    step = Fields(value, path, BadInputError)
    for name in ("step_id", "type", "prompt"):
        if not step.text(name, longest=MAX_PROMPT_CHARACTERS).strip():
            raise BadInputError(f"{step.at(name)} is required", field=step.at(name))
    if step.choice("type", "menu", _TYPES) == "menu":
        _check_options(step)
    else:
        least = step.whole("min_digits", 1, 0, 64)
        most = step.whole("max_digits", 64, 1, 64)
        step.whole("num_digits", 1, 1, 64)
        if least > most:
            raise step.wrong("min_digits", f"at most max_digits ({most})", told=str(least))
    step.text("field_name", longest=MAX_NAME_CHARACTERS)
    step.text("finish_on_key", longest=1)
    return step


def _check_options(step: Fields) -> None:
    options = step.list("options")
    if not options:
        raise BadInputError(f"{step.at('options')} must hold at least one option of a menu", field=step.at("options"))
    seen: set[str] = set()
    for index, one in enumerate(options):
        path = f"{step.at('options')}[{index}]"
        if not isinstance(one, Mapping):
            raise BadInputError(f"{path} must be an object", field=path)
        option = Fields(one, path, BadInputError)
        digit = option.raw("digit")
        digit = str(digit) if isinstance(digit, int) and not isinstance(digit, bool) else option.text("digit")
        if digit not in _DIGITS or digit in seen:
            raise option.wrong("digit", "a key of the telephone that no other option has")
        seen.add(digit)
        option.text("label", longest=MAX_NAME_CHARACTERS)
        option.text("agent_id", longest=MAX_NAME_CHARACTERS)
        option.text("context_label", longest=MAX_PROMPT_CHARACTERS)


def _check_ways(step: Fields, ids: frozenset[str]) -> None:
    next_step = step.text("next_step")
    if next_step and next_step not in ids:
        raise step.wrong("next_step", "the step_id of a step")
    ways = step.child("conditional_next")
    for key in ways.value if ways is not None else ():
        if ways is not None and ways.text(key) not in ids:
            raise ways.wrong(key, "the step_id of a step")
