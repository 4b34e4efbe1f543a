"""The ticket that a request must name, in its message and its thread (X6)."""

import pytest

from bot.plain import text_of
from bot.views.approvals import details_card, request_card
from bot.views.lists import mine_card
from bot.views.thread_lines import thread_line
from core.named_tickets import Standing
from tests.unit.bot.samples import DANA, NOW, TOMAS, listed, named_ticket, request, waiting_for_ticket
from tests.unit.bot.views.test_approvals import buttons_of

pytestmark = pytest.mark.row("X6")
REASON = "CHG0030001 is cancelled; it must be: approved."
AGAIN = "It can be used once its ticket stands again, or whoever asked names another."


def labels(shown, viewer):
    return [button.label for button in buttons_of(request_card(shown, viewer, now=NOW))]


@pytest.mark.parametrize(
    ("standing", "viewer", "offered"),
    [
        (Standing.MISSING, DANA, ["Name a ticket", "Change", "Withdraw", "Details"]),
        (Standing.ASKED, DANA, ["Name another ticket", "Change", "Withdraw", "Details"]),
        (Standing.REFUSED, DANA, ["Name another ticket", "Change", "Withdraw", "Details"]),
        (Standing.MISSING, None, ["Name a ticket", "Details"]),
        (Standing.MISSING, TOMAS, ["Details"]),
    ],
)
def test_while_it_waits_its_requester_is_offered_to_name_a_ticket_and_nobody_to_vote(standing, viewer, offered):
    assert labels(waiting_for_ticket(standing), viewer) == offered


def test_once_the_ticket_stands_people_vote_and_the_ticket_is_a_line():
    shown = request(ticket=named_ticket(Standing.HOLDS, accepted_at=NOW))
    assert labels(shown, TOMAS) == ["Approve", "Reject", "Ask", "Delegate", "Details"]
    assert labels(shown, DANA) == ["Change", "Withdraw", "Details"]
    assert "CHG0030001 (https://itsm.example/CHG0030001) in ServiceNow · Scheduled" in text_of(
        request_card(shown, TOMAS, now=NOW)
    )


@pytest.mark.parametrize("status", ["pending", "approved"])
def test_what_is_wrong_with_the_ticket_is_said_in_full(status):
    ticket = named_ticket(Standing.REFUSED, reasons=(REASON,), accepted_at=NOW)
    shown = request(status=status, decided_at=NOW if status == "approved" else None, ticket=ticket)
    text = text_of(request_card(shown, DANA, now=NOW))
    assert REASON in text
    assert (AGAIN in text) == (status == "approved")
    assert "Name another ticket" in labels(shown, DANA)


def test_an_approval_whose_ticket_fell_is_called_suspended_wherever_it_is_shown():
    ticket = named_ticket(Standing.REFUSED, reasons=(REASON,), accepted_at=NOW)
    shown = request(status="approved", decided_at=NOW, ticket=ticket)
    card, details = request_card(shown, DANA, now=NOW), details_card(shown, DANA, now=NOW)
    mine = mine_card(listed([shown]), now=NOW)
    for one in (card, details):
        assert one.summary.endswith("— ⏸️ Suspended")
        assert "⏸️ Suspended · approved" in text_of(one)
    assert "⏸️ suspended" in text_of(mine)
    assert [button.label for button in buttons_of(details)] == ["Name another ticket"]
    assert buttons_of(details_card(shown, TOMAS, now=NOW)) == []  # only whoever asked can help


@pytest.mark.parametrize("more", [{"used": True}, {"status": "expired"}, {"ticket": named_ticket(Standing.HOLDS)}])
def test_what_was_used_is_over_or_rests_on_a_ticket_that_stands_is_not_suspended(more):
    ticket = named_ticket(Standing.REFUSED, reasons=(REASON,), accepted_at=NOW)
    shown = request(**{"status": "approved", "decided_at": NOW, "ticket": ticket, **more})
    assert (shown.suspension, shown.needs_a_ticket_named) == ("", False)
    assert "Suspended" not in text_of(request_card(shown, DANA, now=NOW))


@pytest.mark.parametrize(
    ("event", "suspends", "said"),
    [
        ("ticket_missing", False, "🎫 Its policy asks for a ticket. Name one, so that people can be asked."),
        ("ticket_accepted", False, "🎫 CHG0030001 in ServiceNow stands for this, which goes on now."),
        ("ticket_restored", False, "🎫 CHG0030001 in ServiceNow stands for this again."),
        ("ticket_refused", False, f"⚠️ {REASON} Name another ticket, or withdraw the request."),
        ("ticket_refused", True, f"⏸️ Suspended: {REASON} {AGAIN}"),
        ("ticket_named", False, None),
        ("ticket_check", False, None),
    ],
)
def test_the_thread_tells_what_became_of_the_ticket(event, suspends, said):
    data = {"system": "servicenow", "ticket": "CHG0030001", "reasons": [REASON], "suspends": suspends}
    line = thread_line(f"request.{event}", data, {})
    assert (line.summary if line else None) == said
