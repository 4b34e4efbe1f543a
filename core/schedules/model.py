"""What has had its turn: the latest day of each, whatever became of it."""

from sqlalchemy import Column, Date, Text

from core.db.tables import identifier, tenant_table

turns = tenant_table(
    "turns",
    Column("kind", Text, nullable=False),  # digest, report, bypass_report, chargeback, reconciliation
    identifier("subject_id"),  # whose: a person, or the nil id for the tenant itself
    Column("day", Date, nullable=False),  # of their own calendar
    key=("kind", "subject_id"),
)
