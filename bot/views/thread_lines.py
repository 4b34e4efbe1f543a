"""The lines of a subject's thread, one for each event that its message does not show well enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.cards import Card, Context, Markup, Plain, Quote, Section, Strong, Text, one_line
from bot.plain import line_of
from bot.times import counted
from bot.views.budgets import budget_thread_line
from bot.views.changes import change_thread_line
from bot.views.incidents import incident_thread_line
from bot.views.pieces import action_on, spoken
from bot.views.pieces import names as first_of
from bot.views.tickets import told_of_ticket

_ASKING: Final = {  # before and after the stage, followed by who is asked
    "request.stage_opened": ("▶️ ", " is open: "),
    "request.reminded": ("⏰ Reminder for ", ": "),
    "request.escalated": ("🔺 ", " is overdue; asked as well: "),
    "request.asked_also": ("▶️ ", " asks as well: "),
}
_REMINDERS: Final = {
    "bypass.unacknowledged": "⏰ Nobody of senior management has acknowledged this yet.",
    "bypass.escalated": "🔺 Nobody has answered: the next level of management is told.",
    "bypass.review_reminded": "⏰ This still has to be reviewed.",
}
_THREAD_LINES: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Card | None]]] = {
    "budget": budget_thread_line,
    "change": change_thread_line,
    "incident": incident_thread_line,
}


def thread_line(event: str, data: Mapping[str, Any], names: Mapping[str, str], *, about: str = "") -> Card | None:
    """One line of a subject's history; None for events that the message itself shows well enough.

    `names` maps people's ids and e-mail addresses to their names. `about` is the subject's reference, where the line
    cannot stand under the subject's message.
    """
    of_its_own = _THREAD_LINES.get(event.partition(".")[0])
    line = of_its_own(event, data) if of_its_own else _line(event, data, names)
    if line is None or not about:
        return line
    further: Text = (Markup("About "), Strong(about))
    return Card(f"{about}: {line.summary}", (*line.blocks, Context(further)))


def _line(event: str, data: Mapping[str, Any], names: Mapping[str, str]) -> Card | None:
    if event.startswith("bypass."):
        return _bypass_line(event, data, names)
    if event.startswith("request.ticket_"):
        return _ticket_line(event, data)

    def name(key: str) -> Plain:
        return one_line(names.get(str(data.get(key, "")), "somebody"))

    def people() -> Plain:
        return first_of(sorted(names.get(str(person), "somebody") for person in data.get("people") or ()))

    stage = Strong(str(data.get("stage", "")).replace("_", " ").capitalize())
    because = str(data.get("reason") or data.get("note") or "")
    reason: Text = (Markup(": "), one_line(f"“{because}”")) if because else ()
    line: Text
    match event:
        case "request.voted":
            verb = "✅ approved" if data.get("decision") == "approve" else "❌ rejected"
            line = (name("voter"), *_for_whom(data, names), Markup(f" {verb} "), stage, *reason)
        case "request.vote_undone":
            line = (Markup("↩️ "), name("voter"), Markup(" took back their vote on "), stage)
        case "request.paused" | "request.resumed":
            line = (*_time(event, stage), *reason)
        case "request.stage_opened" | "request.reminded" | "request.escalated" | "request.asked_also":
            before, after = _ASKING[event]
            line = (Markup(before), stage, Markup(after), people())
        case "request.nudged":
            line = (Markup("👋 "), _by(data, names), Markup(" asks you to look at this: "), people())
        case "request.out_of_reach":
            line = _out_of_reach(data)
        case "request.delegated" | "request.stand_in_asked" | "request.stand_in_ended" | "request.absent_asked":
            line = (*_seating(event, name("from"), name("to"), stage), *reason)
        case "request.amended":
            fields = ", ".join(str(field).replace("_", " ") for field in data.get("changed", {}))
            voided = int(data.get("voided", 0))
            again: Text = (Markup(f"; {counted(voided, 'vote')} no longer {'counts' if voided == 1 else 'count'}"),)
            line = (Markup("✏️ Changed: "), one_line(fields), *(again if voided else ()), *reason)
        case "request.commented":
            mark = {"question": "❓", "answer": "💡"}.get(str(data.get("kind")), "💬")
            return _comment_line((Markup(f"{mark} "), name("author")), str(data.get("text", "")))
        case "request.approved" | "request.rejected" | "request.withdrawn" | "request.expired":
            why = () if data.get("voter") else reason  # a voter's own line has told it
            line = (Markup(f"*{event.partition('.')[2].capitalize()}*"), *(why or (Markup("."),)))
        case "request.used" | "request.outcome":
            line = _at_the_gate(event, data, names)
        case _:
            return None
    return Card(line_of(line), (Section(line),))


def _at_the_gate(event: str, data: Mapping[str, Any], names: Mapping[str, str]) -> Text:
    """What the agent platform did with the approval."""
    if event == "request.used":
        return (Markup("🚀 Used at the gate by "), _by(data, names))
    return (Markup("🏁 The platform reports: "), Strong(str(data.get("status", "nothing"))))


def _ticket_line(event: str, data: Mapping[str, Any]) -> Card | None:
    """What happened to the ticket in its own system."""
    line: Text
    match event:
        case "request.ticket_noted":
            return _comment_line((Markup("🎫 "), *_on_ticket(data, "author")), str(data.get("text", "")))
        case "request.ticket_field":
            return _field_line(data)
        case "request.ticket_vote_uncounted":
            verb = "rejected" if data.get("decision") == "reject" else "approved"
            why = (*_on_ticket(data, "by"), Markup(f" has {verb} there, which does not count: "))
            said: Text = (Markup(" They wrote: "), one_line(f"“{data['said']}”")) if data.get("said") else ()
            line = (Markup("🚫 "), *why, one_line(str(data.get("why", ""))), *said)
            return Card(line_of(line), (Section(line),))
        case "request.ticket_closed":
            asks = " has closed it with nothing decided here. What was meant? Approve, reject, or withdraw the request."
            line = (Markup("⚠️ "), *_on_ticket(data, "by"), Markup(asks))
            return Card(line_of(line), (Section(line),))
        case "request.ticket_ended":
            says = " has ended it there, and nothing is reported done here."
            line = (Markup("⚠️ "), *_on_ticket(data, "by"), Markup(says))
            return Card(line_of(line), (Section(line),))
        case _:
            return told_of_ticket(event, data)


def _field_line(data: Mapping[str, Any]) -> Card:
    """A field that differs from its ticket's: what somebody wrote there, and whose value stands."""
    stands = {
        "ours": " Ours stands and is put back there.",
        "theirs": " Theirs stands, here too.",
    }.get(str(data.get("kept")), " Both stand as they are: somebody has to agree on one.")
    field_, there, why = (one_line(str(data.get(key, ""))) for key in ("field", "there", "text"))
    line: Text = (
        *(Markup("🎫 "), *_on_ticket(data, "by"), Markup(" has changed ")),
        *(Strong(field_.text), Markup(" to "), there, Markup(". "), why, Markup(stands)),
    )
    return Card(line_of(line), (Section(line),))


def _on_ticket(data: Mapping[str, Any], who: str) -> Text:
    """A name of another system, with its ticket: "CHG0030005, david.loo in ServiceNow"."""
    ticket, name, system = (one_line(str(data.get(key, ""))) for key in ("ticket", who, "system"))
    return (Strong(ticket.text), Markup(": "), name, Markup(" in "), system)


def _out_of_reach(data: Mapping[str, Any]) -> Text:
    stages = ", ".join(spoken(str(stage)) for stage in data.get("stages", ()))
    why = " will find nobody left to decide: nobody decides two stages. Grant its role to somebody else meanwhile."
    return (Markup("⚠️ "), Strong(stages), Markup(why))


def _time(event: str, stage: Strong) -> Text:
    if event == "request.paused":
        return (Markup("⏸️ The time of "), stage, Markup(" stands still until the question is answered"))
    return (Markup("▶️ The time of "), stage, Markup(" goes on"))


def _bypass_line(event: str, data: Mapping[str, Any], names: Mapping[str, str]) -> Card | None:
    by = _by(data, names)
    line: Text
    match event:
        case "bypass.used":
            did = action_on(str(data.get("action", "")), str(data.get("resource", "")))
            line = (Markup("🚀 Used by "), by, Markup(": "), Strong(did))
        case "bypass.unacknowledged" | "bypass.escalated" | "bypass.review_reminded":
            line = (Markup(_REMINDERS[event]),)
        case "bypass.extension_asked" | "bypass.extended" | "bypass.extension_declined":
            line = _extension_line(event, data, by)
        case "bypass.remediation_due" | "bypass.remediation_closed":
            line = _remediation_line(event, data, names)
        case "bypass.ended" | "bypass.expired" | "bypass.review_overdue" | "bypass.reviewed" | "bypass.acknowledged":
            done = Markup(f"*{event.partition('.')[2].replace('_', ' ').capitalize()}*")
            line = (done, Markup(" by "), by) if data.get("by") else (done, Markup("."))
        case _:
            return None
    return Card(line_of(line), (Section(line),))


def _extension_line(event: str, data: Mapping[str, Any], by: Plain) -> Text:
    minutes = f"{int(data.get('extra_s') or 0) // 60} minutes"
    match event:
        case "bypass.extension_asked":
            return (Markup("⏱️ "), by, Markup(f" asks for {minutes} more: "), one_line(str(data.get("reason", ""))))
        case "bypass.extended":
            return (Markup("⏱️ "), by, Markup(f" gave {minutes} more"))
        case _:
            return (Markup("⏱️ "), by, Markup(" gave no more time"))


def _remediation_line(event: str, data: Mapping[str, Any], names: Mapping[str, str]) -> Text:
    what = one_line(str(data.get("remediation", "")))
    if event == "bypass.remediation_due":
        return (Markup("⏰ Due now, "), one_line(names.get(str(data.get("owner", "")), "somebody")), Markup(": "), what)
    return (Markup("🔧 "), Strong(str(data.get("state", "done")).capitalize()), Markup(": "), what)


def _by(data: Mapping[str, Any], names: Mapping[str, str]) -> Plain:
    """Who did it: an event says a name or an address."""
    who = str(data.get("by") or "somebody")
    return one_line(names.get(who, who))


def _for_whom(data: Mapping[str, Any], names: Mapping[str, str]) -> Text:
    """In whose place somebody voted, if not their own."""
    if not data.get("on_behalf_of"):
        return ()
    return (Markup(" for "), one_line(names.get(str(data["on_behalf_of"]), "somebody")))


def _seating(event: str, before: Plain, after: Plain, stage: Strong) -> Text:
    """Who decides a stage from now on, as somebody gave their place away, has gone or come back."""
    match event:
        case "request.delegated":
            return (before, Markup(" gave their place on "), stage, Markup(" to "), after)
        case "request.stand_in_asked":
            return (Markup("🌴 "), before, Markup(" is away; "), after, Markup(" decides "), stage)
        case "request.stand_in_ended":
            return (after, Markup(" decides "), stage, Markup(" again, instead of "), before)
        case _:
            return (Markup("🌴 "), after, Markup(" is away, and nobody who stands in may decide "), stage)


def _comment_line(who: Text, words: str) -> Card:
    """Who said it and what; several lines are set off, as one of them could imitate a line of ours."""
    line: Text = (*who, Markup(": "), one_line(words))
    if len(words.splitlines()) > 1:
        return Card(line_of(line), (Section((*who, Markup(":"))), Quote(Plain(words))))
    return Card(line_of(line), (Section(line),))
