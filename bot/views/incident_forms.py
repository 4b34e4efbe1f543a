"""Modals of incidents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Block,
    Context,
    Form,
    Input,
    Markup,
    Option,
    PersonInput,
    Section,
    SelectInput,
    TextInput,
    one_line,
)
from bot.views.incidents import SEVERITIES, SHOWN, timeline_blocks
from bot.views.pieces import first_line
from core.incidents import ROLES, EntryView, FollowUpView, IncidentView, Severity

TEXT_MAX: Final = 3000
_WHEN: Final = "2026-03-03 22:00"
_SEVERITY_OPTIONS: Final = tuple(Option(str(each), SEVERITIES[each]) for each in Severity)


def incident_form(*, zone: str) -> Form:
    """`/sla new`: what is wrong."""
    return Form(
        callback_id=actions.FORM_INCIDENT,
        title="Report an incident",
        submit="Report",
        blocks=(
            TextInput("title", "What is wrong?", max_chars=200),
            SelectInput("severity", "How bad is it?", _SEVERITY_OPTIONS, initial=str(Severity.MEDIUM)),
            TextInput(
                "service",
                "What is affected?",
                is_optional=True,
                placeholder="Payments, agent:invoice-reader",
                max_chars=120,
            ),
            TextInput("description", "What do you see?", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
            _when("started_at", "Since when?", zone),
        ),
    )


def incident_assign_form(incident: IncidentView) -> Form:
    """Who works on it."""
    return _about(incident, actions.FORM_INCIDENT_ASSIGN, "Assign", "Assign", PersonInput("person", "Who works on it?"))


def incident_role_form(incident: IncidentView) -> Form:
    """Who has a role in it."""
    options = tuple(Option(role, role.capitalize()) for role in ROLES)
    return _about(
        incident,
        actions.FORM_INCIDENT_ROLE,
        "Role in",
        "Give",
        SelectInput("role", "Role", options, initial=ROLES[0]),
        PersonInput("person", "Who?"),
    )


def incident_severity_form(incident: IncidentView) -> Form:
    """How bad it is."""
    return _about(
        incident,
        actions.FORM_INCIDENT_SEVERITY,
        "Severity of",
        "Change",
        SelectInput("severity", "How bad is it?", _SEVERITY_OPTIONS, initial=incident.severity),
        TextInput("reason", "Why?", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
    )


def incident_update_form(incident: IncidentView) -> Form:
    """How it stands, for everybody who follows it."""
    hint = "Everybody who follows it reads this."
    text = TextInput("update", "How does it stand?", is_multiline=True, hint=hint, max_chars=TEXT_MAX)
    return _about(incident, actions.FORM_INCIDENT_UPDATE, "Update", "Post", text)


def incident_note_form(incident: IncidentView, *, zone: str) -> Form:
    """What somebody saw or did, and when."""
    return _about(
        incident,
        actions.FORM_INCIDENT_NOTE,
        "Timeline of",
        "Add",
        TextInput("note", "What was seen or done?", is_multiline=True, max_chars=TEXT_MAX),
        _when("at", "When?", zone),
    )


def incident_link_form(incident: IncidentView) -> Form:
    """What it has to do with."""
    hint = "A change, request, bypass, ticket, another incident, or an address."
    target = TextInput("target", "With what?", placeholder="CHG-1001", hint=hint, max_chars=2000)
    return _about(incident, actions.FORM_INCIDENT_LINK, "Link", "Link", target)


def incident_resolve_form(incident: IncidentView) -> Form:
    """What ended it."""
    return _about(
        incident,
        actions.FORM_INCIDENT_RESOLVE,
        "Resolve",
        "Resolve",
        TextInput("resolution", "What ended it?", is_multiline=True, max_chars=TEXT_MAX),
        TextInput("cause", "What was the cause?", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
    )


def incident_reopen_form(incident: IncidentView) -> Form:
    """Why it is not over."""
    reason = TextInput("reason", "Why?", is_multiline=True, max_chars=TEXT_MAX)
    return _about(incident, actions.FORM_INCIDENT_REOPEN, "Reopen", "Reopen", reason)


def incident_review_form(incident: IncidentView) -> Form:
    """The post-incident review; one that is written already is to be changed."""
    done = incident.standing_review
    causes = done.causes if done else incident.cause
    return _about(
        incident,
        actions.FORM_INCIDENT_REVIEW,
        "Review",
        "Finish review",
        _part("summary", "What happened?", done.summary if done else ""),
        _part("causes", "Why?", causes),
        _part("went_well", "What went well?", done.went_well if done else "", is_optional=True),
        _part("went_wrong", "What went wrong?", done.went_wrong if done else "", is_optional=True),
    )


def _part(name: str, label: str, initial: str, *, is_optional: bool = False) -> TextInput:
    return TextInput(
        name, label, is_multiline=True, is_optional=is_optional, initial=initial[:TEXT_MAX], max_chars=TEXT_MAX
    )


def incident_follow_up_form(incident: IncidentView, *, zone: str) -> Form:
    """What must be done so that it does not happen again."""
    return _about(
        incident,
        actions.FORM_INCIDENT_FOLLOW_UP,
        "Follow-up",
        "Agree",
        TextInput("title", "What must be done?", max_chars=300),
        PersonInput("owner", "By whom?"),
        TextInput("due_at", "By when?", placeholder=_WHEN, hint=f"In {zone}.", max_chars=40),
        TextInput(
            "before",
            "What is measured now?",
            is_optional=True,
            hint="To be compared when it is done.",
            max_chars=TEXT_MAX,
        ),
    )


def incident_follow_up_done_form(incident: IncidentView, follow_ups: Sequence[FollowUpView]) -> Form:
    """Which of these is done, and what shows it."""
    options = tuple(Option(str(each.id), f"{first_line(each.title)} · {each.owner.name}") for each in follow_ups)
    measured = [each for each in follow_ups if each.before.strip()][:SHOWN]
    before = (
        Context((one_line(each.title), Markup(" · measured before: "), one_line(each.before[:500])))
        for each in measured
    )
    return _about(
        incident,
        actions.FORM_INCIDENT_FOLLOW_UP_DONE,
        "Follow-up",
        "Done",
        *before,
        SelectInput("follow_up", "What is done?", options, initial=options[0].value),
        TextInput("evidence", "What shows it?", is_multiline=True, max_chars=TEXT_MAX),
        TextInput("after", "What is measured now?", is_optional=True, max_chars=TEXT_MAX),
    )


def incident_timeline_form(incident: IncidentView, entries: Sequence[EntryView], *, is_cut: bool) -> Form:
    """What happened so far; a long timeline is cut at its beginning."""
    return Form(
        callback_id=actions.FORM_INCIDENT_TIMELINE,
        title=f"Timeline {incident.reference}",
        blocks=(Section((one_line(incident.title),)), *timeline_blocks(entries, is_cut=is_cut)),
    )


def _about(incident: IncidentView, callback_id: str, title: str, submit: str, *blocks: Block | Input) -> Form:
    """A form about one incident, which says which."""
    return Form(
        callback_id=callback_id,
        title=f"{title} {incident.reference}",
        submit=submit,
        memo=Target(id=incident.id).encode(),
        blocks=(Section((one_line(incident.title),)), *blocks),
    )


def _when(name: str, label: str, zone: str) -> TextInput:
    hint = f"In {zone}; now, if it is left empty."
    return TextInput(name, label, is_optional=True, placeholder=_WHEN, hint=hint, max_chars=40)
