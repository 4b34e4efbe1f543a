"""What is sealed opens with its key, in its place, whole; and with nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sealing import KEY_BYTES, Keyring, MasterKey, Unsealable, is_sealed, mark_of

OLD, NEW = MasterKey(b"o" * KEY_BYTES), MasterKey(b"n" * KEY_BYTES)
PLACE = ("acme", "totp_secrets", "secret", "u1")
places = st.lists(st.text(max_size=20), min_size=1, max_size=5)


@pytest.mark.row("T3")
@given(secret=st.binary(max_size=200), place=places)
def test_what_is_sealed_opens_again_also_after_it_was_rewrapped(secret, place):
    sealed = Keyring(OLD).seal(secret, place)
    again = Keyring(NEW, (OLD,)).rewrap(sealed, place)
    assert Keyring(OLD).open(sealed, place) == Keyring(NEW).open(again, place) == secret
    assert (is_sealed(sealed), again.startswith(mark_of(NEW))) == (True, True)
    assert again.split("$")[3] == sealed.split("$")[3]  # the secret itself was not touched


@given(place=places, other=places)
def test_it_opens_in_its_place_alone(place, other):
    sealed = Keyring(OLD).seal(b"secret", place)
    if place != other:
        with pytest.raises(Unsealable):
            Keyring(OLD).open(sealed, other)
        with pytest.raises(Unsealable):
            Keyring(NEW, (OLD,)).rewrap(sealed, other)


@given(at=st.integers(min_value=0), by=st.integers(min_value=1, max_value=127))
def test_a_character_that_was_changed_anywhere_keeps_it_shut(at, by):
    sealed = Keyring(OLD).seal(b"secret", PLACE)
    at %= len(sealed)
    changed = sealed[:at] + chr((ord(sealed[at]) + by) % 128) + sealed[at + 1 :]
    try:
        opened = Keyring(OLD).open(changed, PLACE)
    except Unsealable:
        return
    assert opened == b"secret"  # base64 has characters that mean nothing


def test_without_its_key_it_stays_shut_and_says_nothing_of_the_key():
    sealed = Keyring(OLD).seal(b"secret", PLACE)
    with pytest.raises(Unsealable):
        Keyring(NEW).open(sealed, PLACE)
    assert "ooo" not in f"{OLD!r} {Keyring(OLD, (NEW,))!r} {OLD.id}"
    assert Keyring(OLD, (NEW,)).ids == {OLD.id, NEW.id}


def test_the_same_secret_is_sealed_differently_each_time():
    assert Keyring(OLD).seal(b"secret", PLACE) != Keyring(OLD).seal(b"secret", PLACE)


@pytest.mark.parametrize(
    "text", ["", "cs1$", "cs1$x$y$z", f"cs2${OLD.id}$AAAA$AAAA", f"cs1${OLD.id}$§$AAAA", f"cs1${OLD.id}$$"]
)
def test_what_nobody_has_sealed_is_not_opened(text):
    with pytest.raises(Unsealable):
        Keyring(OLD).open(text, PLACE)
