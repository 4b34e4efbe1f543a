"""Use cases of cost centres: name them, say what belongs to them from which day on (C10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from config.suggest import did_you_mean
from core.access import Directory, Permission, PersonView, TokenScope, directory, member_of, permitted, require
from core.actor import Actor
from core.audit import audited, record
from core.db import Database, Transaction
from core.finance import store
from core.finance.assigning import UNASSIGNED, SubjectKind, Turn
from core.finance.errors import InvalidCostCentre, TooMany, UnknownCostCentre
from core.ids import UserId

CENTRES_MAX: Final = 2000
TURNS_MAX: Final = 20_000
NAME_MAX: Final = 200  # characters
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CostCentreView:
    """A cost centre."""

    code: str
    title: str
    author: PersonView | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TurnView:
    """From when on a project's or agent's costs belong to a centre; an empty code: to none."""

    kind: SubjectKind
    subject: str
    starts_on: date
    code: str
    author: PersonView | None
    created_at: datetime


async def put_cost_centre(database: Database, actor: Actor, code: str, title: str) -> CostCentreView:
    """The centre has this title, and is there if it was not. Raises InvalidCostCentre, or PermissionMissing."""
    async with audited(database, actor, action="cost_centre.put", resource=code[:NAME_MAX]) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        if not _CODE.fullmatch(code):
            message = "A code has up to 40 letters, digits, points, dashes and slashes."
            raise InvalidCostCentre(message, where="code", accepted=("CC-100", "4711"))
        title = _text("title", title)
        await store.hold(tx, "centres")
        known = {row.code: row.title for row in await store.centres(tx)}
        if code not in known and len(known) >= CENTRES_MAX:
            raise TooMany(f"A tenant has {CENTRES_MAX} cost centres at most.")
        if known.get(code) != title:
            await store.put_centre(tx, code, title, member_of(actor))
            await record(tx, actor, action="cost_centre.put", resource=code, details={"title": title})
        return next(each for each in await _centres(tx) if each.code == code)


async def list_cost_centres(database: Database, actor: Actor) -> tuple[CostCentreView, ...]:
    """Every cost centre, by its code."""
    async with permitted(database, actor, TokenScope.READ, action="cost_centre.list", resource="cost centres") as tx:
        return await _centres(tx)


async def assign(database: Database, actor: Actor, turn: Turn) -> TurnView:
    """From that day on the subject's costs belong to the centre, until its next turn; without a code, to none.

    A day that is over is taken too: a chargeback made later shows it so. Raises InvalidCostCentre naming the field,
    UnknownCostCentre, or PermissionMissing.
    """
    resource = f"{turn.kind}:{turn.subject}"[:NAME_MAX]
    async with audited(database, actor, action="cost_centre.assigned", resource=resource) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        turn = Turn(turn.kind, _text("subject", turn.subject), turn.starts_on, turn.code)
        await store.hold(tx, "centres")
        codes = [row.code for row in await store.centres(tx)]
        if turn.code != UNASSIGNED and turn.code not in codes:
            message = f"There is no cost centre '{turn.code[:NAME_MAX]}'.{did_you_mean(turn.code, codes)}"
            raise UnknownCostCentre(message, where="code", next_step="PUT /api/v1/costs/centres makes one.")
        if len(await store.turns(tx)) >= TURNS_MAX:
            raise TooMany(f"A tenant has {TURNS_MAX} assignments at most.")
        await store.put_turn(tx, turn, member_of(actor))
        details = {"cost_centre": turn.code, "starts_on": turn.starts_on.isoformat()}
        await record(tx, actor, action="cost_centre.assigned", resource=resource, details=details)
        return next(
            each
            for each in await _turns(tx)
            if (each.kind, each.subject, each.starts_on) == (turn.kind, turn.subject, turn.starts_on)
        )


async def unassign(database: Database, actor: Actor, kind: SubjectKind, subject: str, starts_on: date) -> None:
    """What was said of the subject from that day on was never said. Raises UnknownCostCentre."""
    resource = f"{kind}:{subject}"[:NAME_MAX]
    async with audited(database, actor, action="cost_centre.unassigned", resource=resource) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        if not await store.drop_turn(tx, kind, subject, starts_on):
            raise UnknownCostCentre("Nothing was said of it from that day on.", where="starts_on")
        details = {"starts_on": starts_on.isoformat()}
        await record(tx, actor, action="cost_centre.unassigned", resource=resource, details=details)


async def list_assignments(database: Database, actor: Actor) -> tuple[TurnView, ...]:
    """What belongs to which centre from which day on, by subject and day."""
    async with permitted(database, actor, TokenScope.READ, action="cost_centre.list", resource="cost centres") as tx:
        return await _turns(tx)


async def _centres(tx: Transaction) -> tuple[CostCentreView, ...]:
    everybody = await directory(tx)
    return tuple(
        CostCentreView(row.code, row.title, _person(everybody, row.author_id), row.created_at)
        for row in await store.centres(tx)
    )


async def _turns(tx: Transaction) -> tuple[TurnView, ...]:
    everybody = await directory(tx)
    return tuple(
        TurnView(
            SubjectKind(row.kind),
            row.subject,
            row.starts_on,
            row.code,
            _person(everybody, row.author_id),
            row.created_at,
        )
        for row in await store.turns(tx)
    )


def _person(everybody: Directory, user: UserId | None) -> PersonView | None:
    return everybody.people.get(UserId(user)) if user else None


def _text(where: str, text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= NAME_MAX or not text.isprintable():
        raise InvalidCostCentre(f"Write 1 to {NAME_MAX} printable characters.", where=where)
    return text
