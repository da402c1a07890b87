"""The build hook of the wheel: a wheel without the dashboard is refused, and one gets the list of packages of cloud speech. An editable
install needs neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INDEX = "src/callwright/dashboard/static/index.html"


CLOUD = {"requirements/cloud.txt": "callwright/providers/cloud/requirements.txt"}


class DashboardHook(BuildHookInterface):  # type: ignore[type-arg]
    """Checks that `make dashboard` was run."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises FileNotFoundError for a wheel without the built pages."""
        if version != "editable" and not (Path(self.root) / INDEX).is_file():
            raise FileNotFoundError(f"{INDEX} is missing: run `make dashboard` before a wheel is built")
        if version != "editable":
            build_data["force_include"].update(
                {str(Path(self.root) / source): target for source, target in CLOUD.items()}
            )
