"""Builds a release into dist/ and tries it: `make release`.

The version must have its chapter in CHANGELOG.md, and the wheel the pages of the dashboard. The wheel is built from the source
distribution, so that both are complete. It is then installed into an empty environment with the locked dependencies. There it must print
its version, answer /healthz, complete a call with scripted speech, and replay it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import trial_call

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PAGES = "callwright/dashboard/static/index.html"
NOT_THE_CHECKOUT = {"PYTHONPATH": ""}


def main() -> int:
    """Build and try; 0 when all of it went well."""
    version = version_of((ROOT / "src/callwright/__init__.py").read_text())
    if not has_chapter((ROOT / "CHANGELOG.md").read_text(), version):
        print(f"CHANGELOG.md has no chapter `## {version}`; write it or correct the version", file=sys.stderr)
        return 1
    try:
        wheel = build()
        with tempfile.TemporaryDirectory(prefix="callwright-release-") as folder:
            try_out(wheel, version, Path(folder))
    except trial_call.TrialError as error:
        print(f"the release does not work: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"dist/{path.name}" for path in sorted(DIST.iterdir())))
    return 0


def version_of(source: str) -> str:
    """The version that the package's `__init__` names. Raises ValueError where it names none."""
    found = re.search(r'^__version__ = "([^"]+)"$', source, re.MULTILINE)
    if found is None:
        raise ValueError("src/callwright/__init__.py names no version")
    return found[1]


def has_chapter(changelog: str, version: str) -> bool:
    """Whether the changelog has a chapter of this version, with something in it."""
    found = re.search(rf"^## {re.escape(version)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found is not None and bool(found[1].strip())


def build() -> Path:
    """Source distribution and wheel in dist/, which is emptied first; the wheel. Raises TrialError for a wheel without the dashboard."""
    shutil.rmtree(DIST, ignore_errors=True)
    _run(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(DIST))
    (source,) = DIST.glob("*.tar.gz")
    _run(*_pip(sys.executable, "wheel"), "--no-deps", "--no-build-isolation", "--wheel-dir", str(DIST), str(source))
    (wheel,) = DIST.glob("*.whl")
    check_pages(wheel)
    return wheel


def check_pages(wheel: Path) -> None:
    """Raise TrialError where the wheel lacks the pages of the dashboard."""
    with zipfile.ZipFile(wheel) as archive:
        if PAGES not in archive.namelist():
            raise trial_call.TrialError(f"{wheel.name} has no {PAGES}: run `make dashboard` first")


def try_out(wheel: Path, version: str, folder: Path) -> None:
    """Install the wheel into an empty environment and make a call with it. Raises TrialError."""
    _run(sys.executable, "-m", "venv", str(folder / "venv"))
    python, command = str(folder / "venv/bin/python"), str(folder / "venv/bin/callwright")
    _run(*_pip(python, "install"), "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements/base.txt"))
    _run(*_pip(python, "install"), "--no-deps", str(wheel))
    _run(python, "-m", "pip", "check")
    printed = trial_call.run(command, "--version", folder=folder, settings=NOT_THE_CHECKOUT)
    if printed != f"callwright {version}":
        raise trial_call.TrialError(f"--version prints {printed!r}")
    with trial_call.serving(command, folder, NOT_THE_CHECKOUT) as (url, key):
        execution_id = trial_call.place(url, key)
        replay = (command, "replay", execution_id, "--data", str(folder / "data"))
        trial_call.run(*replay, folder=folder, settings=NOT_THE_CHECKOUT)


def _pip(python: str, command: str) -> tuple[str, ...]:
    return (python, "-m", "pip", command, "--quiet", "--disable-pip-version-check")


def _run(*command: str) -> None:
    print(trial_call.run(*command, folder=ROOT), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
