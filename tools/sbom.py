"""Writes build/sbom.cdx.json, a CycloneDX list of what an installation holds, and refuses licences that are not listed here: `make sbom`.

Names, versions, hashes and who needs what are those of requirements/*.txt; licences are those of the installed packages' metadata. The
tools of developers are checked and not written. Weights of models are in neither: docs/how-to/local-models.md names their licences.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "sbom.cdx.json"
SHIPPED = ("base", "local", "sip", "webrtc", "image")
CHECKED = (*SHIPPED, "build", "dev")

_PERMISSIVE = "asks for its notice alone"
ACCEPTED = {
    "0BSD": _PERMISSIVE,
    "Apache-2.0": _PERMISSIVE,
    "BSD-2-Clause": _PERMISSIVE,
    "BSD-3-Clause": _PERMISSIVE,
    "CC0-1.0": _PERMISSIVE,
    "GPL-3.0-or-later WITH GCC-exception-3.1": "run-time libraries of GCC; the exception lets programs of any licence use them",
    "ISC": _PERMISSIVE,
    "LGPL-2.1-or-later": "a shared library of its own file, unchanged, which a user can replace",
    "MIT": _PERMISSIVE,
    "MIT-0": _PERMISSIVE,
    "MPL-2.0": "copyleft of single files, and ours hold none of them",
    "OpenSSL": "asks for its notice; of OpenSSL before version 3",
    "PSF-2.0": _PERMISSIVE,
    "PostgreSQL": _PERMISSIVE,
    "Zlib": _PERMISSIVE,
}
"""Licences that may be here, by their SPDX identifiers, and why each may."""

NAMED = {
    "aiosignal": "Apache-2.0",
    "audioop-lts": "PSF-2.0",
    "ctranslate2": "MIT",
    "distro": "Apache-2.0",
    "dpkt": "BSD-3-Clause",
    "editables": "MIT",
    "flatbuffers": "Apache-2.0",
    "google-re2": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "onnxruntime": "MIT",
    "pathspec": "MPL-2.0",
    "pgqueuer": "MIT",
    "protobuf": "BSD-3-Clause",
    "pyopenssl": "Apache-2.0",
    "shellingham": "ISC",
    "sortedcontainers": "Apache-2.0",
    "soundfile": "BSD-3-Clause AND LGPL-2.1-or-later",
    "tokenizers": "Apache-2.0",
    "trove-classifiers": "Apache-2.0",
    "uvloop": "MIT OR Apache-2.0",
    "vonage-http-client": "Apache-2.0",
    "vonage-jwt": "Apache-2.0",
    "vonage-utils": "Apache-2.0",
    "vonage-voice": "Apache-2.0",
}
"""Licences of packages whose metadata gives no SPDX expression or not all of it, or that another Python installs, as their own licence
files say."""

BUNDLED = {
    "libasound": "LGPL-2.1-or-later",
    "libcrypto": "OpenSSL",
    "libctranslate2": "MIT",
    "libecpg": "PostgreSQL",
    "libgfortran": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libgomp": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libpgtypes": "PostgreSQL",
    "libpq": "PostgreSQL",
    "libquadmath": "LGPL-2.1-or-later",
    "libscipy_openblas64_": "BSD-3-Clause",
    "libssl": "OpenSSL",
}
"""Licences of the native libraries that wheels carry beside their own code, which the metadata of wheels does not tell."""

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_ELSEWHERE = re.compile(r"sys_platform == '(?:win32|emscripten)'")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NEEDED_BY = re.compile(r"^    # (?:via |  )([A-Za-z0-9][A-Za-z0-9._-]*)")
_LIBRARY = re.compile(r"\.libs/(lib[A-Za-z0-9_+]+?(?:-[a-z]+)*?)(?:-[0-9a-f]{8})*\.so")


class LicenceError(Exception):
    """A licence is not in the list. The message names the packages and what to do."""


@dataclass
class Package:
    """A pinned package: its hashes, and the packages that need it."""

    name: str
    version: str
    hashes: set[str] = field(default_factory=set)
    needed_by: set[str] = field(default_factory=set)


def read_pins(texts: Iterable[str]) -> dict[str, Package]:
    """The packages of requirements files, by their names in lower case. Those of systems on which we do not run are left out."""
    packages: dict[str, Package] = {}
    for text in texts:
        current = Package("", "")
        for line in text.splitlines():
            pin = _PIN.match(line)
            if pin and _ELSEWHERE.search(line):
                current = Package("", "")
            elif pin:
                current = packages.setdefault(pin[1].lower(), Package(pin[1], pin[2]))
            current.hashes.update(_HASH.findall(line))
            needed_by = _NEEDED_BY.match(line)
            if needed_by:
                current.needed_by.add(needed_by[1].lower())
    return packages


def licence_of(name: str) -> str:
    """The SPDX expression of a package: as named here, else as its metadata says; empty where neither tells."""
    if name.lower() in NAMED:
        return NAMED[name.lower()]
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    found = next((str(metadata[key]) for key in ("License-Expression", "License") if key in metadata), "")
    if not found:
        classifiers = metadata.get_all("Classifier") or []
        found = "MIT" if "License :: OSI Approved :: MIT License" in classifiers else ""
    return found.strip()


def is_accepted(expression: str) -> bool:
    """Whether one alternative of an SPDX expression needs accepted licences only. Parentheses are not read: name such a package."""
    alternatives = [alternative.split(" AND ") for alternative in expression.split(" OR ")]
    return any(all(licence in ACCEPTED for licence in licences) for licences in alternatives)


def bundled_in(name: str) -> Iterator[str]:
    """The native libraries that a package's wheel carries beside its own code."""
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    yield from sorted({found[1] for file in files if (found := _LIBRARY.search(str(file)))})


def check(names: Iterable[str]) -> None:
    """Raise LicenceError unless the licence of every package and of every library in it is in the list."""
    wrong = []
    for name in names:
        expression = licence_of(name)
        if not is_accepted(expression):
            wrong.append(f"{name}: {expression or 'its metadata names no licence'}")
        carried = {library: BUNDLED.get(library, "") for library in bundled_in(name)}
        wrong += [
            f"{name}: carries {one} ({by or 'licence not listed'})"
            for one, by in carried.items()
            if not is_accepted(by)
        ]
    if wrong:
        todo = "read their licence files; then name them in tools/sbom.py, or do without"
        raise LicenceError("\n".join([f"licences that are not in the list ({todo}):", *wrong]))


def document(packages: dict[str, Package], version: str) -> dict[str, Any]:
    """The CycloneDX 1.6 document. The same packages always give the same one."""
    components = [_component(packages[key]) for key in sorted(packages)]
    root = f"pkg:pypi/callwright@{version}"
    needs: dict[str, set[str]] = {root: set()}
    for package in packages.values():
        needs.setdefault(_reference(package), set())
        for other in package.needed_by:
            by = _reference(packages[other]) if other in packages else root
            needs.setdefault(by, set()).add(_reference(package))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([root, components]))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "callwright",
                "version": version,
                "purl": root,
                "licenses": [{"expression": "Apache-2.0"}],
            }
        },
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)],
    }


def _reference(package: Package) -> str:
    return f"pkg:pypi/{re.sub(r'[-_.]+', '-', package.name).lower()}@{package.version}"


def _component(package: Package) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _reference(package),
        "name": package.name,
        "version": package.version,
        "purl": _reference(package),
        "licenses": [{"expression": licence_of(package.name)}],
        "hashes": [{"alg": "SHA-256", "content": content} for content in sorted(package.hashes)],
    }
    carried = [
        {"type": "library", "name": library, "licenses": [{"expression": BUNDLED[library]}]}
        for library in bundled_in(package.name)
    ]
    return {**component, "components": carried} if carried else component


def pinned(files: Iterable[str]) -> dict[str, Package]:
    """The packages of some files in requirements/."""
    return read_pins((ROOT / "requirements" / f"{name}.txt").read_text() for name in files)


def main() -> int:
    """Check and write; 0 when every licence is in the list."""
    try:
        check(package.name for package in pinned(CHECKED).values())
    except LicenceError as error:
        print(error, file=sys.stderr)
        return 1
    packages = pinned(SHIPPED)
    OUTPUT.parent.mkdir(exist_ok=True)
    version = importlib.metadata.version("callwright")
    OUTPUT.write_text(json.dumps(document(packages, version), indent=2) + "\n")
    print(f"{OUTPUT.relative_to(ROOT)}: {len(packages)} packages, all under listed licences")
    return 0


if __name__ == "__main__":
    sys.exit(main())
