"""A month's statement by e-mail, with the files that the tenant's document asks for."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from connectors.mail.sender import Attachment, Mailer
from core.actor import system_actor
from core.costs import RateCatalogue
from core.db import Database
from core.finance import Chargeback, StatementFormat, chargeback, statement_file
from core.outbox import Event
from core.tenants import tenant_policy

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StatementMail:
    """The subscriber."""

    database: Database
    rates: RateCatalogue
    mailer: Mailer
    console: str  # its address, without a closing slash

    async def deliver(self, event: Event) -> None:
        """Those whom the tenant's document names have the statement. A tenant that names nobody sends nothing."""
        async with self.database.tenant(event.tenant) as tx:
            plan = (await tenant_policy(tx)).chargeback_report
        if plan is None or not plan.emails:
            return
        actor, month = system_actor(event.tenant), event.data["month"]
        made = await chargeback(self.database, self.rates, actor, period=month)
        files = []
        for name in plan.formats:
            written = StatementFormat(name)
            found = await statement_file(self.database, self.rates, actor, written, period=month)
            content = b"".join([part async for part in found.chunks])
            files.append(Attachment(found.name, found.media_type, content))
        await self.mailer.send(
            plan.emails,
            f"Chargeback {made.period}: {made.statement.amount:,} {made.statement.currency}",
            _words(made, self.console),
            files,
            key=f"chargeback-{made.name}-{event.id}",
            at=self.database.clock.now(),
        )
        log.info("statement_mailed", period=month, recipients=len(plan.emails), files=len(files))


def _words(made: Chargeback, console: str) -> str:
    statement = made.statement
    lines = [f"{made.tenant_name} was charged {statement.amount:,} {statement.currency} for {made.period}.", ""]
    lines += [
        f"{f'{each.code} {each.title}'.strip() or 'No cost centre'}: {each.amount:,} {statement.currency}"
        for each in statement.centres
    ]
    if statement.rounding:
        lines.append(f"Rounding: {statement.rounding:,} {statement.currency}")
    return "\n".join((*lines, "", f"{console}/costs/chargeback?period={made.period}", ""))
