#!/usr/bin/env python3
"""Writes the description of the API to a file, for whoever generates a client from it: `tools/openapi.py build/openapi.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from callwright.api.app import build_app
from callwright.api.services import ApiServices


class _Nothing:
    """The description needs no services: nothing is asked while it is made."""

    version = "0"
    cors_origins = ()


def description() -> dict[str, Any]:
    """The API as OpenAPI."""
    return build_app(cast(ApiServices, _Nothing())).openapi()


def main() -> int:
    """Write the file that the command line names."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(description(), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
