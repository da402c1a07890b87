"""What a machine without the local models or their engines is told to install."""

from pathlib import Path

import pytest

from callwright.providers.local.inference import LocalInference

NOWHERE = Path("no-such-folder")
PACKAGE, MODELS = "pip install 'callwright[local]'", "callwright models install --default"
OWN_SPEECH = {"local_model_paths": f"whisper-tiny.en={__file__},piper-joe={__file__}"}


def test_missing_models_are_installed_with_the_default_set() -> None:
    assert MODELS in LocalInference(NOWHERE, {}).what_to_install(language=True)
    assert MODELS in LocalInference(NOWHERE, {}).what_to_install(language=False)


def test_models_of_ones_own_need_no_install() -> None:
    assert MODELS not in LocalInference(NOWHERE, OWN_SPEECH).what_to_install(language=False)
    assert MODELS in LocalInference(NOWHERE, OWN_SPEECH).what_to_install(language=True)


def test_an_optional_language_model_is_named() -> None:
    inference = LocalInference(NOWHERE, {"local_model": "smollm2-135m"})
    assert f"{MODELS} smollm2-135m" in inference.what_to_install(language=True)


def test_missing_engines_are_installed_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert PACKAGE in LocalInference(NOWHERE, {}).what_to_install(language=False)


def test_installed_engines_are_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert LocalInference(NOWHERE, {}).what_to_install(language=True) == [MODELS]
    assert LocalInference(NOWHERE, OWN_SPEECH).what_to_install(language=False) == []
