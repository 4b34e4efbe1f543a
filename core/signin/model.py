"""Tables of what people prove themselves with. Of passwords, links and recovery codes only hashes are kept."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

passwords = tenant_table(
    "passwords",
    identifier("user_id"),
    Column("hash", Text, nullable=False),  # argon2id, with its parameters
    instant("changed_at"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("user_id",),
)

totp_secrets = tenant_table(
    "totp_secrets",
    identifier("user_id"),
    Column("secret", Text, nullable=False),  # base32; a code cannot be checked against a hash
    Column("last_counter", BigInteger, nullable=False, server_default="0"),  # codes up to it are used up
    instant("created_at"),
    instant("confirmed_at", nullable=True),  # NULL: shown, but no code of it was seen yet
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("user_id",),
)

recovery_codes = tenant_table(
    "recovery_codes",
    identifier("user_id"),
    Column("code_hash", LargeBinary, nullable=False),
    instant("created_at"),
    instant("used_at", nullable=True),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("user_id", "code_hash"),
)

enrolment_links = tenant_table(
    "enrolment_links",
    Column("secret_hash", LargeBinary, nullable=False),
    identifier("user_id"),
    Column("created_by", Text, nullable=False),
    instant("created_at"),
    instant("expires_at"),
    instant("used_at", nullable=True),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("secret_hash",),
)

# Attempts that failed, or whose outcome is not known yet: what succeeds is taken away again.
signin_attempts = tenant_table(
    "signin_attempts",
    identifier("attempt_id"),
    Column("subject", Text, nullable=False),  # account:<e-mail> or address:<ip>
    instant("attempted_at"),
    Index("ix_signin_attempts_subject", "tenant_id", "subject", "attempted_at"),
    key=("attempt_id", "subject"),
)

# A vote that waits for its voter's second factor: exactly this vote, by this person, once.
step_ups = tenant_table(
    "step_ups",
    Column("secret_hash", LargeBinary, nullable=False),
    identifier("user_id"),
    Column("purpose", Text, nullable=False),
    identifier("subject_id"),
    Column("facts", JSONB, nullable=False),
    instant("created_at"),
    instant("expires_at"),
    instant("used_at", nullable=True),
    CheckConstraint("purpose IN ('vote')", name="purpose"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("secret_hash",),
)
