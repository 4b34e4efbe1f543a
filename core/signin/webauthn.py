"""Pure: passkeys and security keys (WebAuthn Level 3), by py_webauthn. Options are JSON, as browsers take them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core.signin.errors import KeyRefused

NAME = "Countersign"
_UNREADABLE = (WebAuthnException, ValueError, RecursionError)  # the last: JSON or CBOR that nests without end


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks: the name to which keys are bound, and the origin of the pages that may use them."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Key:
    """A registered key. `sign_count` is what it said last; many say 0 for ever."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def relying_party(address: str) -> RelyingParty | None:
    """Ours under this address; None where it is an IP address, to which no key can be bound (Level 3, 5.1.2).

    A loopback address is called localhost, so that a browser on the same machine can use keys.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    try:
        if not ip_address(host).is_loopback:
            return None
        host = "localhost"
    except ValueError:
        pass
    return RelyingParty(host, f"{parts.scheme}://{host}{port}")


def creation_options(
    party: RelyingParty, *, user: bytes, email: str, name: str, challenge: bytes, known: Iterable[bytes]
) -> str:
    """What `navigator.credentials.create` is given; an authenticator that holds a known key refuses."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=user,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json(options)


def request_options(party: RelyingParty, *, challenge: bytes, known: Iterable[bytes]) -> str:
    """What `navigator.credentials.get` is given."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return options_to_json(options)


def created(party: RelyingParty, response: str, *, challenge: bytes) -> Key:
    """The key that the browser has made. Raises KeyRefused."""
    try:
        found = webauthn.verify_registration_response(
            credential=response, expected_challenge=challenge, expected_rp_id=party.id, expected_origin=party.origin
        )
    except _UNREADABLE as error:
        raise KeyRefused(str(error) or None, where="key") from error
    return Key(found.credential_id, found.credential_public_key, found.sign_count)


def credential_id(response: str) -> bytes:
    """Which key a response claims to be of. Raises KeyRefused."""
    try:
        return webauthn.helpers.parse_authentication_credential_json(response).raw_id
    except _UNREADABLE as error:
        raise KeyRefused(where="key") from error


def used(party: RelyingParty, key: Key, response: str, *, challenge: bytes) -> int:
    """The key's new count, if the response is its signature over the challenge. Raises KeyRefused.

    A count that does not grow is refused: somebody else may use a copy (Level 3, 7.2, step 22).
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
        )
    except _UNREADABLE as error:
        raise KeyRefused(where="key") from error
    return found.new_sign_count
