"""CloudEvents whose attributes are headers."""

from __future__ import annotations

import json

import pytest
from multidict import CIMultiDict

from web.cloud_events import is_binary, structured
from web.errors import Malformed
from web.json_text import parse_json


def test_the_attributes_of_headers_and_the_data_of_the_body_are_the_event():
    headers = CIMultiDict({"CE-SpecVersion": "1.0", "ce-subject": "b%C3%BCro%20%25", "Host": "h", "ceremony": "no"})
    assert is_binary(headers)
    event = {"specversion": "1.0", "subject": "büro %", "data": {"quantity": "1"}}
    assert json.loads(structured(headers, b'{"quantity": "1"}')) == event


@pytest.mark.parametrize(
    ("value", "data"),
    [("1", b"{"), ("1", b'{"a": 1, "a": 2}'), ("1", b""), ("%00", b"{}"), ("\udcff", b"{}")],
)
def test_what_no_body_may_hold_no_header_may(value, data):
    with pytest.raises(Malformed):
        parse_json(structured(CIMultiDict({"ce-specversion": "1.0", "ce-id": value}), data))
