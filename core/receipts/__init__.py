"""Grant receipts: signed proof of an approval that an agent platform verifies offline and the gate consumes (P11).

claims.py           what a receipt says; to JSON and back
jws.py              pure: Ed25519 signatures in JWS compact form
keys.py             pure: key ids, the published set, when a key is replaced
rules.py            pure: what is certified, and whether a receipt presented holds
records.py          pure: what is certified of a decision, for people and not for gates
issuer.py           Issuer: the installation's keys in memory; signs and verifies
service.py          use case: a receipt for an approved request
model.py, store.py  tables and SQL
errors.py           what can go wrong
"""

from core.receipts.claims import Claims, Receipt
from core.receipts.errors import ExpiredReceipt, InvalidReceipt, OtherAction, SuspendedApproval, UsedApproval
from core.receipts.issuer import Issuer
from core.receipts.model import PRIVATE_KEY
from core.receipts.records import record_of
from core.receipts.service import issue_receipt

__all__ = [
    "PRIVATE_KEY",
    "Claims",
    "ExpiredReceipt",
    "InvalidReceipt",
    "Issuer",
    "OtherAction",
    "Receipt",
    "SuspendedApproval",
    "UsedApproval",
    "issue_receipt",
    "record_of",
]
