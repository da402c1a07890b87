"""The form of a knowledge base: its settings, and what they are when it does not say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from callwright.api.reading import refusal
from callwright.domain.errors import BadInputError
from callwright.platform.knowledge_bases.rules import KnowledgeSettings
from callwright.platform.knowledge_bases.schemas import KnowledgeBaseForm


def settings_of(given: dict[str, str]) -> KnowledgeSettings:
    try:
        return KnowledgeBaseForm.model_validate({"url": "https://example.org/prices", **given}).settings
    except ValidationError as error:
        raise refusal(error.errors(include_url=False)) from None


@pytest.mark.parametrize("given", [{}, {"url": " "}, {"url": "https://example.org/prices", "file": object()}])
def test_a_knowledge_base_is_made_of_one_source_before_its_settings_are_read(given: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match="send a PDF as the form field file, or a url; one of them"):
        KnowledgeBaseForm.model_validate({**given, "chunk_size": "x"})


def test_a_knowledge_base_has_the_contracts_settings_unless_it_says_otherwise() -> None:
    assert settings_of({"chunk_size": "", "language_support": " "}) == KnowledgeSettings(512, 15, 128, None)
    given = {"chunk_size": "100", "similarity_top_k": "3", "overlapping": "10", "language_support": "multilingual"}
    assert settings_of(given) == KnowledgeSettings(100, 3, 10, "multilingual")
    assert settings_of({"chunk_size": "64"}) == KnowledgeSettings(64, 15, 63, None)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"chunk_size": "0"}, "chunk_size"),
        ({"chunk_size": "x"}, "chunk_size"),
        ({"similarity_top_k": "-1"}, "similarity_top_k"),
        ({"chunk_size": "100", "overlapping": "100"}, "overlapping"),
        ({"language_support": "klingon"}, "language_support"),
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, str], field: str) -> None:
    with pytest.raises(BadInputError) as refused:
        settings_of(given)
    assert refused.value.field == field
