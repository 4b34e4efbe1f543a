"""All SQL of signing in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.ids import UserId
from core.signin.model import (
    TOTP_SECRET,
    enrolment_links,
    passwords,
    recovery_codes,
    signin_attempts,
    step_ups,
    totp_secrets,
)

ATTEMPTS_KEPT_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Totp:
    """A person's authenticator app."""

    secret: str
    last_counter: int
    begun_at: datetime
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Challenge:
    """What waits for its person's second factor."""

    user: UserId
    subject_id: UUID
    facts: Mapping[str, Any]
    expires_at: datetime
    purpose: str = "vote"  # vote | bypass | signin


async def password_hash(tx: Transaction, user: UserId) -> str | None:
    """The hash of the person's password, if they have one."""
    columns = passwords.c
    found: str | None = (
        await tx.connection.execute(select(columns.hash).where(columns.tenant_id == tx.tenant, columns.user_id == user))
    ).scalar()
    return found


async def set_password(tx: Transaction, user: UserId, stored: str) -> None:
    """The person signs in with this password from now on."""
    values = {"hash": stored, "changed_at": tx.now}
    await tx.connection.execute(
        insert(passwords)
        .values(tenant_id=tx.tenant, user_id=user, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_=values)
    )


async def totp_of(tx: Transaction, user: UserId) -> Totp | None:
    """The person's authenticator app, confirmed or not."""
    columns = totp_secrets.c
    row = (
        await tx.connection.execute(select(totp_secrets).where(columns.tenant_id == tx.tenant, columns.user_id == user))
    ).first()
    if row is None:
        return None
    secret = TOTP_SECRET.open(tx, row.secret, user).decode()
    return Totp(secret, row.last_counter, row.created_at, row.confirmed_at is not None)


async def begin_totp(tx: Transaction, user: UserId, secret: str) -> None:
    """This secret waits to be confirmed, in the place of any other that did; a confirmed one stays."""
    values = {"secret": TOTP_SECRET.seal(tx, secret.encode(), user), "created_at": tx.now, "last_counter": 0}
    await tx.connection.execute(
        insert(totp_secrets)
        .values(tenant_id=tx.tenant, user_id=user, **values)
        .on_conflict_do_update(
            index_elements=["tenant_id", "user_id"], set_=values, where=totp_secrets.c.confirmed_at.is_(None)
        )
    )


async def use_counter(tx: Transaction, user: UserId, counter: int) -> bool:
    """Whether no code of this step or a later one was used before; from now on none is."""
    columns = totp_secrets.c
    used = await tx.connection.execute(
        update(totp_secrets)
        .where(columns.tenant_id == tx.tenant, columns.user_id == user, columns.last_counter < counter)
        .values(last_counter=counter, confirmed_at=func.coalesce(columns.confirmed_at, tx.now))
        .returning(columns.user_id)
    )
    return used.first() is not None


async def forget_totp(tx: Transaction, user: UserId) -> None:
    """The person has no authenticator app any more."""
    await _forget(tx, user, totp_secrets)


async def forget_recovery_codes(tx: Transaction, user: UserId) -> None:
    """The person has no recovery codes any more."""
    await _forget(tx, user, recovery_codes)


async def _forget(tx: Transaction, user: UserId, table: Table) -> None:
    await tx.connection.execute(delete(table).where(table.c.tenant_id == tx.tenant, table.c.user_id == user))


async def replace_recovery_codes(tx: Transaction, user: UserId, hashes: Iterable[bytes]) -> None:
    """These are the person's recovery codes, and no others."""
    columns = recovery_codes.c
    await tx.connection.execute(delete(recovery_codes).where(columns.tenant_id == tx.tenant, columns.user_id == user))
    await tx.connection.execute(
        recovery_codes.insert(),
        [{"tenant_id": tx.tenant, "user_id": user, "code_hash": each, "created_at": tx.now} for each in hashes],
    )


async def use_recovery_code(tx: Transaction, user: UserId, code_hash: bytes) -> bool:
    """Whether the person had this code unused; it is used now."""
    columns = recovery_codes.c
    used = await tx.connection.execute(
        update(recovery_codes)
        .where(
            columns.tenant_id == tx.tenant,
            columns.user_id == user,
            columns.code_hash == code_hash,
            columns.used_at.is_(None),
        )
        .values(used_at=tx.now)
        .returning(columns.user_id)
    )
    return used.first() is not None


async def recovery_codes_left(tx: Transaction, user: UserId) -> int:
    """How many the person has not used."""
    columns = recovery_codes.c
    left = await tx.connection.execute(
        select(func.count())
        .select_from(recovery_codes)
        .where(columns.tenant_id == tx.tenant, columns.user_id == user, columns.used_at.is_(None))
    )
    return int(left.scalar_one())


async def add_link(tx: Transaction, secret_hash: bytes, user: UserId, *, created_by: str, until: datetime) -> None:
    """The link holds until then; earlier ones of the person do not any more."""
    columns = enrolment_links.c
    await tx.connection.execute(delete(enrolment_links).where(columns.tenant_id == tx.tenant, columns.user_id == user))
    await tx.connection.execute(
        enrolment_links.insert().values(
            tenant_id=tx.tenant,
            secret_hash=secret_hash,
            user_id=user,
            created_by=created_by,
            created_at=tx.now,
            expires_at=until,
        )
    )


async def link_holder(tx: Transaction, secret_hash: bytes) -> UserId | None:
    """Whose link it is, while it holds."""
    columns = enrolment_links.c
    found = (
        await tx.connection.execute(
            select(columns.user_id).where(
                columns.tenant_id == tx.tenant,
                columns.secret_hash == secret_hash,
                columns.used_at.is_(None),
                columns.expires_at > tx.now,
            )
        )
    ).scalar()
    return None if found is None else UserId(found)


async def use_link(tx: Transaction, secret_hash: bytes) -> UserId | None:
    """Whose link it was; it does not hold any more."""
    columns = enrolment_links.c
    found = (
        await tx.connection.execute(
            update(enrolment_links)
            .where(
                columns.tenant_id == tx.tenant,
                columns.secret_hash == secret_hash,
                columns.used_at.is_(None),
                columns.expires_at > tx.now,
            )
            .values(used_at=tx.now)
            .returning(columns.user_id)
        )
    ).scalar()
    return None if found is None else UserId(found)


async def attempts(tx: Transaction, subject: str, *, since: datetime) -> int:
    """How many attempts of the subject failed since then. Nobody else counts it until this transaction ends."""
    await tx.connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))"), {"subject": f"{tx.tenant} {subject}"}
    )
    columns = signin_attempts.c
    found = await tx.connection.execute(
        select(func.count())
        .select_from(signin_attempts)
        .where(columns.tenant_id == tx.tenant, columns.subject == subject, columns.attempted_at > since)
    )
    return int(found.scalar_one())


async def add_attempt(tx: Transaction, attempt_id: UUID, subjects: Iterable[str]) -> None:
    """The attempt counts for each of the subjects; those that count for nothing any more are gone."""
    columns = signin_attempts.c
    await tx.connection.execute(
        delete(signin_attempts).where(columns.tenant_id == tx.tenant, columns.attempted_at < tx.now - ATTEMPTS_KEPT_FOR)
    )
    await tx.connection.execute(
        signin_attempts.insert(),
        [
            {"tenant_id": tx.tenant, "attempt_id": attempt_id, "subject": subject, "attempted_at": tx.now}
            for subject in subjects
        ],
    )


async def forget_attempts(tx: Transaction, attempt_id: UUID, subjects: Collection[str]) -> None:
    """It succeeded: neither it nor earlier ones of these subjects count any more. Others of its address still do."""
    columns = signin_attempts.c
    await tx.connection.execute(
        delete(signin_attempts).where(
            columns.tenant_id == tx.tenant, (columns.attempt_id == attempt_id) | columns.subject.in_(subjects)
        )
    )


async def add_challenge(tx: Transaction, secret_hash: bytes, challenge: Challenge) -> None:
    """It waits."""
    columns = step_ups.c
    await tx.connection.execute(
        delete(step_ups).where(columns.tenant_id == tx.tenant, columns.expires_at < tx.now - ATTEMPTS_KEPT_FOR)
    )
    await tx.connection.execute(
        step_ups.insert().values(
            tenant_id=tx.tenant,
            secret_hash=secret_hash,
            user_id=challenge.user,
            purpose=challenge.purpose,
            subject_id=challenge.subject_id,
            facts=dict(challenge.facts),
            created_at=tx.now,
            expires_at=challenge.expires_at,
        )
    )


async def challenge(tx: Transaction, secret_hash: bytes, *, purpose: str) -> Challenge | None:
    """What waits, while it holds."""
    columns = step_ups.c
    row = (
        await tx.connection.execute(
            select(step_ups).where(
                columns.tenant_id == tx.tenant,
                columns.secret_hash == secret_hash,
                columns.purpose == purpose,
                columns.used_at.is_(None),
                columns.expires_at > tx.now,
            )
        )
    ).first()
    return None if row is None else Challenge(UserId(row.user_id), row.subject_id, row.facts, row.expires_at, purpose)


async def use_challenge(tx: Transaction, secret_hash: bytes) -> bool:
    """Whether it was unused and held; it is used now."""
    columns = step_ups.c
    used = await tx.connection.execute(
        update(step_ups)
        .where(
            columns.tenant_id == tx.tenant,
            columns.secret_hash == secret_hash,
            columns.used_at.is_(None),
            columns.expires_at > tx.now,
        )
        .values(used_at=tx.now)
        .returning(columns.user_id)
    )
    return used.first() is not None
