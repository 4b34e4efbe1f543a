"""Pictures are kept under a key, have one address as long as they stay the same, and are gone after a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, text, update

from core.db import Database, Transaction
from core.errors import InvalidInput
from core.ids import uuid7
from core.pictures.model import pictures
from core.pictures.tokens import PictureToken, hash_secret, new_secret, parse_token
from core.vault import SealedColumn

KEPT_FOR: Final = timedelta(days=30)
PICTURE_BYTES_MAX: Final = 1024 * 1024  # Microsoft, "Format cards": an image of a card has 1 MB at most
PNG: Final = b"\x89PNG\r\n\x1a\n"  # how each begins (W3C, PNG, 5.2)
SECRET: Final = SealedColumn(pictures, "secret", ("picture_id",))
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class UnusablePicture(InvalidInput):
    """This is no PNG, or one of more than 1 MB."""

    code = "pictures.not_kept"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as whoever has its address may see it."""

    png: bytes
    name: str
    expires_at: datetime


async def keep_picture(tx: Transaction, png: bytes, *, key: str, name: str) -> str:
    """The path under which anybody who has it can fetch the picture, for KEPT_FOR from now on.

    The same picture under the same key has the same path again, so that a repeated delivery keeps nothing twice;
    another one takes its place, and the path before leads nowhere. Raises UnusablePicture.
    """
    if len(png) > PICTURE_BYTES_MAX or not png.startswith(PNG):
        raise UnusablePicture(where="png", accepted=(f"PNG, at most {PICTURE_BYTES_MAX} bytes",))
    await tx.connection.execute(_LOCK, {"name": f"picture {tx.tenant} {key}"})
    token = await _known(tx, png, key) or await _kept(tx, png, key=key, name=name)
    return _path(token)


async def kept_under(tx: Transaction, key: str) -> str | None:
    """The path of the picture that is kept under the key; None if there is none any more."""
    columns = pictures.c
    mine = (columns.tenant_id == tx.tenant) & (columns.key == key) & (columns.expires_at > tx.now)
    row = (await tx.connection.execute(select(columns.picture_id, columns.secret).where(mine))).first()
    return None if row is None else _path(_token(tx, row.picture_id, row.secret))


async def picture_of(database: Database, presented: str) -> Picture | None:
    """The picture of a token; None for one that is malformed, unknown or over: nobody learns which."""
    token = parse_token(presented)
    if token is None:
        return None
    columns = pictures.c
    async with database.tenant(token.tenant) as tx:
        found = await tx.connection.execute(
            select(columns.secret_hash, columns.png, columns.name, columns.expires_at).where(
                columns.tenant_id == tx.tenant, columns.picture_id == token.picture_id, columns.expires_at > tx.now
            )
        )
    row = found.first()
    return Picture(row.png, row.name, row.expires_at) if row and token.matches(row.secret_hash) else None


async def purge_pictures(tx: Transaction) -> None:
    """The tenant's pictures whose time is over are gone."""
    columns = pictures.c
    await tx.connection.execute(delete(pictures).where(columns.tenant_id == tx.tenant, columns.expires_at <= tx.now))


async def _known(tx: Transaction, png: bytes, key: str) -> PictureToken | None:
    """The token of the same picture, which then is kept longer; None, and nothing under the key, if there is none."""
    columns = pictures.c
    mine = (columns.tenant_id == tx.tenant) & (columns.key == key)
    row = (await tx.connection.execute(select(columns.picture_id, columns.png, columns.secret).where(mine))).first()
    if row is None:
        return None
    if row.png != png:
        await tx.connection.execute(delete(pictures).where(mine))
        return None
    await tx.connection.execute(update(pictures).where(mine).values(expires_at=tx.now + KEPT_FOR))
    return _token(tx, row.picture_id, row.secret)


def _token(tx: Transaction, picture_id: UUID, sealed: str) -> PictureToken:
    return PictureToken(tx.tenant, picture_id, SECRET.open(tx, sealed, picture_id).decode())


def _path(token: PictureToken) -> str:
    return f"/pictures/{token}.png"


async def _kept(tx: Transaction, png: bytes, *, key: str, name: str) -> PictureToken:
    token = PictureToken(tx.tenant, uuid7(), new_secret())
    await tx.connection.execute(
        pictures.insert().values(
            tenant_id=tx.tenant,
            picture_id=token.picture_id,
            key=key,
            name=name,
            png=png,
            secret_hash=hash_secret(token.secret),
            secret=SECRET.seal(tx, token.secret.encode(), token.picture_id),
            created_at=tx.now,
            expires_at=tx.now + KEPT_FOR,
        )
    )
    return token
