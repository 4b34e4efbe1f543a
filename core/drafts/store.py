"""All SQL of drafts. Every statement names the author: there is no way to another's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.drafts.model import drafts
from core.drafts.views import DraftView
from core.ids import UserId


async def of_author(tx: Transaction, author: UserId) -> tuple[DraftView, ...]:
    """The author's drafts, the one changed last first."""
    columns = drafts.c
    rows = await tx.connection.execute(
        select(drafts)
        .where(columns.tenant_id == tx.tenant, columns.author_id == author)
        .order_by(columns.updated_at.desc(), columns.draft_id)
    )
    return tuple(_view(row) for row in rows)


async def find(tx: Transaction, author: UserId, draft_id: UUID) -> DraftView | None:
    """The author's draft."""
    columns = drafts.c
    row = (
        await tx.connection.execute(
            select(drafts).where(
                columns.tenant_id == tx.tenant, columns.author_id == author, columns.draft_id == draft_id
            )
        )
    ).first()
    return None if row is None else _view(row)


async def count(tx: Transaction, author: UserId) -> int:
    """How many the author has."""
    where = (drafts.c.tenant_id == tx.tenant, drafts.c.author_id == author)
    return int((await tx.connection.execute(select(func.count()).select_from(drafts).where(*where))).scalar_one())


async def put(tx: Transaction, author: UserId, draft: DraftView) -> bool:
    """Whether the draft is stored as it is; not if the id is another's."""
    values = {
        "action": draft.action,
        "resource": dict(draft.resource),
        "justification": draft.justification,
        "updated_at": draft.updated_at,
    }
    result = await tx.connection.execute(
        insert(drafts)
        .values(tenant_id=tx.tenant, draft_id=draft.id, author_id=author, **values)
        .on_conflict_do_update(
            index_elements=["tenant_id", "draft_id"], set_=values, where=drafts.c.author_id == author
        )
        .returning(drafts.c.draft_id)
    )
    return result.first() is not None


async def remove(tx: Transaction, author: UserId, draft_id: UUID) -> bool:
    """Whether there was one."""
    columns = drafts.c
    result = await tx.connection.execute(
        delete(drafts)
        .where(columns.tenant_id == tx.tenant, columns.author_id == author, columns.draft_id == draft_id)
        .returning(columns.draft_id)
    )
    return result.first() is not None


def _view(row: Row[Any]) -> DraftView:
    return DraftView(row.draft_id, row.action, row.resource, row.justification, row.updated_at)
