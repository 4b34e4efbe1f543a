"""Cursors: whatever was given out leads back, whatever was not is refused."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.sample import POSITION, START
from web.errors import MalformedCursor
from web.paging import CURSOR_MAX, Cursors

NUMBERS = Cursors("numbers", int)
moments = st.datetimes(timezones=st.just(UTC))


@given(st.tuples(moments, st.uuids()))
def test_a_cursor_leads_back_to_its_position(position: tuple[datetime, UUID]):
    cursor = POSITION.encode(position)
    assert POSITION.decode(cursor) == position
    assert len(cursor) <= CURSOR_MAX
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_that_the_database_can_hold_survive(number: int):
    assert NUMBERS.decode(NUMBERS.encode(number)) == number


@given(st.text())
def test_any_other_text_is_refused_and_never_breaks(text: str):
    with pytest.raises(MalformedCursor):
        NUMBERS.decode(text)


@given(st.binary())
def test_any_other_bytes_in_base64url_are_refused(raw: bytes):
    with pytest.raises(MalformedCursor):
        NUMBERS.decode(base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


@given(st.integers(-1000, 1000), st.data())
def test_a_changed_cursor_is_refused_or_is_another_position_of_the_same_list(number: int, data: st.DataObject):
    cursor = NUMBERS.encode(number)
    place = data.draw(st.integers(0, len(cursor) - 1))
    changed = cursor[:place] + data.draw(st.sampled_from("AZaz09-_")) + cursor[place + 1 :]
    try:
        found = NUMBERS.decode(changed)
    except MalformedCursor:
        return
    assert found is not None
    assert NUMBERS.encode(found) == changed


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        '["numbers","7"]',
        '["numbers",7.0]',
        '["numbers",true]',
        '["numbers", 7]',
        '["numbers",7,8]',
        '["letters",7]',
        '{"numbers":7}',
        '["numbers",9223372036854775808]',
        '["numbers",' + "9" * 300 + "]",
        "[" * 300,
        "7",
        "null",
    ],
)
def test_only_the_one_spelling_is_a_cursor(text: str):
    with pytest.raises(MalformedCursor):
        NUMBERS.decode(_cursor(text))


def test_one_lists_cursor_is_refused_by_another():
    with pytest.raises(MalformedCursor):
        NUMBERS.decode(POSITION.encode((START, UUID(int=7))))


def test_padding_and_stray_bits_are_refused():
    cursor = NUMBERS.encode(7)
    for changed in (cursor + "=", cursor + "\n", " " + cursor, cursor + "A" * CURSOR_MAX):
        with pytest.raises(MalformedCursor):
            NUMBERS.decode(changed)


def test_the_last_page_has_no_cursor():
    assert NUMBERS.decode(None) is None
