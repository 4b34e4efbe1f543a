"""What `countersign doctor` asks of a declared system: what can be asked without changing anything."""

from __future__ import annotations

from collections import abc
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from connectors.itsm.approvals import ApprovalAbilities
from connectors.itsm.base import CheckResult, ConnectorError, Finding, Health, NotSent, Refused, TicketKind
from connectors.itsm.custom.approvals import Approvals
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.look_up import look_up
from connectors.itsm.custom.paging import pages
from connectors.itsm.custom.request_spec import Changes, Request
from connectors.itsm.custom.spec import Spec
from connectors.itsm.mapping import Mapping, distinct, examine
from connectors.itsm.targets import Target

NOBODY: Final = "countersign-doctor-nothing"  # a key, and a number, that no ticket has


async def check(spec: Spec, client: CustomClient, now: datetime) -> CheckResult:
    """Every finding. What only a ticket could show (create, update, comment, ask) is not tried here."""
    if spec.find is None:
        message = "The file declares no 'find', so nothing can be asked without making a ticket."
        return CheckResult((Finding("Address and credentials", Health.WARNING, message, "Declare 'find'."),))
    address = await _find(spec, client, spec.find)
    if address.health is Health.FAILED:
        return CheckResult((address,))  # whatever else is asked fails likewise
    looks = [await _number(spec, client), await _touched(spec, client, now), await _approvals(spec, client, now)]
    return CheckResult((address, _account(spec), *(found for found in looks if found is not None)))


async def _find(spec: Spec, client: CustomClient, find: Request) -> Finding:
    async def ask() -> str:
        key = spec.ticket.key_prefix + NOBODY
        await client.ask_list(find, {"key": key, "kind": str(TicketKind.CHANGE)})
        return "It answers."

    return await _look("Address and credentials", ask, "Check url, auth and 'find' of the file.")


def mapped(mapping: Mapping, spec: Spec, targets: abc.Mapping[str, Target]) -> tuple[Finding, ...]:
    """How every field of the mapping stands in the file; nothing without a mapping."""
    return distinct(one for kind in spec.kinds for one in examine(mapping, kind, targets, where=spec.title))


def _account(spec: Spec) -> Finding:
    if spec.account:
        return Finding("Our own account", Health.OK, f"What {spec.account} does there is no news.")
    message = "The file does not say which account is ours, so what we do there looks like somebody else's doing."
    return Finding("Our own account", Health.WARNING, message, "Declare 'account'.")


async def _number(spec: Spec, client: CustomClient) -> Finding | None:
    if spec.look_up is None:
        return None

    async def ask() -> str:
        await look_up(spec, client, NOBODY)
        return "Tickets can be named by their number."

    return await _look("Tickets by number", ask, "Check 'look_up' of the file, and 'errors.rules' if nothing is a no.")


async def _touched(spec: Spec, client: CustomClient, now: datetime) -> Finding | None:
    declared = spec.changes
    if declared is None:
        return None

    async def ask() -> str:
        await _first_page(spec, client, declared, now)
        return "What people do there comes back."

    return await _look("What was touched", ask, "Check 'changes' of the file.")


async def _approvals(spec: Spec, client: CustomClient, now: datetime) -> Finding | None:
    if spec.approvals is None:
        return None
    able = _said(spec.approval_abilities)
    if spec.approvals.changes is None:  # they are asked for by ticket, and there is none
        return Finding("Approvals", Health.OK, f"{able} Found with tickets that were touched.")

    async def ask() -> str:
        await Approvals(spec, client).since(now)
        return able

    return await _look("Approvals", ask, "Check 'approvals' of the file, and that our account may read them.")


def _said(able: ApprovalAbilities) -> str:
    more = [
        word for word, has in (("asked for", able.asks), ("marked", able.marks), ("asked again", able.reopens)) if has
    ]
    return f"They are read{''.join(f', {word}' for word in more)}."


async def _first_page(spec: Spec, client: CustomClient, declared: Changes, now: datetime) -> None:
    async for _rows in pages(spec, client, declared, now):
        return


async def _look(subject: str, ask: Callable[[], Awaitable[str]], next_step: str) -> Finding:
    try:
        return Finding(subject, Health.OK, await ask())
    except Refused as exc:
        return Finding(subject, Health.FAILED, exc.reason, next_step)
    except NotSent as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Check the address, and that the system answers.")
    except ConnectorError as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Try again later.")
