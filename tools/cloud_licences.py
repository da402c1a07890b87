"""What `make cloud` installs: each package with its version, licence and size, and their sum. `make cloud-licences` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import sbom

_LONGEST = 60


def licence_in(package: Distribution) -> str:
    """The licence that a package's metadata names: as an expression, in classifiers, or in words."""
    about = package.metadata
    classifiers = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or () if one.startswith("License")]
    words = "".join(about.get_all("License") or ()).strip().splitlines()
    named = sbom.NAMED.get(package.name.lower(), "") or str(about["License-Expression"] or "")
    return (named or ", ".join(classifiers) or "".join(words[:1]) or "not named")[:_LONGEST]


def size_of(package: Distribution) -> int:
    """Bytes of a package's files."""
    paths = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def lines(names: Iterator[str]) -> Iterator[str]:
    """A line for each package that is installed, then one for all."""
    total, missing = 0, []
    for name in names:
        try:
            package = distribution(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        total += size_of(package)
        yield f"{name} {package.version}: {licence_in(package)}, {size_of(package) / 1e6:.1f} MB"
    absent = f"; not installed: {', '.join(missing)}" if missing else ""
    yield f"{total / 1e6:.0f} MB in all{absent}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lines(one.name for one in sbom.pinned(("cloud",)).values()))
