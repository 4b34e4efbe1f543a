"""Secrets that lie in the database sealed, and the master key that opens them, which does not (core/sealing).

columns.py    SealedColumn: what a feature declares, seals and opens with
keys.py       the key given, or made once; refused if it is not the database's
rewrapping.py everything under the present key, in batches
model.py, store.py   the table of key ids, SQL
errors.py     what can go wrong
"""

from core.vault.columns import SealedColumn
from core.vault.errors import WrongKey
from core.vault.keys import GivenKeys, take_keys
from core.vault.rewrapping import Rewrapped, rewrap, seal_plain

__all__ = ["GivenKeys", "Rewrapped", "SealedColumn", "WrongKey", "rewrap", "seal_plain", "take_keys"]
