"""Settings of an agent's recogniser, voice or model that a provider takes: what each may be, and under which name it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from callwright.domain.fields import Fields
from callwright.domain.settings.setting import Kind


def as_it_is(value: Any) -> Any:
    """Returns the value."""
    return value


def is_one_of(model: str, beginnings: Iterable[str]) -> bool:
    """Whether the model's name has one of the beginnings. A ``*`` in those stands for any letters."""
    return any(fnmatchcase(model, f"{one}*") for one in beginnings)


@dataclass(frozen=True, slots=True)
class ProviderOption:
    """One setting that is sent to a provider.

    ``name`` is the agent's name of it, ``sent_as`` the provider's (with a dot: of an object), ``kind`` what it may be, and ``default`` what
    is sent where the agent says nothing, None for nothing. ``models`` and ``not_models`` are beginnings of models' names
    (:func:`is_one_of`): those that have it, empty for all, and those that do not. ``convert`` makes what is sent. ``needs`` and
    ``excludes`` name a switch beside it: one that must be on, and one that must not.
    """

    name: str
    sent_as: str
    kind: Kind
    default: Any = None
    models: tuple[str, ...] = ()
    not_models: tuple[str, ...] = ()
    convert: Callable[[Any], Any] = as_it_is
    needs: str = ""
    excludes: str = ""

    def is_of(self, model: str, given: Mapping[str, Any]) -> bool:
        """Whether the model has it, beside the other settings in ``given``."""
        if (self.models and not is_one_of(model, self.models)) or is_one_of(model, self.not_models):
            return False
        return (not self.needs or given.get(self.needs) is True) and given.get(self.excludes) is not True

    def read(self, given: Fields) -> Any:
        """What is sent for the value in ``given``, None for nothing. Raises InvalidAgentError."""
        value = None if given.raw(self.name) is None or self.kind.read is None else self.kind.read(given, self.name)
        value = self.default if value is None else value
        return None if value is None else self.convert(value)


def read_options(options: Iterable[ProviderOption], model: str, given: Fields) -> dict[str, Any]:
    """What is sent to the provider for the settings in ``given``, by the provider's names. Raises InvalidAgentError."""
    sent: dict[str, Any] = {}
    for option in options:
        if option.is_of(model, given.value):
            value = option.read(given)
            if value is not None:
                sent[option.sent_as] = value
    return sent


def default_model(options: Iterable[ProviderOption]) -> str:
    """The model of an agent that names none."""
    return next((str(option.default or "") for option in options if option.name == "model"), "")


def unsent(
    options: Iterable[ProviderOption], others: Iterable[ProviderOption], model: str, given: Mapping[str, Any]
) -> Iterator[str]:
    """The settings in ``given`` that a provider of ``options`` does not take with this model, and one of ``others`` does."""
    taken = {option.name for option in options if option.is_of(model, given)}
    known = {option.name for option in others}
    yield from (name for name in given if name in known - taken and given[name] is not None)
