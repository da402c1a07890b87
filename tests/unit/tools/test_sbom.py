"""The list of what an installation holds, and the licences that may be in it. CI checks the licences of its environment here."""

from typing import Any

import pytest

import sbom

PINS = """\
fastapi==0.165.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via callwright (pyproject.toml)
starlette==1.10.0 \\
    --hash=sha256:{c}
    # via
    #   fastapi
    #   another
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:{a}
    # via fastapi
""".format(a="a" * 64, b="b" * 64, c="c" * 64)


def test_every_licence_of_this_environment_is_in_the_list():
    sbom.check(package.name for package in sbom.pinned(sbom.CHECKED).values())


def test_names_hashes_and_needs_are_those_of_the_requirements_files():
    packages = sbom.read_pins([PINS])
    assert list(packages) == ["fastapi", "starlette"], "nothing of systems on which we do not run"
    assert packages["fastapi"] == sbom.Package("fastapi", "0.165.0", {"a" * 64, "b" * 64}, {"callwright"})
    assert packages["starlette"].needed_by == {"fastapi", "another"}


def test_the_document_is_cyclonedx_and_the_same_every_time():
    packages = sbom.read_pins([PINS])
    found: dict[str, Any] = sbom.document(packages, "0.1.0")
    assert found == sbom.document(sbom.read_pins([PINS]), "0.1.0")
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    fastapi, starlette = found["components"]
    assert fastapi["purl"] == fastapi["bom-ref"] == "pkg:pypi/fastapi@0.165.0"
    assert fastapi["licenses"] == [{"expression": "MIT"}]
    assert starlette["hashes"] == [{"alg": "SHA-256", "content": "c" * 64}]
    assert {"ref": "pkg:pypi/fastapi@0.165.0", "dependsOn": [starlette["bom-ref"]]} in found["dependencies"]
    refs = {one["ref"] for one in found["dependencies"]}
    assert refs == {"pkg:pypi/callwright@0.1.0", fastapi["bom-ref"], starlette["bom-ref"]}


def test_what_is_shipped_is_all_in_the_document():
    packages = sbom.pinned(sbom.SHIPPED)
    document = sbom.document(packages, "0.1.0")
    assert {"asyncpg", "baresip-python", "openai", "xllamacpp"} <= {one["name"] for one in document["components"]}
    carried = {one["name"]: one["components"] for one in document["components"] if "components" in one}
    assert {"type": "library", "name": "libssl", "licenses": [{"expression": "OpenSSL"}]} in carried["baresip-python"]


@pytest.mark.parametrize(
    ("expression", "accepted"),
    [
        ("MIT", True),
        ("MPL-2.0 AND MIT", True),
        ("GPL-2.0-or-later OR MIT", True),
        ("GPL-2.0-or-later AND MIT", False),
        ("AGPL-3.0-only", False),
        ("(MIT)", False),
        ("", False),
    ],
)
def test_an_expression_needs_one_alternative_that_is_listed(expression: str, accepted: bool):
    assert sbom.is_accepted(expression) is accepted


def test_a_package_without_a_listed_licence_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sbom.ACCEPTED, "BSD-2-Clause")
    with pytest.raises(sbom.LicenceError) as refused:
        sbom.check(["asyncpg", "baresip-python", "no-such-package"])
    assert str(refused.value).splitlines()[1:] == [
        "baresip-python: BSD-2-Clause",
        "no-such-package: its metadata names no licence",
    ]


def test_a_library_that_a_wheel_brings_along_is_refused_unless_it_is_listed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sbom.BUNDLED, "libssl")
    with pytest.raises(sbom.LicenceError, match=r"baresip-python: carries libssl \(licence not listed\)"):
        sbom.check(["baresip-python"])


def test_every_package_that_is_named_is_pinned():
    packages = sbom.pinned(sbom.CHECKED)
    assert [name for name in sbom.NAMED if name not in packages] == []
