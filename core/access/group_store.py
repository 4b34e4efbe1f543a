"""All SQL of groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.access.model import group_members, groups
from core.access.people import GroupView
from core.db import Transaction
from core.ids import UserId


async def load_groups(tx: Transaction) -> Mapping[str, GroupView]:
    """Every group with its members, in one statement."""
    g, m = groups.c, group_members.c
    rows = await tx.connection.execute(
        select(g.group_key, g.title, m.user_id)
        .outerjoin(group_members, (m.tenant_id == g.tenant_id) & (m.group_key == g.group_key))
        .where(g.tenant_id == tx.tenant)
        .order_by(g.group_key)
    )
    titles: dict[str, str] = {}
    members: dict[str, set[UserId]] = defaultdict(set)
    for key, title, user in rows:
        titles[key] = title
        if user is not None:
            members[key].add(UserId(user))
    return {key: GroupView(key, title, frozenset(members[key])) for key, title in titles.items()}


async def put_group(tx: Transaction, key: str, title: str, members: Iterable[UserId]) -> None:
    """The group has this title and exactly these members."""
    await tx.connection.execute(
        insert(groups)
        .values(tenant_id=tx.tenant, group_key=key, title=title, created_at=tx.now)
        .on_conflict_do_update(index_elements=["tenant_id", "group_key"], set_={"title": title})
    )
    wanted = sorted(members)
    columns = group_members.c
    await tx.connection.execute(
        delete(group_members).where(
            columns.tenant_id == tx.tenant, columns.group_key == key, columns.user_id.not_in(wanted)
        )
    )
    if wanted:
        await tx.connection.execute(
            insert(group_members).on_conflict_do_nothing(),
            [{"tenant_id": tx.tenant, "group_key": key, "user_id": user} for user in wanted],
        )


async def delete_group(tx: Transaction, key: str) -> bool:
    """Whether there was one; now there is none."""
    result = await tx.connection.execute(
        delete(groups).where(groups.c.tenant_id == tx.tenant, groups.c.group_key == key).returning(groups.c.group_key)
    )
    return result.first() is not None
