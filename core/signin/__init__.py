"""Who somebody is, proven to us: password, second factor, recovery codes (R4), and step-up before a decision (X2).

passwords.py   which are accepted, and their hashes
totp.py        pure: one-time codes and recovery codes
webauthn.py    pure: passkeys and security keys
assurance.py   pure: how sure we are of an actor
model.py, store.py, key_store.py   tables and SQL
attempts.py    every attempt is counted and recorded
proving.py     the password or a second factor, given again
demands.py     what a tenant demands of whoever signs in
challenges.py  single-use links under which something waits for its person
service.py     use cases: sign in, invite, change the password
factors.py, keys.py   use cases: authenticator app and recovery codes; passkeys
errors.py      what can go wrong
"""

from core.signin.assurance import Assurance, assurance_of, is_assured_within, suffices
from core.signin.challenges import find_challenge, open_challenge, use_challenge
from core.signin.demands import must_set_up_factor
from core.signin.errors import StepUpRequired
from core.signin.factors import (
    SecurityView,
    begin_totp,
    confirm_totp,
    my_security,
    pending_totp,
    remove_totp,
    renew_recovery_codes,
    security_of,
)
from core.signin.keys import begin_key, confirm_key, pending_key, remove_key
from core.signin.model import TOTP_SECRET
from core.signin.proving import Proof, confirm_it_is_you, give_proof, key_question
from core.signin.service import (
    Claim,
    accept_invitation,
    change_password,
    finish_sign_in,
    half_signed_in,
    invite,
    invited,
    sign_in,
)
from core.signin.totp import address_of

__all__ = [
    "TOTP_SECRET",
    "Assurance",
    "Claim",
    "Proof",
    "SecurityView",
    "StepUpRequired",
    "accept_invitation",
    "address_of",
    "assurance_of",
    "begin_key",
    "begin_totp",
    "change_password",
    "confirm_it_is_you",
    "confirm_key",
    "confirm_totp",
    "find_challenge",
    "finish_sign_in",
    "give_proof",
    "half_signed_in",
    "invite",
    "invited",
    "is_assured_within",
    "key_question",
    "must_set_up_factor",
    "my_security",
    "open_challenge",
    "pending_key",
    "pending_totp",
    "remove_key",
    "remove_totp",
    "renew_recovery_codes",
    "security_of",
    "sign_in",
    "suffices",
    "use_challenge",
]
