"""What a request from Teams must prove, rule by rule (Microsoft, "Authenticate requests from the Bot Connector")."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from bot.teams.tokens import Flaw, Key, Proof, Untrusted, check_origin, keys_in, presented, verified

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
ISSUER, AUDIENCE, SERVICE = "https://api.botframework.com", "app-1", "https://smba.trafficmanager.net/emea/"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY = Key("k1", PRIVATE.public_key(), frozenset({"msteams"}))


def encoded(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(document):
    return encoded(json.dumps(document).encode())


def token(*, private=PRIVATE, header=None, **claims):
    true = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "serviceurl": SERVICE,
        "nbf": int((NOW - timedelta(minutes=5)).timestamp()),
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
    }
    claims = {name: value for name, value in {**true, **claims}.items() if value is not None}
    signed = f"{part({'alg': 'RS256', 'kid': 'k1', 'typ': 'JWT', **(header or {})})}.{part(claims)}"
    return f"{signed}.{encoded(private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def proof_of(text, *, now=NOW):
    return verified(presented(f"Bearer {text}"), KEY, issuer=ISSUER, audience=AUDIENCE, now=now)


def flaw_of(text, *, now=NOW):
    with pytest.raises(Untrusted) as caught:
        proof_of(text, now=now)
    return caught.value.flaw


def seconds(**ago):
    return int((NOW - timedelta(**ago)).timestamp())


def test_a_token_of_teams_proves_where_it_came_from_and_for_which_channels_its_key_speaks():
    proof = proof_of(token())
    assert (proof.service_url, proof.endorsements) == (SERVICE, frozenset({"msteams"}))


def test_the_service_url_may_be_spelt_as_in_the_documents():
    assert proof_of(token(serviceurl=None, serviceUrl=SERVICE)).service_url == SERVICE


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        (token(private=STRANGER), Flaw.SIGNATURE),
        (token()[:-4] + "AAAA", Flaw.SIGNATURE),
        (token(iss="https://api.botframework.us"), Flaw.ISSUER),
        (token(iss=None), Flaw.ISSUER),
        (token(aud="app-2"), Flaw.AUDIENCE),
        (token(aud=["app-1"]), Flaw.AUDIENCE),
        (token(exp=seconds(minutes=6)), Flaw.EXPIRED),
        (token(exp=None), Flaw.MALFORMED),
        (token(exp="tomorrow"), Flaw.MALFORMED),
        (token(exp=1e300), Flaw.MALFORMED),
        (token(exp=True), Flaw.MALFORMED),
        (token(nbf=seconds(minutes=-6)), Flaw.NOT_YET_VALID),
        (token(serviceurl=None), Flaw.SERVICE_URL),
        (token(serviceurl=7), Flaw.SERVICE_URL),
        (token(header={"alg": "none"}), Flaw.ALGORITHM),
        (token(header={"alg": "HS256"}), Flaw.ALGORITHM),
        (token(header={"alg": "RS512"}), Flaw.ALGORITHM),
        (token(header={"kid": None}), Flaw.MALFORMED),
        (token(header={"crit": ["b64"], "b64": False}), Flaw.MALFORMED),
    ],
)  # fmt: skip
def test_a_token_with_a_flaw_is_refused_for_that_flaw(text, flaw):
    assert flaw_of(text) is flaw


@pytest.mark.parametrize(("minutes", "accepted"), [(4, True), (6, False)])
def test_clocks_may_differ_by_five_minutes(minutes, accepted):
    old, early = token(exp=seconds(minutes=minutes)), token(nbf=seconds(minutes=-minutes))
    if accepted:
        assert proof_of(old).service_url == proof_of(early).service_url == SERVICE
    else:
        assert (flaw_of(old), flaw_of(early)) == (Flaw.EXPIRED, Flaw.NOT_YET_VALID)


@pytest.mark.parametrize(
    ("header", "flaw"),
    [
        ("", Flaw.NO_TOKEN),
        ("Basic YTpi", Flaw.NO_TOKEN),
        ("Bearer", Flaw.NO_TOKEN),
        ("Bearer ", Flaw.NO_TOKEN),
        ("Bearer a.b", Flaw.MALFORMED),
        ("Bearer a.b.c.d", Flaw.MALFORMED),
        ("Bearer ..", Flaw.MALFORMED),
        ("Bearer W10.e30.AA", Flaw.MALFORMED),  # a header that is a list
        ("Bearer e30=.e30.AA", Flaw.MALFORMED),  # padding
        ("Bearer \ud800.e30.AA", Flaw.MALFORMED),
        (f"Bearer {'a' * 20_000}.e30.AA", Flaw.MALFORMED),
    ],
)
def test_what_is_no_token_is_refused_without_looking_for_a_key(header, flaw):
    with pytest.raises(Untrusted) as caught:
        presented(header)
    assert caught.value.flaw is flaw


@pytest.mark.parametrize(
    ("service_url", "channel", "flaw"),
    [
        (SERVICE.rstrip("/"), "msteams", None),
        ("https://attacker.example/", "msteams", Flaw.SERVICE_URL),
        ("", "msteams", Flaw.SERVICE_URL),
        (SERVICE, "webchat", Flaw.CHANNEL),
        (SERVICE, "", Flaw.CHANNEL),
    ],
)
def test_an_activity_must_say_of_itself_what_its_token_says(service_url, channel, flaw):
    proof = proof_of(token())
    if flaw is None:
        check_origin(proof, service_url=service_url, channel=channel)
        return
    with pytest.raises(Untrusted) as caught:
        check_origin(proof, service_url=service_url, channel=channel)
    assert caught.value.flaw is flaw


@pytest.mark.parametrize("channel", ["directline", "webchat"])
def test_another_channel_is_not_teams_though_the_key_may_speak_for_it(channel):
    proof = Proof(SERVICE, frozenset({"msteams", channel}))
    with pytest.raises(Untrusted) as caught:
        check_origin(proof, service_url=SERVICE, channel=channel)
    assert caught.value.flaw is Flaw.CHANNEL


def test_a_key_that_may_not_speak_for_teams_does_not():
    with pytest.raises(Untrusted) as caught:
        check_origin(Proof(SERVICE, frozenset({"webchat"})), service_url=SERVICE, channel="msteams")
    assert caught.value.flaw is Flaw.ENDORSEMENT


def jwk(private=PRIVATE, **changes):
    numbers = private.public_key().public_numbers()
    row = {
        "kty": "RSA", "use": "sig", "kid": "k1", "endorsements": ["msteams", 7],
        "n": encoded(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")), "e": "AQAB",
    }  # fmt: skip
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def test_published_keys_are_read_with_the_channels_they_may_speak_for():
    (key,) = keys_in({"keys": [jwk()]}).values()
    assert (key.id, key.endorsements) == ("k1", frozenset({"msteams"}))
    assert key.public.public_numbers() == PRIVATE.public_key().public_numbers()


@pytest.mark.parametrize(
    "row",
    [
        jwk(kty="EC"), jwk(kid=None), jwk(n="?"), jwk(n=None), jwk(e="AA"), jwk(use="enc"), "no key",
        jwk(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505  that is the point
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_used_is_left_out(row):
    assert dict(keys_in({"keys": [row]})) == {}


@pytest.mark.parametrize("document", [None, [], {"keys": None}, {"keys": {}}])
def test_a_document_without_keys_holds_none(document):
    assert dict(keys_in(document)) == {}
