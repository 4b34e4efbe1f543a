"""What a click carries."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions import DIGEST_CHARS, Target, decode
from bot.slack.limits import VALUE_MAX

ID = UUID("01956f0a-0000-7000-8000-000000000001")


def test_a_value_is_compact_json_that_names_request_digest_and_stage():
    value = Target(id=ID, digest="0123456789abcdef0123", stage="security_review").encode()
    assert value == '{"r":"01956f0a-0000-7000-8000-000000000001","d":"0123456789abcdef","s":"security_review"}'


@given(
    st.uuids(), st.text("0123456789abcdef", max_size=DIGEST_CHARS), st.from_regex(r"[a-z0-9_]{0,200}", fullmatch=True)
)
def test_a_target_survives_the_round_trip_within_slacks_limit(identity, digest, stage):
    target = Target(id=identity, digest=digest, stage=stage)
    assert decode(target.encode()) == target
    assert len(target.encode()) <= VALUE_MAX


@pytest.mark.parametrize(
    "value",
    [
        "",
        "new",
        "null",
        "[]",
        "{}",
        "42",
        '"text"',
        '{"r":"not-an-id","d":"","s":""}',
        f'{{"r":"{ID}"}}',
        f'{{"r":"{ID}","d":5,"s":""}}',
        f'{{"r":"{ID}","d":"","s":["security"]}}',
        f'{{"r":"{ID}","d":"{"0" * 17}","s":""}}',
        '{"r":7,"d":"","s":""}',
        "[" * 3000,
    ],
)
def test_a_value_that_we_did_not_write_is_no_target(value):
    assert decode(value) is None


@given(st.text(max_size=300))
def test_no_value_raises(value):
    decode(value)
