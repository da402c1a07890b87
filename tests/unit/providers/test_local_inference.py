"""What a machine without the local models or their engines is told to install."""

from pathlib import Path

import pytest

from callwright.domain.errors import ConfigurationError
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


def test_a_call_without_a_model_of_the_default_set_names_all_that_are_missing() -> None:
    with pytest.raises(ConfigurationError) as missing:
        LocalInference(NOWHERE, OWN_SPEECH).store.path("silero-vad")
    said = missing.value.message
    assert said.startswith("the local models silero-vad, ")
    assert "qwen2.5-coder-1.5b are not installed in no-such-folder; run `callwright models install --default` (" in said
    assert "whisper-tiny.en" not in said


def test_an_optional_model_that_is_missing_is_named_alone() -> None:
    with pytest.raises(ConfigurationError, match="run `callwright models install kokoro-82m-int8`"):
        LocalInference(NOWHERE, {}).store.path("kokoro-82m-int8")
