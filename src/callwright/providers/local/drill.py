"""An engine without models, to exercise the inference process: echo, waiting, failing, dying."""

from __future__ import annotations

import os
import threading
from typing import Any

from callwright.providers.local.engine import Cancelled, Emit, Work

_GLANCE_S = 0.005
_MOST_GLANCES = 4_000


class DrillEngine:
    """Jobs: ``echo`` (each of ``texts`` as a piece), ``wait`` (a piece, then until cancelled), ``fail``, ``refuse``, ``die``."""

    def __init__(self) -> None:
        self._pause = threading.Event()

    def run(self, work: Work, emit: Emit, cancelled: Cancelled) -> dict[str, Any]:
        """Do one job."""
        if work.kind == "echo":
            for text in work.body.get("texts", []):
                emit({"text": text})
        elif work.kind == "wait":
            emit({"text": "waiting"})
            for _ in range(_MOST_GLANCES):
                if cancelled():
                    break
                self._pause.wait(_GLANCE_S)
        elif work.kind == "fail":
            raise RuntimeError("as ordered")
        elif work.kind == "refuse":
            raise ValueError("as ordered")
        elif work.kind == "die":
            os._exit(9)
        return {"kind": work.kind}
