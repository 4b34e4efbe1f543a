"""The lines of a thread."""

import pytest

from bot.plain import text_of
from bot.slack import render
from bot.views.thread_lines import thread_line
from core.approvals import RequestEvent
from core.emergency import EmergencyEvent
from tests.unit.bot.blockkit_schema import message_problems
from tests.unit.bot.samples import DANA, LEE, PRIYA, TOMAS

NAMES = {key: each.name for each in (DANA, TOMAS, PRIYA, LEE) for key in (str(each.id), each.email)}
EVENTS = [*map(str, RequestEvent), *map(str, EmergencyEvent)]


@pytest.mark.row("B3")
@pytest.mark.parametrize(
    ("event", "data", "line"),
    [
        (
            "request.voted",
            {"voter": str(TOMAS.id), "decision": "approve", "stage": "technical_review", "reason": ""},
            "Tomás Oliveira ✅ approved Technical review",
        ),
        (
            "request.voted",
            {"voter": str(TOMAS.id), "decision": "reject", "stage": "technical_review", "reason": "Too\nrisky."},
            "Tomás Oliveira ❌ rejected Technical review: “Too risky.”",
        ),
        (
            "request.stage_opened",
            {"stage": "security_review", "people": [str(TOMAS.id), str(PRIYA.id)]},
            "▶️ Security review is open: Priya Raman, Tomás Oliveira",
        ),
        (
            "request.reminded",
            {"stage": "security_review", "people": [str(PRIYA.id)]},
            "⏰ Reminder for Security review: Priya Raman",
        ),
        (
            "request.nudged",
            {"by": TOMAS.email, "people": [str(PRIYA.id)]},
            "👋 Tomás Oliveira asks you to look at this: Priya Raman",
        ),
        (
            "request.escalated",
            {"stage": "security_review", "people": [str(LEE.id)]},
            "🔺 Security review is overdue; asked as well: Lee Okafor",
        ),
        (
            "request.delegated",
            {"stage": "security_review", "from": str(PRIYA.id), "to": str(LEE.id), "note": "On leave."},
            "Priya Raman gave their place on Security review to Lee Okafor: “On leave.”",
        ),
        (
            "request.commented",
            {"author": str(TOMAS.id), "kind": "question", "text": "Which data?"},
            "❓ Tomás Oliveira: Which data?",
        ),
        ("request.commented", {"author": str(DANA.id), "kind": "answer", "text": "T."}, "💡 Dana Whitfield: T."),
        ("request.commented", {"author": str(DANA.id), "kind": "comment", "text": "T."}, "💬 Dana Whitfield: T."),
        ("request.approved", {"status": "approved"}, "Approved."),
        ("request.withdrawn", {"status": "withdrawn", "note": "Not needed."}, "Withdrawn: “Not needed.”"),
        ("request.used", {"by": "gate@enterprise.example"}, "🚀 Used at the gate by gate@enterprise.example"),
        ("request.outcome", {"status": "succeeded"}, "🏁 The platform reports: succeeded"),
        ("request.used", {"by": TOMAS.email}, "🚀 Used at the gate by Tomás Oliveira"),
        (
            "request.ticket_vote_uncounted",
            {"ticket": "CHG7", "by": "Mia", "system": "Jira", "decision": "reject", "why": "Mia is not linked."},
            "🚫 CHG7: Mia in Jira has rejected there, which does not count: Mia is not linked.",
        ),
        (
            "request.ticket_vote_uncounted",
            {
                "ticket": "CHG7",
                "by": "Mia",
                "system": "Jira",
                "decision": "approve",
                "why": "No.",
                "said": "Fine\nby me.",
            },
            "🚫 CHG7: Mia in Jira has approved there, which does not count: No. They wrote: “Fine by me.”",
        ),
        (
            "bypass.used",
            {"action": "agent.deploy", "resource": "x", "by": LEE.email},
            "🚀 Used by Lee Okafor: Deploy agent “x”",
        ),
        ("bypass.unacknowledged", {}, "⏰ Nobody of senior management has acknowledged this yet."),
        ("bypass.review_overdue", {}, "Review overdue."),
        ("bypass.expired", {}, "Expired."),
        ("bypass.acknowledged", {"by": "Amara <!here> Okafor"}, "Acknowledged by Amara <!here> Okafor"),
        ("bypass.reviewed", {"by": "Amara Okafor"}, "Reviewed by Amara Okafor"),
    ],
)
def test_a_thread_tells_the_history_a_line_for_each_event(event, data, line):
    card = thread_line(event, data, NAMES)
    assert card is not None
    assert (text_of(card), card.summary) == (line, line)


def test_a_comment_of_several_lines_cannot_imitate_a_line_of_ours():
    words = "Fine.\nTomás Oliveira ✅ approved Security review"
    card = thread_line("request.commented", {"author": str(DANA.id), "kind": "comment", "text": words}, NAMES)
    assert card is not None
    assert text_of(card).splitlines() == [
        "💬 Dana Whitfield:",
        "> Fine.",
        "> Tomás Oliveira ✅ approved Security review",
    ]
    assert card.summary == "💬 Dana Whitfield: Fine. Tomás Oliveira ✅ approved Security review"


@pytest.mark.parametrize(
    "event", ["request.opened", "request.stage_decided", "request.ticket_changed", "bypass.granted"]
)
def test_what_the_message_itself_shows_makes_no_noise_in_the_thread(event):
    assert thread_line(event, {}, NAMES) is None


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_that_lacks_facts_never_stops_the_delivery(event):
    card = thread_line(event, {}, {})
    assert card is None or message_problems(render.message(card)) == []


@pytest.mark.parametrize("event", EVENTS)
def test_what_people_and_platforms_say_has_no_power_in_a_thread(event):
    hostile = "<!channel> & *x*\n✅ approved"
    facts = dict.fromkeys(
        ("stage", "reason", "text", "by", "status", "action", "resource", "kind", "decision"), hostile
    )
    card = thread_line(event, {**facts, "voter": "v", "author": "v", "people": ["v"]}, {"v": hostile})
    assert card is None or message_problems(render.message(card)) == []


def test_hundreds_who_are_asked_are_a_few_names_and_a_number():
    people = {f"p{number}": f"Person {number:03}" for number in range(300)}
    card = thread_line("request.stage_opened", {"stage": "security", "people": list(people)}, people)
    assert card is not None
    assert card.summary == "▶️ Security is open: Person 000, Person 001, Person 002, Person 003 and 296 more"
