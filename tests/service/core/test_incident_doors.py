"""What doors offer of an incident to those who may not work on it (B6)."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace

import pytest

from bot import actions
from bot.conversation.incidents import form_of
from core.incidents.errors import NotAResponder
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
    assert await form_of(chat, analyst, actions.INCIDENT_TIMELINE, incident.id)
    assert await form_of(chat, company.actor("agent_operator"), actions.INCIDENT_SEVERITY, incident.id)
    page = TEMPLATES.get_template("incident.html")
    given = {"incident": incident, "visitor": VISITOR, "sight": Sight(company.clock.now(), UTC), "places": ()}
    given |= {"place": "incidents", "message": "", "said": "", "failed": "", "typed": {}, "entries": (), "people": ()}
    given |= {"suspects": (), "severities": (), "roles": ()}
    forms = [page.render(may=may, **given).count('<details class="act"') for may in (False, True)]
    assert forms[0] == 1  # everybody may add to the timeline
    assert forms[1] > forms[0]
