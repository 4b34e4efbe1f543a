"""`countersign policy`: check files, explain what would happen, simulate a change on history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table

from app.administration import existing, operator, run
from app.container import Service
from config.settings import Settings
from config.yamlfile import load_yaml
from core.access import PersonView, find_person
from core.approvals import (
    Experience,
    Outlook,
    PolicyCatalogue,
    PolicyHolders,
    PolicySet,
    Simulation,
    explain,
    holders,
    simulate,
)
from core.approvals.policy_file import read_policies
from core.approvals.simulating import Progress
from core.durations import format_duration
from core.errors import InvalidInput

SHOWN: Final = 20  # differences in a terminal; --json names them all


def check(files: Sequence[Path]) -> list[dict[str, Any]]:
    """What the files define. Raises ConfigError with every problem of the first file that has any."""
    read = [(file, policy) for file in files for policy in read_policies(load_yaml(file))]
    PolicySet(tuple(policy for _file, policy in read))  # refuses two that cover the same action
    return [
        {
            "file": str(file),
            "policy": policy.title,
            "applies_to": list(policy.applies_to),
            "stages": [stage.key for stage in policy.stages],
            "version": policy.version[:12],
        }
        for file, policy in read
    ]


def check_for(settings: Settings, tenant: str, files: Sequence[Path]) -> list[PolicyHolders]:
    """Who could decide each stage in this tenant today: of the policies in these files, or of those in force."""
    changed = PolicyCatalogue([load_yaml(file) for file in files]) if files else None

    async def read(service: Service) -> list[PolicyHolders]:
        actor = operator(await existing(service, tenant))
        return list(await holders(service.database, changed or service.catalogue, actor))

    return run(settings, read)


def holders_json(found: Sequence[PolicyHolders]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "policy": policy.title,
            "is_decidable": policy.is_decidable,
            "stages": [
                {
                    "stage": stage.key,
                    "needs": stage.needs,
                    "people": [person.email for person in stage.people],
                    "away": [person.email for person in stage.people if person.id in stage.away],
                    "named_by_request": list(stage.named_by_request),
                    "problem": stage.problem,
                    "note": stage.note,
                }
                for stage in policy.stages
            ],
        }
        for policy in found
    ]


def holders_shown(found: Sequence[PolicyHolders]) -> RenderableType:
    """The same for people."""
    return Group(*map(_holders_shown, found))


def _holders_shown(policy: PolicyHolders) -> RenderableType:
    if not policy.stages:
        return f"[bold]{escape(policy.title)}[/]: no stages, the role's permission alone decides."
    table = Table("stage", "needs", Column("who could decide it today", overflow="fold"), title=escape(policy.title))
    for stage in policy.stages:
        people = [
            f"{escape(person.email)}{' [dim]away[/]' if person.id in stage.away else ''}" for person in stage.people
        ]
        said = (
            [f"[bold red]{escape(stage.problem)}[/]"] if stage.problem else [escape(stage.note)] if stage.note else []
        )
        table.add_row(stage.key, stage.needs, "\n".join([*map(escape, stage.named_by_request), *people, *said]))
    return table


def attributes(name: str, facts: Sequence[str]) -> dict[str, str]:
    """The resource of that name with the attributes written `key=value`. Raises InvalidInput."""
    resource = {"name": name}
    for fact in facts:
        key, separator, value = fact.partition("=")
        if not separator or not key:
            raise InvalidInput(f"'{fact}' is not an attribute.", where="--set", accepted=("environment=production",))
        resource[key] = value
    return resource


def explain_to(settings: Settings, tenant: str, *, email: str, action: str, resource: Mapping[str, str]) -> Outlook:
    """What would happen now if this person asked for this."""

    async def read(service: Service) -> Outlook:
        system = operator(await existing(service, tenant))
        async with service.database.tenant(system.tenant) as tx:
            person = await find_person(tx, email)
        asking = replace(system, user=person.id, email=person.email, name=person.name)
        return await explain(service.database, service.catalogue, asking, action=action, resource=resource)

    return run(settings, read)


def simulate_on(settings: Settings, tenant: str, files: Sequence[Path], *, days: int, progress: Progress) -> Simulation:
    """What the policies of these files would have made of the requests of the last days."""
    changed = PolicyCatalogue([load_yaml(file) for file in files])

    async def replayed(service: Service) -> Simulation:
        actor = operator(await existing(service, tenant))
        since = service.clock.now() - timedelta(days=days)
        return await simulate(service.database, service.catalogue, actor, changed, since=since, progress=progress)

    return run(settings, replayed)


def outlook_json(found: Outlook) -> dict[str, Any]:
    """The outlook as data."""
    policy = found.choice.policy
    return {
        "outcome": found.outcome,
        "policy": policy.title if policy else None,
        "version": policy.version if policy else None,
        "ticket": policy.ticket.in_words() if policy and policy.ticket and _needs_ticket(found) else None,
        "assessment": found.assessment.to_json() if found.assessment else None,
        "stages": [
            {
                "stage": stage.key,
                "is_needed": stage.is_needed,
                "needs": list(stage.needs),
                "roles": list(stage.roles),
                "asked": [person.email for person in stage.asked],
                "problem": stage.problem,
            }
            for stage in found.stages
        ],
    }


def _needs_ticket(found: Outlook) -> bool:
    return found.assessment is not None and found.assessment.needs_ticket


def outlook_shown(found: Outlook) -> RenderableType:
    """The outlook for people."""
    return Group(*_outlook(found))


def _outlook(found: Outlook) -> Iterator[RenderableType]:
    policy = found.choice.policy
    for passed in found.choice.passed_over:
        yield f"[dim]'{escape(passed.name)}' does not apply: {escape(passed.condition)}[/]"
    if policy is None:
        unreadable = found.choice.unreadable
        yield f"Denied: {unreadable.error if unreadable else 'no policy applies.'}"
        return
    why = f" because {escape(found.choice.held.condition)}" if found.choice.held else ""
    yield f"[bold]{escape(policy.title)}[/] applies{why} (version {policy.version[:12]}): [bold]{found.outcome}[/]"
    if found.assessment is not None:
        risk = found.assessment.risk
        yield f"Risk {risk.level} ({risk.score}/100)"
        for factor in risk.counted:
            yield f"  +{factor.weight} {escape(factor.name)}{_because(factor.values)}"
        for judged in found.assessment.automatic:
            yield f"  {'✅' if judged.holds else '❌'} {escape(judged.name)}: {escape(judged.condition)}"
        if policy.ticket is not None:
            needed = found.assessment.needs_ticket
            yield escape(policy.ticket.in_words() if needed else "Needs no ticket in these circumstances.")
    table = Table("stage", "after", Column("asks", overflow="fold"), title="Stages")
    for stage in found.stages:
        asked = stage.problem or "\n".join(_asked(found, person) for person in stage.asked)
        table.add_row(stage.key, ", ".join(stage.needs), asked if stage.is_needed else "not needed")
    if found.stages:
        yield table


def _because(values: Mapping[str, Any]) -> str:
    """The values that decided, as they are said in chat and in the console."""
    shown = {name: ("yes" if value else "no") if isinstance(value, bool) else value for name, value in values.items()}
    return escape("".join(f" · {name} = {value}" for name, value in shown.items()))


def _asked(found: Outlook, person: PersonView) -> str:
    """Who would be asked, and what there is to know about how soon they answer."""
    known = found.experience.get(person.id, Experience())
    usually = (
        f" [dim]usually {format_duration(timedelta(seconds=max(1, round(known.median_s))))}[/]"
        if known.median_s
        else ""
    )
    waiting = f" [dim]{known.waiting_now} waiting[/]" if known.waiting_now else ""
    return f"{escape(person.email)}{usually}{waiting}{' [dim]away[/]' if person.id in found.away else ''}"


def simulation_shown(found: Simulation) -> RenderableType:
    """What would differ, the sums first."""
    table = Table("request", "was", "before", "after", title="What would differ")
    for each in found.differences[:SHOWN]:
        sides = (f"{side.outcome}: {', '.join(side.stages) or '–'}" for side in (each.before, each.after))
        table.add_row(f"{each.reference} {escape(each.resource)}", each.state, *sides)
    more = found.differing - SHOWN
    requests = f"{found.requests} {'request' if found.requests == 1 else 'requests'}"
    return Group(
        f"{requests} replayed, {found.differing} would go another way.",
        f"Outcomes before {found.outcomes_before}, after {found.outcomes_after}.",
        f"Decisions asked of people: {found.stages_before} before, {found.stages_after} after.",
        *([table] if found.differences else []),
        *([f"… and {more} more (--json names them)."] if more > 0 else []),
    )
