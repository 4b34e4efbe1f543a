"""What doors offer of an incident to those who may not work on it (B6)."""

from __future__ import annotations

from datetime import UTC, timedelta
from types import SimpleNamespace

import pytest

from bot import actions
from bot.conversation.incidents import form_of
from bot.conversation.requesting import form_for
from bot.views.request_forms import Written
from core.decisions.errors import NothingToAsk
from core.incidents import add_follow_up, resolve
from core.incidents.errors import NotAResponder, NotTheOwner, WrongState
from tests.incident_desk import IncidentDesk
from tests.unit.web.console.test_bypass_pages import TEMPLATES, VISITOR
from web.console.rendering import Sight


@pytest.mark.row("B6")
async def test_a_form_that_somebody_may_not_send_does_not_open_for_them(company):
    desk = IncidentDesk(company)
    incident = await desk.show(await desk.fires())
    chat, analyst = SimpleNamespace(database=desk.database), company.actor("compliance_analyst")
    with pytest.raises(NotAResponder):
        await form_of(chat, analyst, actions.INCIDENT_SEVERITY, incident.id)
    (denied,) = await company.trail(action="incident.prepare")
    assert (denied["result"], denied["resource"], denied["user_id"]) == ("denied", incident.reference, analyst.email)
    assert denied["details"]["form"] == actions.INCIDENT_SEVERITY
    assert denied["details"]["code"] == "incidents.not_a_responder"
    assert await form_of(chat, analyst, actions.INCIDENT_TIMELINE, incident.id)
    assert await form_of(chat, company.actor("agent_operator"), actions.INCIDENT_SEVERITY, incident.id)
    page = TEMPLATES.get_template("incident.html")
    given = {"incident": incident, "visitor": VISITOR, "sight": Sight(company.clock.now(), UTC), "places": ()}
    given |= {"place": "incidents", "message": "", "said": "", "failed": "", "typed": {}, "entries": (), "people": ()}
    given |= {"suspects": (), "severities": (), "roles": ()}
    forms = [page.render(may=may, **given).count('<details class="act"') for may in (False, True)]
    assert forms[0] == 1  # everybody may add to the timeline
    assert forms[1] > forms[0]


@pytest.mark.row("B6")
async def test_nobody_writes_a_review_of_what_goes_on_still(company):
    desk = IncidentDesk(company)
    incident, chat = await desk.show(await desk.fires()), SimpleNamespace(database=desk.database)
    responder = company.actor("agent_operator")
    with pytest.raises(WrongState, match="resolve it first"):
        await form_of(chat, responder, actions.INCIDENT_REVIEW, incident.id)
    await resolve(desk.database, responder, incident.id, resolution="Restarted.", cause="A leak.")
    assert await form_of(chat, responder, actions.INCIDENT_REVIEW, incident.id)


@pytest.mark.row("B6", "R6")
async def test_who_may_finish_no_follow_up_is_refused_the_form_and_that_is_recorded(company):
    desk = IncidentDesk(company)
    incident = await desk.show(await desk.fires())
    due_at = company.clock.now() + timedelta(days=7)
    agreed = {"title": "Add a canary", "owner": company.actor("agent_operator").email, "due_at": due_at}
    await add_follow_up(desk.database, company.actor("agent_operator"), incident.id, **agreed)
    chat, analyst = SimpleNamespace(database=desk.database), company.actor("compliance_analyst")
    with pytest.raises(NotTheOwner):
        await form_of(chat, analyst, actions.INCIDENT_FOLLOW_UP_DONE, incident.id)
    (denied,) = await company.trail(action="incident.prepare")
    assert (denied["result"], denied["details"]["code"]) == ("denied", "incidents.not_the_owner")


@pytest.mark.row("R6")
async def test_the_form_of_a_request_is_refused_to_who_may_ask_for_nothing_and_that_is_recorded(company):
    reviewer = company.actor("audit_reviewer")
    with pytest.raises(NothingToAsk):
        await form_for(SimpleNamespace(database=company.database), reviewer, Written(), channel="C1")
    (denied,) = await company.trail(action="decision.prepare")
    assert (denied["result"], denied["details"]["code"]) == ("denied", "decisions.nothing_to_ask")
