"""Tables of what people prove themselves with. Of passwords, links and recovery codes only hashes are kept."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table
from core.vault import SealedColumn

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
    Column("secret", Text, nullable=False),  # base32, sealed: a code cannot be checked against a hash
    Column("last_counter", BigInteger, nullable=False, server_default="0"),  # codes up to it are used up
    instant("created_at"),
    instant("confirmed_at", nullable=True),  # NULL: shown, but no code of it was seen yet
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("user_id",),
)

TOTP_SECRET = SealedColumn(totp_secrets, "secret", row=("user_id",))

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
    Column("subject", Text, nullable=False),  # account:<e-mail>, the same from one address, or address:<ip>
    instant("attempted_at"),
    Index("ix_signin_attempts_subject", "tenant_id", "subject", "attempted_at"),
    key=("attempt_id", "subject"),
)

# Passkeys and security keys (WebAuthn). Only their public half is known.
security_keys = tenant_table(
    "security_keys",
    Column("credential_id", LargeBinary, nullable=False),
    identifier("user_id"),
    Column("name", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),
    instant("created_at"),
    instant("last_used_at", nullable=True),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_security_keys_user", "tenant_id", "user_id"),
    key=("credential_id",),
)

key_challenges = tenant_table(
    "key_challenges",
    identifier("user_id"),
    Column("purpose", Text, nullable=False),
    Column("challenge", LargeBinary, nullable=False),
    instant("expires_at"),
    CheckConstraint("purpose IN ('register', 'confirm')", name="purpose"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("user_id", "purpose"),
)

# What waits for its person's second factor: exactly this vote, or this half of a sign-in, once.
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
    CheckConstraint("purpose IN ('vote', 'bypass', 'signin')", name="purpose"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("secret_hash",),
)
