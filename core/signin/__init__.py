"""Who somebody is, proven to us: password, one-time codes, recovery codes (R4), and step-up before a decision (X2).

passwords.py   which are accepted, and their hashes
totp.py        pure: one-time codes and recovery codes
assurance.py   pure: how sure we are of an actor
model.py, store.py   tables and SQL
service.py     use cases; every attempt is counted and recorded
errors.py      what can go wrong
"""

from core.signin.assurance import Assurance, assurance_of, suffices
from core.signin.errors import StepUpRequired
from core.signin.service import (
    Claim,
    SecurityView,
    accept_invitation,
    begin_totp,
    change_password,
    confirm_totp,
    find_challenge,
    give_code,
    invite,
    invited,
    my_security,
    open_challenge,
    pending_totp,
    remove_totp,
    renew_recovery_codes,
    security_of,
    sign_in,
    use_challenge,
)
from core.signin.totp import address_of

__all__ = [
    "Assurance",
    "Claim",
    "SecurityView",
    "StepUpRequired",
    "accept_invitation",
    "address_of",
    "assurance_of",
    "begin_totp",
    "change_password",
    "confirm_totp",
    "find_challenge",
    "give_code",
    "invite",
    "invited",
    "my_security",
    "open_challenge",
    "pending_totp",
    "remove_totp",
    "renew_recovery_codes",
    "security_of",
    "sign_in",
    "suffices",
    "use_challenge",
]
