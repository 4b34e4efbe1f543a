"""Under which name keys are bound (WebAuthn Level 3, 5.1.2)."""

import pytest

from core.signin.webauthn import relying_party


@pytest.mark.row("X2")
@pytest.mark.parametrize(
    ("address", "party"),
    [
        ("https://countersign.example", ("countersign.example", "https://countersign.example")),
        ("https://ops.example:8443", ("ops.example", "https://ops.example:8443")),
        ("http://127.0.0.1:8080", ("localhost", "http://localhost:8080")),
        ("http://[::1]:8080", ("localhost", "http://localhost:8080")),
        ("http://192.0.2.7:8080", None),
    ],
)
def test_a_key_is_bound_to_the_name_of_the_installation(address, party):
    found = relying_party(address)
    assert (found and (found.id, found.origin)) == party
