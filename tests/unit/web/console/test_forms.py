import pytest

from core.errors import Forbidden
from web.console.forms import Form, check_origin
from web.console.inbox import number_in

HOST = "countersign.example"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://countersign.example"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_form_of_ours_is_read(headers):
    check_origin(headers, host=HOST)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://["},
        {"Origin": "https://countersign.example.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(headers):
    with pytest.raises(Forbidden):
        check_origin(headers, host=HOST)


def test_the_secret_is_not_among_what_was_typed():
    form = Form([("csrf", "s3cret"), ("reason", "one\r\ntwo"), ("criterion", "a"), ("criterion", "b")])
    assert form.typed() == {"reason": "one\ntwo", "criterion": "a"}
    assert form.texts("criterion") == ("a", "b")


@pytest.mark.parametrize(
    ("text", "number"), [("REQ-42", 42), ("req-42", 42), (" 42 ", 42), ("REQ-", None), ("٤٢", None), ("9" * 30, None)]
)
def test_a_reference_is_read_as_people_write_it(text, number):
    assert number_in(text) == number
