"""Our OpenAPI is complete: whoever generates a client from it gets names, shapes and examples for everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest

import make_docs
import measure
from callwright.api.app import build_app
from callwright.api.gate import needs_key
from callwright.api.services import ApiServices

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The description needs no services: nothing is asked while it is made."""

    class Nothing:
        version = "0"
        cors_origins = ()

    return build_app(cast(ApiServices, Nothing())).openapi()


def operations(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_has_a_name_of_its_own_a_group_and_a_text(description: dict[str, Any]) -> None:
    found = operations(description)
    assert len({operation["operationId"] for _, operation in found}) == len(found)
    for name, operation in found:
        assert all(operation.get(key) for key in ("summary", "description", "tags")), name


def test_whatever_has_a_variable_path_may_not_be_there(description: dict[str, Any]) -> None:
    """A path with a control character is answered with 404 before any route sees it."""
    undeclared = [
        name for name, operation in operations(description) if "{" in name and "404" not in operation["responses"]
    ]
    assert undeclared == [], "\n".join(undeclared)


def test_shapes_keep_the_names_that_generated_clients_know(description: dict[str, Any]) -> None:
    known = {
        "AttemptsSection", "BreakerSection", "CapsSection", "ConsentSection", "CountryRulesSection", "DispositionFields",
        "FallbacksSection", "HoursSection", "NumbersSection", "ObjectiveOption", "PaceLimit", "PaceSection", "RestSection",
        "RotationSection", "SipGateway", "SipIp", "SubjectiveTypeConfig",
    }  # fmt: skip
    assert known <= description["components"]["schemas"].keys()


@pytest.mark.parametrize("name", ["SipTrunkPatch", "TemplateUpdate", "DispositionUpdate", "PaceBody"])
def test_a_change_has_no_defaults_which_a_client_might_fill_in(description: dict[str, Any], name: str) -> None:
    properties = description["components"]["schemas"][name]["properties"]
    assert properties
    assert not [field for field, schema in properties.items() if "default" in schema]


def test_every_good_answer_of_json_has_a_shape(description: dict[str, Any]) -> None:
    without = [
        name
        for name, operation in operations(description)
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for kind, content in response.get("content", {}).items()
        if kind == "application/json" and not content.get("schema")
    ]
    assert without == [], "\n".join(without)


def test_every_good_answer_of_json_has_an_example(description: dict[str, Any]) -> None:
    """At its shape, or at the shape of what it is a list of."""
    schemas = description["components"]["schemas"]
    without = []
    for name, operation in operations(description):
        for status, response in operation["responses"].items():
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            if status.startswith("2") and schema is not None:
                shape = schema.get("items", schema).get("$ref", "").removeprefix("#/components/schemas/")
                if not schemas.get(shape, {}).get("examples"):
                    without.append((name, status))
    assert without == []


def test_every_example_of_an_answer_is_of_its_shape(description: dict[str, Any]) -> None:
    components = description["components"]
    examples = [(name, one) for name, schema in components["schemas"].items() for one in schema.get("examples", ())]
    assert len(examples) > 50
    for name, example in examples:
        shape = {"$ref": f"#/components/schemas/{name}", "components": components}
        validator = jsonschema_rs.validator_for(shape, validate_formats=True)
        wrong = [error.message for error in validator.iter_errors(example)]
        assert wrong == [], name


def test_every_body_has_a_shape_and_an_example(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content.get("schema"), name
            assert content.get("example") is not None or content.get("examples"), name


def test_every_error_has_the_one_shape_and_what_a_key_may_meet_is_declared(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        path = name.split()[1]
        for status, response in operation["responses"].items():
            if status[0] in "45":
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, (name, status)
        if needs_key(path):
            assert {"401", "403", "429", "503"} <= set(operation["responses"]), name


def test_what_is_done_once_under_a_key_declares_that_the_key_may_be_taken(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        keys = {one["name"].lower() for one in operation.get("parameters", [])}
        assert "idempotency-key" not in keys or "409" in operation["responses"], name


def test_the_page_of_the_api_lists_what_is_described(description: dict[str, Any]) -> None:
    listed = {f"{method} {path}" for path, method, _ in make_docs.routes(measure.read_sources(ROOT, "src"))}
    described = {name for name, _ in operations(description)}
    assert described == listed


def test_references_lead_somewhere(description: dict[str, Any]) -> None:
    known = set(description["components"]["schemas"])

    def look(value: Any) -> None:
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                assert reference.removeprefix("#/components/schemas/") in known, reference
            for one in value.values():
                look(one)
        elif isinstance(value, list):
            for one in value:
                look(one)

    look(description)


def test_a_body_with_a_required_key_is_required(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for name, operation in operations(description):
        body = operation.get("requestBody", {"content": {}})
        for content in body["content"].values():
            shape = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
            assert body["required"] or not shape.get("required"), name
