"""A receipt holds exactly as it was signed, for its time, and never under another key (P11)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approvals import ApprovedRequest, Endorsement
from core.ids import RequestId, TenantId, uuid7
from core.receipts import ExpiredReceipt, InvalidReceipt, jws, rules
from core.receipts.claims import Claims
from core.receipts.keys import KEY_SIGNS_FOR, RETIRED_KEY_STAYS_FOR, SigningKey, StoredKey, ring

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ISSUER, TENANT = "https://countersign.example", TenantId("enterprise-corp")
KEY, OTHER = SigningKey(bytes(range(32))), SigningKey(bytes(range(1, 33)))
texts = st.text(st.characters(codec="utf-8"), max_size=20)
approvals = st.builds(
    lambda name, extra, criteria: ApprovedRequest(
        id=RequestId(UUID(int=7)),
        reference="REQ-1042",
        action="agent.create",
        resource={"name": name, **extra},
        requester="dana@enterprise-corp.example",
        digest="9f" * 32,
        policy_key="agent-creation",
        policy_version="v1",
        endorsements=(Endorsement("security", "sofia@enterprise-corp.example", NOW, tuple(criteria)),),
        is_used=False,
    ),
    texts,
    st.dictionaries(texts, texts, max_size=3),
    st.lists(texts, max_size=3),
)


def signed(approved, key=KEY, **changes):
    claims = rules.certify(approved, receipt_id=uuid7(), issuer=ISSUER, tenant=TENANT, now=NOW)
    return claims, jws.sign({**claims.to_json(), **changes}, key)


def read(token, key=KEY, *, now=NOW, issuer=ISSUER, tenant=TENANT):
    return rules.read(token, key.public, issuer=issuer, tenant=tenant, now=now)


@given(approvals)
def test_what_was_certified_is_read_back(approved):
    claims, token = signed(approved)
    assert read(token).claims == claims
    assert Claims.from_json(json.loads(json.dumps(claims.to_json()))) == claims


@given(approvals, st.data())
def test_a_receipt_in_which_any_character_differs_is_refused(approved, data):
    _claims, token = signed(approved)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda each: each != token[place]))
    with pytest.raises(InvalidReceipt):
        read(token[:place] + other + token[place + 1 :])


@given(st.text(max_size=200))
def test_no_text_at_all_is_a_receipt(text):
    with pytest.raises(InvalidReceipt):
        read(text)


@given(approvals)
def test_another_key_another_tenant_and_another_installation_are_refused(approved):
    _claims, token = signed(approved)
    for wrong in ({"key": OTHER}, {"tenant": TenantId("northwind")}, {"issuer": "https://elsewhere.example"}):
        with pytest.raises(InvalidReceipt):
            read(token, **wrong)
    _claims, forged = signed(approved, OTHER)
    assert jws.signer_of(forged, [KEY.public]) is None


@given(approvals)
def test_no_header_can_choose_the_algorithm(approved):
    _claims, token = signed(approved)
    _header, payload, _signature = token.split(".")
    for header in ({"alg": "none"}, {"alg": "EdDSA", "kid": KEY.id}, {"alg": "HS256", "kid": KEY.id, "typ": jws.TYPE}):
        text = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        for signature in ("", base64.urlsafe_b64encode(KEY.sign(f"{text}.{payload}".encode())).rstrip(b"=").decode()):
            with pytest.raises(InvalidReceipt):
                read(f"{text}.{payload}.{signature}")


@given(approvals, st.integers(-200_000, 200_000))
def test_it_holds_from_its_issue_to_its_expiry_and_a_minute_of_skew_is_forgiven_at_the_start(approved, seconds):
    _claims, token = signed(approved)
    now = NOW + timedelta(seconds=seconds)
    if seconds < -60:
        with pytest.raises(InvalidReceipt, match="not yet"):
            read(token, now=now)
    elif seconds >= 24 * 3600:
        with pytest.raises(ExpiredReceipt):
            read(token, now=now)
    else:
        assert read(token, now=now).token == token


def stored(key, created_at, retired_at=None):
    return StoredKey(key.public, None if retired_at else key, created_at, retired_at)


def test_a_key_signs_for_its_time_and_a_retired_one_verifies_until_its_last_receipt_has_expired():
    assert ring([], now=NOW) is None
    young = ring([stored(KEY, NOW)], now=NOW + KEY_SIGNS_FOR - timedelta(seconds=1))
    assert young is not None
    assert young.signing == KEY
    assert ring([stored(KEY, NOW)], now=NOW + KEY_SIGNS_FOR) is None
    both = [stored(KEY, NOW, retired_at=NOW + timedelta(days=90)), stored(OTHER, NOW + timedelta(days=90))]
    replaced = NOW + timedelta(days=90)
    for age, keys in ((RETIRED_KEY_STAYS_FOR - timedelta(seconds=1), [OTHER, KEY]), (RETIRED_KEY_STAYS_FOR, [OTHER])):
        found = ring(both, now=replaced + age)
        assert found is not None
        assert list(found.public) == [key.public for key in keys]


def test_a_key_prints_no_secret():
    assert repr(KEY) == "SigningKey()"
