"""Incidents as messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Choice,
    Confirm,
    Context,
    Fields,
    Heading,
    Instant,
    LinkButton,
    Markup,
    Menu,
    Plain,
    Quote,
    Section,
    Text,
    Tone,
    one_line,
)
from bot.plain import line_of
from bot.times import counted
from bot.views.pieces import first_line, names, spoken, ticket_lines
from core.access import PersonView
from core.incidents import EntryView, IncidentState, IncidentView, Severity, Step, corrected_start
from core.suspects import Suspect

LISTED: Final = 25
LIKELY: Final = 0.2  # the least confidence of a suspect that a message names
SHOWN: Final = 3  # alerts, suspects, follow-ups of a card
_STATES: Final = {
    IncidentState.OPEN: "🔥 Open",
    IncidentState.ACKNOWLEDGED: "🙋 Acknowledged",
    IncidentState.RESOLVED: "✅ Resolved",
    IncidentState.CLOSED: "🏁 Closed",
}
SEVERITIES: Final = {
    Severity.CRITICAL: "🔴 Critical",
    Severity.HIGH: "🟠 High",
    Severity.MEDIUM: "🟡 Medium",
    Severity.LOW: "🔵 Low",
}


def incident_card(
    incident: IncidentView,
    viewer: PersonView | None,
    *,
    now: datetime,
    console: str = "",
    suspects: Sequence[Suspect] = (),
) -> Card:
    """The living message of an incident. Without a viewer it is the channel's."""
    del viewer  # everybody sees the same: who may is said by the use case
    is_late = incident.review_due_at is not None and incident.review_due_at <= now
    blocks: list[Block] = [
        Heading(f"{incident.reference} · Incident"),
        Section((Markup(f"*{severity_of(incident)} · {state_of(incident)}* · "), one_line(incident.title))),
        Fields(tuple(_fields(incident))),
    ]
    if incident.description.strip():
        blocks.append(Quote(Plain(incident.description)))
    blocks += [*_alerts(incident), *_news(incident), *_suspects(suspects), *ticket_lines(incident.tickets)]
    blocks += [*_outcome(incident, is_late=is_late), *_follow_ups(incident)]
    blocks.append(Actions(_buttons(incident, console)))
    blocks += _ways_back(suspects)
    return Card(_summary(incident), tuple(blocks))


def incident_done(incident: IncidentView, form: str, *, role: str = "") -> Card:
    """What a form of an incident has done, for whoever sent it."""
    what: Text
    match form:
        case actions.FORM_INCIDENT_ASSIGN:
            what = (Markup("assigned to "), _named(incident.assignee), Markup("."))
        case actions.FORM_INCIDENT_ROLE:
            what = (Plain(f"{role} is "), _named(incident.roles.get(role)), Markup("."))
        case actions.FORM_INCIDENT_SEVERITY:
            what = (Markup(f"its severity is {severity_of(incident)} now."),)
        case actions.FORM_INCIDENT_UPDATE:
            what = (Markup("everybody who follows it has been told."),)
        case actions.FORM_INCIDENT_NOTE:
            what = (Markup("its timeline has it."),)
        case actions.FORM_INCIDENT_LINK:
            what = (Markup("linked."),)
        case _:
            what = (Markup(f"{state_of(incident)}."),)
    line: Text = (Markup(f"*{incident.reference}*: "), *what)
    return Card(line_of(line), (Section(line),))


def incidents_card(incidents: Sequence[IncidentView], *, title: str) -> Card:
    """The newest. One more than are listed says that there are older ones."""
    if not incidents:
        return Card("No incident.", (Section((Plain("No incident."),)),))
    shown = incidents[:LISTED]
    older = (
        (Context((Markup(f"These are the newest {LISTED}; there are older ones."),)),)
        if len(incidents) > LISTED
        else ()
    )
    hint = f"`/sla show {shown[0].reference}` shows one."
    return Card(
        counted(len(shown), "incident"),
        (Heading(title), *(Section(incident_line(each)) for each in shown), *older, Context((Markup(hint),))),
    )


def incident_line(incident: IncidentView) -> Text:
    """One line of a list."""
    affected: Text = (Markup(" · affects "), one_line(incident.affected)) if incident.affected else ()
    who: Text = (Markup(" · "), one_line(incident.assignee.name)) if incident.assignee else ()
    lead = f"*{incident.reference}* {severity_of(incident)} · {state_of(incident)} · "
    return (Markup(lead), one_line(incident.title), *affected, *who, Instant(incident.started_at, " · since "))


def timeline_card(incident: IncidentView, entries: Sequence[EntryView], *, is_cut: bool) -> Card:
    """`/sla timeline`: what happened so far; a long timeline is cut at its beginning."""
    heading = Heading(f"{incident.reference} · Timeline")
    return Card(
        f"{incident.reference}: timeline",
        (heading, Section((one_line(incident.title),)), *timeline_blocks(entries, is_cut=is_cut)),
    )


def timeline_blocks(entries: Sequence[EntryView], *, is_cut: bool = False) -> tuple[Block, ...]:
    """What happened, in the order in which it did, in the reader's own time zone."""
    older = (Context((Markup("Earlier entries are in the console."),)),) if is_cut else ()
    return (*older, *(Context(_entry(each)) for each in entries))


def state_of(incident: IncidentView) -> str:
    """Where it is, in words."""
    return _STATES[IncidentState(incident.state)]


def severity_of(incident: IncidentView) -> str:
    """How bad it is, in words."""
    return SEVERITIES[Severity(incident.severity)]


def _summary(incident: IncidentView) -> str:
    """Where it is, in one line; titles of service levels begin with the service, which is not named twice."""
    title, affected = first_line(incident.title), first_line(incident.affected)
    is_named = not affected or title.casefold().startswith(f"{affected.casefold()}:")
    about = ":" if is_named else f" affects {affected}:"
    return f"{incident.reference}{about} {title} — {state_of(incident)}"


def _named(person: PersonView | None) -> Plain | Markup:
    return one_line(person.name) if person else Markup("nobody")


def _fields(incident: IncidentView) -> Iterator[tuple[str, Text]]:
    if incident.affected:
        named = first_line(incident.affected)
        also = incident.service if incident.service and incident.service != incident.business_service else ""
        yield "Affects", (Plain(named), *((Markup(" through "), one_line(also)) if also else ()))
    yield "Began", (Instant(incident.started_at),)
    if incident.reported_at != incident.started_at:
        yield "Reported", (Instant(incident.reported_at),)
    yield "Reported by", (one_line(incident.reporter.name if incident.reporter else incident.source),)
    if incident.acknowledged_by:
        yield "Looked after by", (one_line(incident.acknowledged_by.name),)
    elif incident.paged and not incident.is_over:
        yield "Told", (names(each.name for each in incident.paged),)
    if incident.assignee:
        yield "Assigned to", (one_line(incident.assignee.name),)
    for role, person in incident.roles.items():
        yield role.capitalize(), (one_line(person.name),)
    if incident.links:
        yield "Linked", (names(each.target for each in incident.links),)
    if incident.channel:
        yield "Channel", (one_line(f"#{incident.channel}"),)
    if incident.reopened:
        yield "Opened again", (Markup(counted(incident.reopened, "time")),)


def _alerts(incident: IncidentView) -> Iterator[Block]:
    firing = [each for each in incident.alerts if each.state == "firing"]
    for each in firing[:SHOWN]:
        yield Context((Markup("🚨 "), one_line(each.title), Instant(each.started_at, " · since ")))
    if len(firing) > SHOWN:
        more = len(firing) - SHOWN
        yield Context((Markup("and 1 more alert fires" if more == 1 else f"and {more} more alerts fire"),))
    if incident.alerts and not firing and not incident.is_over:
        yield Context((Markup("✅ None of its alerts fires any more."),))


def _news(incident: IncidentView) -> Iterator[Block]:
    """The last status update."""
    told = [each for each in incident.newest if each.is_public]
    if told and not incident.is_over:
        yield Context((Markup("📣 "), one_line(told[-1].text[:500]), Instant(told[-1].at, " · ")))


def _suspects(suspects: Sequence[Suspect]) -> Iterator[Block]:
    """What may have caused it, the likeliest first."""
    for each in _likely(suspects):
        lead = f"🕵️ {each.confidence:.0%} "
        what = "" if each.title == each.reference else f" “{first_line(each.title)[:100]}”"
        yield Context((Markup(lead), Plain(f"{first_line(each.reference)}{what}: {first_line(each.sentence)[:400]}")))


def _likely(suspects: Sequence[Suspect]) -> Sequence[Suspect]:
    """Those that a message names; the console has all."""
    return [each for each in suspects if each.confidence >= LIKELY][:SHOWN]


def _ways_back(suspects: Sequence[Suspect]) -> Iterator[Block]:
    """The likeliest change that can be rolled back: by the same approval as any rollback."""
    for each in _likely(suspects):
        if each.change_id is not None:
            value = Target(id=each.change_id).encode()
            yield Actions((Button(actions.CHANGE_ROLLBACK, "Roll back the change", value, tone=Tone.DANGER),))
            return


def _outcome(incident: IncidentView, *, is_late: bool) -> Iterator[Block]:
    if incident.is_over:
        by: Text = (Markup(" by "), one_line(incident.resolved_by.name)) if incident.resolved_by else ()
        yield Context((Markup("✅ Resolved"), *by, Markup(": "), one_line(incident.resolution[:500])))
        if incident.cause:
            yield Context((Markup("🔬 Cause: "), one_line(incident.cause[:500])))
    if incident.review:
        yield Context((Markup("🔎 "), one_line(incident.review.summary[:500])))
    if incident.owes_review and incident.review_due_at:
        lead = "⏰ Its review is overdue since " if is_late else "🔎 Review due "
        yield Context((Instant(incident.review_due_at, lead),))


def _follow_ups(incident: IncidentView) -> Iterator[Block]:
    for each in incident.follow_ups[:SHOWN]:
        mark = {"open": "⬜", "done": "✅"}.get(each.state, "⏹️")
        yield Context(
            (
                Markup(f"{mark} "),
                one_line(each.title),
                Markup(" · "),
                one_line(each.owner.name),
                Instant(each.due_at, " · by "),
            )
        )
    if len(incident.follow_ups) > SHOWN:
        yield Context((Markup(f"and {len(incident.follow_ups) - SHOWN} more follow-ups"),))


def _buttons(incident: IncidentView, console: str) -> tuple[Button | LinkButton | Menu, ...]:
    """What can be done now. Who may is said by the use case: roles are not the card's to know."""
    value, steps = Target(id=incident.id).encode(), set(incident.steps)
    buttons: list[Button | LinkButton | Menu] = []
    is_new = Step.ACKNOWLEDGE in steps
    if is_new:
        buttons.append(Button(actions.INCIDENT_ACKNOWLEDGE, "Acknowledge", value, tone=Tone.PRIMARY))
    if Step.RESOLVE in steps:
        buttons += [
            Button(actions.INCIDENT_ASSIGN, "Assign", value),
            Button(actions.INCIDENT_UPDATE, "Update", value),
            Button(actions.INCIDENT_RESOLVE, "Resolve", value, tone=Tone.PLAIN if is_new else Tone.PRIMARY),
        ]
    if Step.REOPEN in steps:
        if incident.owes_review:
            buttons.append(Button(actions.INCIDENT_REVIEW, "Review", value, tone=Tone.PRIMARY))
        if _has_open_follow_ups(incident):
            buttons.append(Button(actions.INCIDENT_FOLLOW_UP_DONE, "Finish follow-up", value))
        buttons += [
            Button(actions.INCIDENT_FOLLOW_UP, "Follow-up", value),
            Button(actions.INCIDENT_REOPEN, "Reopen", value),
        ]
    if Step.RELEASE in steps:
        confirm = Confirm("Give it back?", "Nobody looks after it then, and people are told again.", "Give back")
        buttons.append(Button(actions.INCIDENT_RELEASE, "Give back", value, confirm=confirm))
    buttons.append(Button(actions.INCIDENT_TIMELINE, "Timeline", value))
    if console:
        buttons.append(LinkButton("incidents.open", "Open", f"{console}/incidents/{incident.reference}"))
    if Step.RESOLVE in steps:
        buttons.append(Menu(actions.INCIDENT_MENU, tuple(_rarer(incident, value))))
    return tuple(buttons)


def _rarer(incident: IncidentView, value: str) -> Iterator[Choice]:
    yield Choice(actions.INCIDENT_SEVERITY, "Severity", value)
    yield Choice(actions.INCIDENT_ROLE, "Roles", value)
    yield Choice(actions.INCIDENT_LINK, "Link", value)
    yield Choice(actions.INCIDENT_NOTE, "Add to the timeline", value)
    if _has_open_follow_ups(incident):
        yield Choice(actions.INCIDENT_FOLLOW_UP_DONE, "Finish a follow-up", value)
    if not incident.channel:
        yield Choice(actions.INCIDENT_CHANNEL, "A channel of its own", value)


def _has_open_follow_ups(incident: IncidentView) -> bool:
    return any(each.state == "open" for each in incident.follow_ups)


def _entry(entry: EntryView) -> Text:
    late: Text = (Instant(entry.written_at, " · written "),) if _is_late(entry) else ()
    by: Text = (Markup(" · "), one_line(entry.author.name)) if entry.author else ()
    mark = "📣 " if entry.is_public else ""
    began = entry.corrected_to
    what = one_line(entry.text[:500]) if began is None else Instant(began, _BEGAN)
    return (Instant(entry.at, mark), Markup(" · "), what, *by, *late)


def _is_late(entry: EntryView) -> bool:
    return (entry.written_at - entry.at).total_seconds() >= 60


_BEGAN: Final = "It began "
_MARKS: Final = {
    "incident.alert_fired": "🚨",
    "incident.alert_resolved": "✅",
    "incident.paged": "🔺",
    "incident.page_repeated": "⏰",
    "incident.acknowledged": "🙋",
    "incident.released": "🔥",
    "incident.assigned": "👤",
    "incident.role_given": "🎽",
    "incident.severity_changed": "🌡️",
    "incident.start_corrected": "🕐",
    "incident.updated": "📣",
    "incident.update_due": "⏰",
    "incident.noted": "📝",
    "incident.linked": "🔗",
    "incident.unlinked": "🔗",
    "incident.channel_wanted": "💬",
    "incident.resolved": "✅",
    "incident.reopened": "🔥",
    "incident.closed": "🏁",
    "incident.review_overdue": "⏰",
    "incident.reviewed": "🔎",
    "incident.follow_up_added": "📌",
    "incident.follow_up_changed": "📌",
    "incident.follow_up_due": "⏰",
    "incident.follow_up_done": "✅",
}


def incident_thread_line(event: str, data: Mapping[str, Any]) -> Card | None:
    """One line of an incident's history; None for what its message shows well enough."""
    mark = _MARKS.get(event)
    if mark is None:
        return None
    text = first_line(str(data.get("text") or spoken(event.partition(".")[2])))
    by = str(data.get("by") or "")
    who: Text = (Markup(" · "), one_line(by)) if by and by not in text else ()
    began = corrected_start(event.partition(".")[2], data)
    what = Plain(text[:1000]) if began is None else Instant(began, _BEGAN)
    line: Text = (Markup(f"{mark} "), what, *who)
    return Card(line_of(line), (Section(line),))
