"""The database: engines, tenant-scoped transactions, migrations, wake-ups.

engine.py        Database: opens transactions; nothing else in Countersign commits
transaction.py   Transaction: one tenant, one instant, one commit
batches.py       group commit: many questions to one tenant, one transaction
staging.py       many rows at once, by COPY
references.py    the numbers behind REQ-1042
listen.py        LISTEN/NOTIFY wake-ups over a connection of their own
migrate.py       brings a database to the newest schema, safely from several replicas at once
embedded.py      the PostgreSQL server that comes with the package
"""

from core.db.batches import Batches
from core.db.engine import Database
from core.db.references import id_behind, is_numbered, next_number
from core.db.staging import Staging
from core.db.transaction import SystemTransaction, Transaction

__all__ = [
    "Batches",
    "Database",
    "Staging",
    "SystemTransaction",
    "Transaction",
    "id_behind",
    "is_numbered",
    "next_number",
]
