"""Executions that pages show whole (docs/reference/executions): a test makes each, and the file is such a one.

``CALLWRIGHT_WRITE_EXAMPLES=1`` writes the files from what the tests make.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callwright.insight.wire import encode

FOLDER = Path(__file__).parents[1] / "docs/reference/executions"
_MEASURED = frozenset({"callwright", "latency_data", "usage_breakdown"})
"""What depends on the speed of the machine: only its keys are compared."""
_SAID = ("status", "error_message", "retry_count", "retry_config", "batch_run_details")
_TIMES = frozenset({"created_at", "updated_at"})


def check_example(name: str, body: Mapping[str, Any]) -> None:
    """The file ``name`` has the same keys and kinds of values as ``body``, and says the same of how the call went."""
    path = FOLDER / f"{name}.json"
    made = json.loads(encode(body))
    if os.environ.get("CALLWRIGHT_WRITE_EXAMPLES") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    shown = json.loads(path.read_text())
    assert _shape(shown) == _shape(made), path
    assert {key: _timeless(shown[key]) for key in _SAID} == {key: _timeless(made[key]) for key in _SAID}, path


def _shape(value: Any, *, deep: bool = True) -> Any:
    if isinstance(value, dict):
        return {key: _shape(one, deep=key not in _MEASURED) for key, one in value.items()} if deep else sorted(value)
    if isinstance(value, list):
        return [_shape(one) for one in value] if deep else "list"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def _timeless(value: Any) -> Any:
    return {key: one for key, one in value.items() if key not in _TIMES} if isinstance(value, dict) else value
