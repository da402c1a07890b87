"""The build hook of the wheel: a wheel without the dashboard is refused. An editable install needs none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INDEX = "src/callwright/dashboard/static/index.html"


class DashboardHook(BuildHookInterface):  # type: ignore[type-arg]
    """Checks that `make dashboard` was run."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises FileNotFoundError for a wheel without the built pages."""
        if version != "editable" and not (Path(self.root) / INDEX).is_file():
            raise FileNotFoundError(f"{INDEX} is missing: run `make dashboard` before a wheel is built")
