"""Asking in Teams, whose dialogs do not change with what is chosen in them: the action first, then its form (B7)."""

import pytest

from core.approvals import RequestFilter, list_requests
from tests.factories import create_agent
from tests.teams_office import office

DEVELOPER = "agent.developer@enterprise-corp.example"
MANAGER = "meta.agent.manager@enterprise-corp.example"
pytestmark = pytest.mark.row("B7")


@pytest.fixture
async def teams(company, catalogue):
    async with office(company, company.gate(catalogue)) as opened:
        await opened.act("install", user=DEVELOPER)
        await opened.act("install", user=MANAGER)
        yield opened


@pytest.fixture
async def registered(company, catalogue):
    await create_agent(company, catalogue)


async def opened(teams, line, user=DEVELOPER):
    """The dialog behind the button with which the line is answered."""
    answer = (await teams.act("command", user=user, text=line))["ephemeral"][-1]
    button = next(each for each in answer["actions"] if each["text"] == "Open the form")
    place = {"user": user, "channel": answer["channel"], "ts": answer["ts"]}
    found = await teams.act("click", **place, action_id=button["action_id"], value=button["value"])
    return found["modal"]


async def sent(teams, form, *, user=DEVELOPER, **values):
    return await teams.act("submit", user=user, view_id=form["view_id"], values=values)


async def chosen(teams, action, user=DEVELOPER):
    """The form of that action, reached through the step before it."""
    first = await opened(teams, "approve", user)
    assert (fields(first), first["submit"]) == (["action"], "Continue")
    return (await sent(teams, first, user=user, action=action))["modal"]


def fields(form):
    return [each["id"] for each in form["fields"]]


def typed(form):
    return {each["id"]: each["value"] for each in form["fields"]}


async def asked(company, action):
    found = await list_requests(company.database, company.actor("agent_developer"), RequestFilter())
    return next(each for each in found if each.action == action)


async def test_a_change_leaves_as_it_is_what_is_left_empty(teams, company, registered):
    form = await chosen(teams, "agent.modify")
    assert typed(form)["owner"] is None
    answer = await sent(
        teams, form, known_agent="invoice-reader", business_service="Payroll", justification="It moved."
    )  # fmt: skip
    assert answer["closed"] is True, answer
    request = await asked(company, "agent.modify")
    assert request.resource["business_service"] == "Payroll"
    assert "owner" not in request.resource


@pytest.mark.parametrize("action", ["agent.deploy", "agent.retire"])
async def test_an_action_asks_for_no_more_than_it_needs(teams, company, registered, action):
    form = await chosen(teams, action, MANAGER)
    assert fields(form) == ["action", "known_agent", "justification", "suggested", "draft"]
    answer = await sent(teams, form, user=MANAGER, known_agent="invoice-reader", justification="It is time.")
    assert answer["closed"] is True, answer


async def test_a_refused_form_stays_the_form_of_its_action(teams, company, registered):
    form = await chosen(teams, "agent.modify")
    answer = await sent(teams, form, known_agent="invoice-reader", justification="   ")
    assert answer["closed"] is False
    assert fields(answer["modal"]) == fields(form)
    assert "Write something here." in answer["modal"]["words"]


async def test_whoever_names_a_new_agent_has_nothing_to_choose(teams, company):
    form = await opened(teams, "approve create support-bot")
    assert typed(form)["agent_name"] == "support-bot"
    assert typed(form)["owner"] == teams.aad(DEVELOPER)
    assert typed(form)["action"] == "agent.create"


async def test_a_new_agent_is_owned_by_whoever_asks_unless_they_say_otherwise(teams, company):
    form = await chosen(teams, "agent.create")
    assert typed(form)["owner"] == teams.aad(DEVELOPER)
    assert {"agent_name", "sponsor", "business_service"} < set(fields(form))
