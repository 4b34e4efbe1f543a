import json
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.unit.web.sample import World
from web.openapi import openapi_document


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document(World().api(), server_url="https://governance.example.com")


def test_the_document_is_valid_openapi(document: dict[str, Any]):
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_every_endpoint_is_described_with_its_permission(document: dict[str, Any]):
    create = document["paths"]["/api/v1/notes"]["post"]
    assert create["operationId"] == "notes_create"
    assert create["summary"] == "Keep a note"
    assert create["description"] == (
        "The note is kept under a new id.\n\nNotes with the same title may be kept side by side.\n\n"
        "**Permission:** modify_config"
    )
    assert create["security"] == [{"bearer": []}]
    body = create["requestBody"]
    assert body["required"] is True
    assert body["content"]["application/json"]["example"] == {"title": "Deploy window", "colour": "amber"}


def test_the_answers_of_an_endpoint_are_its_own_and_those_every_such_call_may_meet(document: dict[str, Any]):
    create = document["paths"]["/api/v1/notes"]["post"]
    assert list(create["responses"]) == [
        *("201", "400", "401", "403", "408", "409", "413", "415", "422", "429", "503"),
        "default",
    ]
    assert create["responses"]["429"] == {"$ref": "#/components/responses/Problem429"}


def test_a_public_endpoint_asks_for_nothing(document: dict[str, Any]):
    echo = document["paths"]["/api/v1/echo"]["post"]
    assert echo["security"] == []
    assert echo["parameters"] == []


def test_parameters_are_described_in_their_places(document: dict[str, Any]):
    listed = document["paths"]["/api/v1/notes"]["get"]["parameters"]
    places = [(parameter["in"], parameter["name"], parameter["required"]) for parameter in listed]
    assert places == [
        ("query", "limit", False),
        ("query", "cursor", False),
        ("query", "colour", False),
        ("query", "since", False),
        ("query", "pinned", False),
        ("header", "X-Tenant-Id", False),
    ]
    colour = next(parameter["schema"] for parameter in listed if parameter["name"] == "colour")
    assert colour["items"]["enum"] == ["amber", "green"]


def test_bodies_are_closed_and_answers_name_their_problems(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    assert schemas["NoteIn"]["additionalProperties"] is False
    assert schemas["Problem"]["required"] == ["type", "title", "status", "code", "correlation_id"]


def test_only_what_comes_in_is_bound_to_text_without_nul(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    assert schemas["NoteIn"]["properties"]["labels"]["propertyNames"] == {"pattern": r"^[^\u0000]*$"}
    assert "pattern" not in schemas["ProblemItem"]["properties"]["detail"]


async def test_a_problem_that_repeats_nul_still_fits_its_schema(
    client: aiohttp.ClientSession, document: dict[str, Any]
):
    async with client.get("/api/v1/export?a%00b=1") as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert problem["errors"][0]["parameter"] == "a\0b"
    Draft202012Validator({"$ref": "#/components/schemas/Problem", **document}).validate(problem)


async def test_the_document_is_served_and_kept_by_its_entity_tag(client: aiohttp.ClientSession):
    async with client.get("/api/openapi.json") as answer:
        document = json.loads(await answer.read())
        tag = answer.headers["ETag"]
    assert document["servers"] == [{"url": "https://governance.example.com"}]
    async with client.get("/api/openapi.json", headers={"If-None-Match": f'"other", {tag}'}) as answer:
        assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", tag)
    async with client.get("/api/openapi.json", headers={"If-None-Match": '"other"'}) as answer:
        assert answer.status == 200
