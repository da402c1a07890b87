"""The environment of a process that we start: the variables it needs, and none of ours. A child that is taken over must hold no secret."""

from __future__ import annotations

import os
from collections.abc import Mapping

_KEPT = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "TZ", "LANG", "LANGUAGE", "VIRTUAL_ENV",
        "PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
        "PYTHONPYCACHEPREFIX", "PYTHONHASHSEED", "PYTHONFAULTHANDLER", "PYTHONMALLOC", "LD_LIBRARY_PATH", "LD_PRELOAD",
        "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "COVERAGE_PROCESS_START", "COVERAGE_FILE",
    }
)  # fmt: skip
"""What an interpreter, its libraries and a clock read."""
_KEPT_PREFIXES = ("LC_", "OMP_", "MKL_", "OPENBLAS_", "MALLOC_")


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of ``environ`` that a child process gets: those of a known list, whatever the others are called."""
    return {name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
