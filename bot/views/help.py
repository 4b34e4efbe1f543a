"""What can be typed after each command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.cards import Card, Context, Heading, Markup, Section

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


QUOTES: Final = 'A name of several words stands in quotes: `"Lee Okafor"`.'


def help_card(command: str) -> Card:
    """What can be typed after the command."""
    title, lines = _HELP[command]
    text = "\n".join(f"`{line}` – {meaning}" for line, meaning in lines)
    quotes = f" {QUOTES}" if "@person" in text else ""
    return Card(
        f"How to use {command}",
        (
            Heading(title),
            Section((Markup(text),)),
            Context((Markup(f"Numbers work without their letters: `1001`.{quotes}"),)),
        ),
    )
