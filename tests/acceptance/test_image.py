"""The container image: built from a bare Debian, run without root, and called. Only `make test-image` and `make test-all` run this."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import trial_call

ROOT = Path(__file__).resolve().parents[2]
BASE, IMAGE = "localhost/callwright-test-base", "localhost/callwright-test"
PROGRAMS = ("buildah", "debootstrap", "make")
RELEASE = "trixie"
STOP_SECONDS = 60
PIP_FILES = ("/etc/pip.conf", "/root/.config/pip/pip.conf")
PIP_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE")
"""How this machine reaches the package registry; the image is built with the same."""

LIMITS = {"nofile": "n", "nproc": "u"}
"""Limits of a process in the image that may not be higher than ours -> the letter under which the shell knows them."""

if os.environ.get("CALLWRIGHT_IMAGE_TESTS") == "full":
    missing = os.getuid() != 0 or not all(map(shutil.which, PROGRAMS))
    pytestmark = [pytest.mark.image, pytest.mark.skipif(missing, reason=f"needs root and {', '.join(PROGRAMS)}")]
else:
    pytestmark = [pytest.mark.skip(reason="runs in make test-image only")]

ENVIRONMENT = os.environ | {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}


def done(*command: str, cwd: Path = ROOT) -> str:
    run = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{command}\n{run.stdout[-2000:]}\n{run.stderr[-4000:]}"
    return run.stdout.strip()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Debian with Python, in the place of the base that a registry would give. It is kept for the next run."""
    known = done("buildah", "images", "--format", "{{.Name}}").splitlines()
    if BASE in known:
        return BASE
    root = tmp_path_factory.mktemp("base") / "root"
    done("debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", RELEASE, str(root))
    for name in (*PIP_FILES, *filter(None, map(os.environ.get, PIP_VARIABLES))):
        if Path(name).is_file():
            target = root / name.removeprefix("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, target)
    container = done("buildah", "from", "scratch")
    done("buildah", "add", "--quiet", container, str(root), "/")
    for name in PIP_VARIABLES:
        if name in os.environ:
            done("buildah", "config", "--env", f"{name}={os.environ[name]}", container)
    done("buildah", "commit", "--quiet", "--rm", container, BASE)
    shutil.rmtree(root)
    return BASE


def limits() -> list[str]:
    """buildah asks for the limits of a full machine, which a session in a sandbox may not set."""
    return [f"--ulimit={name}={done('bash', '-c', f'ulimit -H{letter}')}" for name, letter in LIMITS.items()]


@pytest.fixture(scope="module")
def container(base: str) -> Iterator[str]:
    """A container of the core image."""
    with built(base, "core", "latest") as name:
        yield name


@contextmanager
def built(base: str, target: str, tag: str) -> Iterator[str]:
    """A container of the image that `make image` builds, both removed in the end."""
    flags = " ".join(["--pull=never", "--network=host", *limits()])
    done(
        "make", "image", f"TARGET={target}", f"BASE={base}", f"IMAGE={IMAGE}", "BUILDER=buildah", f"IMAGE_FLAGS={flags}"
    )
    container = done("buildah", "from", "--pull=never", *limits(), f"{IMAGE}:{tag}")
    try:
        yield container
    finally:
        done("buildah", "rm", container)
        done("buildah", "rmi", "--force", done("buildah", "images", "--quiet", "--no-trunc", f"{IMAGE}:{tag}"))


def within(container: str, *command: str, settings: dict[str, str] | None = None) -> list[str]:
    """The command that runs ``command`` in the container."""
    given = [part for name, value in (settings or {}).items() for part in ("--env", f"{name}={value}")]
    return ["buildah", "run", "--network=host", *given, container, "--", *command]


def test_the_image_says_how_to_run_it_and_knows_its_version(container: str) -> None:
    config = json.loads(done("buildah", "inspect", "--type", "image", f"{IMAGE}:latest"))["Docker"]["config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["callwright"]
    assert config["Cmd"] == ["serve"]
    assert "/healthz" in " ".join(config["Healthcheck"]["Test"])
    assert re.fullmatch(r"callwright \d+\.\d+\.\d+", done(*within(container, "callwright", "--version")))


def test_a_server_in_the_image_serves_without_root_and_completes_a_call(container: str) -> None:
    assert done(*within(container, "id", "-u")) == "10001"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = within(container, "callwright", "serve", "--port", str(port), settings=trial_call.SCRIPTED)
    with subprocess.Popen(command, env=ENVIRONMENT) as server:
        try:
            trial_call.wait_for_health(f"http://127.0.0.1:{port}", server)
            key = done(*within(container, "callwright", "keys", "create", "--name", "image")).split()[-1]
            execution_id = trial_call.place(f"http://127.0.0.1:{port}", key)
            done(*within(container, "callwright", "replay", execution_id))
        finally:
            server.terminate()
            server.wait(STOP_SECONDS)


def test_the_full_image_loads_every_engine(base: str) -> None:
    imports = "import baresip, ctranslate2, onnxruntime, openai, sanotts, tokenizers, xllamacpp"
    with built(base, "full", "full") as container:
        done(*within(container, "python3", "-c", imports))
        assert "whisper-tiny.en" in done(*within(container, "callwright", "models", "list"))
        done(*within(container, "callwright", "models", "install", "silero-vad"))
