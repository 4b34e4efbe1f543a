"""Things that have an id and a number: either names them in a path."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pytest
from pydantic import ValidationError

from web.schema import Named, Path, Reference

ID = "0198c1f2-6a00-7000-8000-00000000000a"


class ByIncident(Path):
    """One incident."""

    incident: Annotated[UUID, Named("INC")]


@pytest.mark.row("B6")
@pytest.mark.parametrize(
    ("text", "read"),
    [("INC-12", Reference("INC", 12)), ("INC-999999999", Reference("INC", 999_999_999)), (ID, UUID(ID))],
)
def test_a_thing_is_named_by_its_number_or_its_id(text, read):
    assert ByIncident.model_validate({"incident": text}).incident == read


@pytest.mark.row("B6")
@pytest.mark.parametrize(
    "text", ["", "12", "inc-12", "INC-0", "INC-012", "INC-1234567890", "CHG-12", "INC-\uff11", f"{ID}0"]
)
def test_anything_else_is_refused_with_what_is_accepted(text):
    with pytest.raises(ValidationError, match="a reference such as INC-12, or an id"):
        ByIncident.model_validate({"incident": text})


def test_the_document_says_both():
    described = ByIncident.model_json_schema()["properties"]["incident"]
    assert (described["type"], described["examples"]) == ("string", ["INC-12"])
