"""Private answers: help, errors, confirmations; and the lines of a request's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from bot import actions
from bot.cards import (
    Actions,
    Block,
    Card,
    Context,
    Heading,
    LinkButton,
    Markup,
    Passage,
    Plain,
    Quote,
    Section,
    Strong,
    Text,
    one_line,
)
from bot.plain import line_of
from bot.times import counted
from bot.views.budgets import budget_thread_line
from bot.views.changes import change_thread_line
from bot.views.incidents import incident_thread_line
from bot.views.pieces import action_on, spoken
from bot.views.pieces import names as first_of
from bot.views.tickets import told_of_ticket
from core.approvals import Nudged
from core.errors import CountersignError, ErrorKind
from core.roles.hierarchy import ROLES
from core.roles.hierarchy import title as role_title
from core.signin import StepUpRequired

_HELP: Final[Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "/approve": (
        "Approvals",
        (
            ("/approve", "ask for approval"),
            ("/approve create support-bot", "the same, with the agent's name filled in"),
            ("/approve list", "what waits for you"),
            ("/approve mine", "what you have asked for"),
            ("/approve drafts", "what you have written and not asked yet"),
            ("/approve show REQ-1001", "everything about one request"),
            ("/approve why REQ-1001", "its risk, and why it needs these approvals or none"),
            ("/approve yes REQ-1001 reason", "approve"),
            ("/approve no REQ-1001 reason", "reject"),
            ("/approve undo REQ-1001", "take back a vote that you cast a moment ago"),
            ("/approve many", "approve many similar requests of low risk at once"),
            ("/approve ask REQ-1001 question", "ask the requester; the clock stops until they answer"),
            ("/approve answer REQ-1001 text", "answer a question about your request"),
            ("/approve comment REQ-1001 text", "say something about a request"),
            ("/approve delegate REQ-1001 @person", "let somebody else decide in your place"),
            ("/approve change REQ-1001", "change what your request asks for"),
            ("/approve away @person 2026-12-20 to 2027-01-03 reason", "let somebody decide for you while you are away"),
            ("/approve away for @boss @person until 2027-01-03", "the same for somebody else, as an administrator"),
            ("/approve away", "who is away, and who decides for them"),
            ("/approve back", "you are here again"),
            ("/approve digest 08:30", "when your morning digest comes; `off` and `on` work too"),
            ("/approve notifications", "where and when you are told"),
            ("/approve nudge REQ-1001", "remind those who have not decided your request; once an hour"),
            ("/approve withdraw REQ-1001", "take your request back"),
            ("/approve reopen REQ-1001 reason", "ask again for what was rejected, withdrawn or has expired"),
            ("/approve find words", "search"),
            ("/approve link", "show that this chat account is yours: you sign in to us, and get a code for it"),
        ),
    ),
    "/bypass": (
        "Emergency bypass",
        (
            ("/bypass", "skip approval, now, for a limited time"),
            ("/bypass status", "what is active, what must be reviewed"),
            ("/bypass show BYP-1001", "everything about one bypass"),
            ("/bypass end BYP-1001", "end it before its time"),
            ("/bypass extend BYP-1001", "ask for more time"),
            ("/bypass confirm BYP-1001", "senior management: give the time that was asked for"),
            ("/bypass decline BYP-1001", "senior management: do not give it"),
            ("/bypass ack BYP-1001", "senior management: I know of it"),
            ("/bypass review BYP-1001", "review it afterwards"),
        ),
    ),
    "/change": (
        "Changes",
        (
            ("/change", "draft one, in a form"),
            ("/change list", "what is not over yet"),
            ("/change mine", "what you have raised"),
            ("/change agenda", "what the next meeting speaks about"),
            ("/change find words", "search"),
            ("/change show CHG-1001", "its whole life in one place"),
            ("/change evidence CHG-1001", "show tests, the way back, that people were told"),
            ("/change submit CHG-1001", "assess it, and ask those who decide"),
            ("/change schedule CHG-1001", "when it is done"),
            ("/change start CHG-1001", "implement it, in its time"),
            ("/change rollout CHG-1001", "the agent platform implements it, and it is watched"),
            ("/change done CHG-1001", "it is done, and how the validation went"),
            ("/change rollback CHG-1001 reason", "undo it, or ask to"),
            ("/change recovery CHG-1001", "after a rollback: does everything work again?"),
            ("/change ack CHG-1001", "you look after its alarm"),
            ("/change review CHG-1001", "review it afterwards"),
            ("/change cancel CHG-1001 reason", "it will not be done"),
        ),
    ),
    "/sla": (
        "Service levels and incidents with /sla",
        (
            ("/sla services", "how every service does"),
            ("/sla show payments", "one service: figures, promises, pictures"),
            ("/sla budget payments", "what is left of its error budgets, and when it is gone"),
            ("/sla reports", "service credits, and the reports"),
            ("/sla incidents", "what is wrong now"),
            ("/sla mine", "what is assigned to you"),
            ("/sla find words", "search"),
            ("/sla new", "report an incident, in a form"),
            ("/sla show INC-1001", "everything about it"),
            ("/sla timeline INC-1001", "what happened, in order"),
            ("/sla ack INC-1001", "you look after it"),
            ("/sla release INC-1001", "you do not any more"),
            ("/sla assign INC-1001 @person", "somebody works on it"),
            ("/sla role INC-1001", "who commands, speaks for it, writes it down"),
            ("/sla severity INC-1001", "how bad it is"),
            ("/sla update INC-1001 text", "tell everybody how it stands"),
            ("/sla note INC-1001 text", "add to its timeline"),
            ("/sla link INC-1001 CHG-1002", "what it has to do with"),
            ("/sla channel INC-1001", "a channel of its own"),
            ("/sla resolve INC-1001 what ended it", "it is over"),
            ("/sla reopen INC-1001 reason", "it is not over"),
            ("/sla review INC-1001", "what was learnt"),
            ("/sla followup INC-1001", "what must be done"),
        ),
    ),
    "/budget": (
        "Budgets",
        (
            ("/budget", "how every budget stands"),
            ("/budget mine", "those that you own"),
            ("/budget find words", "search"),
            ("/budget show BUD-1001", "one budget, what it does, its past periods"),
            ("/budget forecast BUD-1001", "where it leads if it goes on like this"),
            ("/budget raise BUD-1001", "ask for a higher limit, in a form"),
            ("/budget ack BUD-1001", "you look after its alerts"),
            ("/budget throttle BUD-1001 6", "let so many governed actions an hour through"),
            ("/budget lift BUD-1001", "full speed again"),
            ("/budget reset BUD-1001 reason", "count from nothing again; the ledger stays"),
        ),
    ),
}
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
_LEADS: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.INVALID: "✏️",
    ErrorKind.UNAUTHENTICATED: "🔑",
    ErrorKind.FORBIDDEN: "🚫",
    ErrorKind.NOT_FOUND: "🔎",
    ErrorKind.CONFLICT: "⚠️",
    ErrorKind.LIMITED: "⏳",
    ErrorKind.UNAVAILABLE: "🔌",
}
_THREAD_LINES: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Card | None]]] = {
    "budget": budget_thread_line,
    "change": change_thread_line,
    "incident": incident_thread_line,
}


def help_card(command: str) -> Card:
    """What can be typed after the command."""
    title, lines = _HELP[command]
    text = "\n".join(f"`{line}` – {meaning}" for line, meaning in lines)
    return Card(
        f"How to use {command}",
        (
            Heading(title),
            Section((Markup(text),)),
            Context((Markup("Numbers work without their letters: `1001`."),)),
        ),
    )


def error_card(error: CountersignError) -> Card:
    """What is wrong, what would be accepted, what to do next. Seen by the asker alone."""
    if isinstance(error, StepUpRequired):
        return _step_up_card(error)
    text: Text = (Markup(f"{_LEADS[error.kind]} "), Plain(error.message))
    blocks: list[Block] = [Section(text)]
    more = _more(error)
    if more:
        blocks.append(Context((Plain(more),)))
    return Card(sentence_of(error), tuple(blocks))


def _step_up_card(error: StepUpRequired) -> Card:
    """Where the person confirms what they have just decided, or gets what they need for it."""
    label = "Confirm it's you" if "/step-up/" in error.link else "Set up a second factor"
    button = LinkButton(actions.STEP_UP, label, error.link)
    return Card(f"{error.message} {error.link}", (Section((Markup("🔐 "), Plain(error.message))), Actions((button,))))


def lost_card(error: CountersignError, words: str) -> Card:
    """The error of a form that is closed already, with what had been written into it."""
    card = error_card(error)
    lost: tuple[Block, ...] = (Context((Markup("You had written:"),)), Passage(Plain(words))) if words else ()
    return Card(card.summary, (*card.blocks, *lost))


def sentence_of(error: CountersignError) -> str:
    """The error as one line, in words that people use."""
    return f"{error.message} {_more(error)}".strip()


def _more(error: CountersignError) -> str:
    words = ", ".join(_accepted(error))
    lead = "Open to" if error.where == "role" else "Accepted"
    return " ".join(filter(None, (f"{lead}: {words}." if words else "", error.next_step)))


def _accepted(error: CountersignError) -> Iterator[str]:
    for key in () if error.names_accepted else error.accepted:
        if key in ROLES:
            yield role_title(key)
        else:
            yield spoken(key) if error.where == "stage" else key


def said(words: str, further: Text = ()) -> Card:
    """One sentence, which begins with words of ours."""
    line: Text = (Markup(words), *further)
    return Card(line_of(line), (Section(line),))


def nudged_card(done: Nudged) -> Card:
    """Whom the requester has reminded."""
    reference = done.request.reference
    line: Text = (
        Markup(f"👋 Reminded of *{reference}*: "),
        first_of(person.name for person in done.people),
        Markup("."),
    )
    return Card(line_of(line), (Section(line),))


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
            line = (Markup("🚫 "), *why, one_line(str(data.get("why", ""))))
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
