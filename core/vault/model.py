"""Which master keys have sealed what lies in this database: their ids alone, which tell a wrong key from the right one.

The keys belong to the installation, so the table has no tenant; row-level security opens it to the system scope alone.
"""

from sqlalchemy import Column, Table, Text

from core.db.tables import instant, metadata

sealing_keys = Table(
    "sealing_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    instant("first_used_at"),
)
