"""Service levels as messages (S7, D21)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot.cards import Block, Card, Context, Fields, Heading, Link, Markup, Picture, Section, Text, one_line
from bot.times import counted
from bot.views.pieces import spoken
from core.sla import (
    CreditView,
    Judged,
    Metric,
    ServiceView,
    Standing,
    StatusView,
    credit_words,
    service_address,
    value_words,
    worst_first,
)

LISTED: Final = 20
_NOTHING: Final = "–"
_MARKS: Final = {
    Standing.MET: "🟢",
    Standing.AT_RISK: "🟡",
    Standing.BREACHED: "🔴",
    Standing.NO_DATA: "⚪",
}
_STANDS: Final = {
    Standing.MET: "met",
    Standing.AT_RISK: "at risk",
    Standing.BREACHED: "not kept",
    Standing.NO_DATA: "no data",
}


def services_card(services: Sequence[ServiceView], *, console: str = "") -> Card:
    """A line for each service, the worst first; where there are too many, it says how many others there are."""
    if not services:
        words: Text = (Markup("No service was sampled yet."),)
        return Card("No service was sampled yet.", (Section(words),))
    blocks: list[Block] = [Heading("Service levels")]
    blocks += [Section(_line(each)) for each in worst_first(services)[:LISTED]]
    if len(services) > LISTED:
        blocks.append(
            Context(
                (Markup(f"These are the {LISTED} that need a look first, of {counted(len(services), 'service')}."),)
            )
        )
    blocks.append(Context((Markup("`/sla show` and a service's name shows one."), *_link(console, "", before=" · "))))
    return Card(counted(len(services), "service"), tuple(blocks))


def service_card(status: StatusView, *, pictures: Sequence[Picture] = (), console: str = "") -> Card:
    """How one service does over the last day, each of its promises, and pictures where they can be shown."""
    standing = Standing(status.standing)
    blocks: list[Block] = [
        Heading("Service level"),
        Section((Markup(f"{_MARKS[standing]} "), one_line(status.service), Markup(f" · *{_STANDS[standing]}*"))),
        Section((one_line(status.words),)),
        Fields(tuple(_figures(status))),
    ]
    blocks += [Context(_promise(each)) for each in status.objectives if each.objective.pages or each.budget][:LISTED]
    blocks += pictures
    blocks += [Context(each) for each in (_link(console, service_address(status.service)),) if each]
    return Card(f"{status.service[:120]}: {_STANDS[standing]}", tuple(blocks))


def error_budget_card(status: StatusView, *, pictures: Sequence[Picture] = (), console: str = "") -> Card:
    """What is left of the error budgets of one service, and when it is gone."""
    blocks: list[Block] = [Heading("Error budgets"), Section((one_line(status.service),))]
    counted_ = [each for each in status.objectives if each.budget is not None]
    blocks += [Section(_promise(each)) for each in counted_[:LISTED]]
    if not counted_:
        blocks.append(Section((Markup("Nothing is counted yet."),)))
    blocks += pictures
    blocks += [Context(each) for each in (_link(console, service_address(status.service)),) if each]
    return Card(f"Error budgets of {status.service[:120]}", tuple(blocks))


def credits_card(credits_: Sequence[CreditView], *, console: str = "") -> Card:
    """What is credited for the last whole period, and where the reports are."""
    blocks: list[Block] = [Heading("Service credits and reports")]
    for each in credits_[:LISTED]:
        known = each.availability
        measured = "not measured" if known is None else f"{value_words(Metric.AVAILABILITY, known)} available"
        given = f"{credit_words(each.credit)} credit" if each.credit else "no credit"
        amount = f" ({each.amount} {each.currency})" if each.credit and each.amount is not None else ""
        blocks.append(Section((one_line(each.service), Markup(f" · {measured} · {given}{amount}"))))
    if not credits_:
        blocks.append(Section((Markup("No service has terms of credits and samples."),)))
    link = (Link("Reports to read, and as PDF and CSV", f"{console}/sla/reports"),) if console else ()
    blocks += [Context(each) for each in (link,) if each]
    return Card("Service credits and reports", tuple(blocks))


def _line(view: ServiceView) -> Text:
    standing = Standing(view.standing)
    alerts = f" · {counted(view.alerts, 'alert')}" if view.alerts else ""
    return (
        Markup(f"{_MARKS[standing]} "),
        one_line(view.service),
        Markup(f" · {_STANDS[standing]}{alerts} · "),
        one_line(view.words[:300]),
    )


def _figures(status: StatusView) -> Iterator[tuple[str, Text]]:
    for name, metric, value in (
        ("Availability", Metric.AVAILABILITY, status.availability),
        ("95th percentile", Metric.RESPONSE_TIME, status.response_time_p95),
        ("Error rate", Metric.ERROR_RATE, status.error_rate),
        ("Throughput", Metric.THROUGHPUT, status.throughput_per_minute),
    ):
        yield name, (Markup(_NOTHING if value is None else value_words(metric, value)),)


def _promise(judged: Judged) -> Text:
    mark = _MARKS[judged.standing]
    return (Markup(f"{mark} *{spoken(judged.objective.metric)}* "), one_line(judged.words[:600]))


def _link(console: str, address: str, *, before: str = "") -> Text:
    if not console:
        return ()
    return (*((Markup(before),) if before else ()), Link("In the console", f"{console}{address or '/sla'}"))
