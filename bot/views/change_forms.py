"""Modals of changes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import Block, Form, Input, Markup, Option, Plain, Section, SelectInput, TextInput, one_line
from bot.views.pieces import spoken
from core.changes import ChangePolicy, ChangeView, Gate
from core.zones import zone_of

TEXT_MAX: Final = 3000  # what fits Slack's own input; the core takes more
_WHEN: Final = "2026-03-03 22:00"
_RESULTS: Final = (Option("passed", "Passed"), Option("failed", "Failed"))


def change_form(policy: ChangePolicy, *, zone: str) -> Form:
    """`/change`: a draft; nobody is asked yet."""
    return Form(
        callback_id=actions.FORM_CHANGE,
        title="New change",
        submit="Save draft",
        blocks=(
            TextInput("title", "What changes?", max_chars=200),
            SelectInput(
                "type",
                "Type",
                options=tuple(Option(key, each.title) for key, each in policy.types.items()),
            ),
            TextInput(
                "resources",
                "What does it touch?",
                placeholder="agent:invoice-reader, service:Payments",
                hint="Separated by commas: agent, service, tool, data or infrastructure, and the name.",
                max_chars=TEXT_MAX,
            ),
            TextInput("description", "Why, and how?", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
            *_times(zone, is_optional=True),
            TextInput("rollback_plan", "The way back", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
        ),
    )


def evidence_form(change: ChangeView) -> Form:
    """What shows that a gate is passed, or is not."""
    gates = change.missing or change.gates or tuple(map(str, Gate))
    return _about(
        change,
        actions.FORM_CHANGE_EVIDENCE,
        "Evidence",
        "Add",
        SelectInput("gate", "For", tuple(Option(gate, spoken(gate)) for gate in gates), initial=gates[0]),
        SelectInput("result", "Result", _RESULTS, initial="passed"),
        TextInput("summary", "What shows it?", is_multiline=True, max_chars=TEXT_MAX),
        TextInput("url", "Address", is_optional=True, max_chars=2000, placeholder="https://ci.example.com/run/17"),
    )


def schedule_form(change: ChangeView, *, zone: str) -> Form:
    """When it is done: the time that was wished for, to begin with."""
    return _about(
        change,
        actions.FORM_CHANGE_SCHEDULE,
        "Schedule",
        "Schedule",
        *_times(zone, starts_at=change.starts_at, ends_at=change.ends_at),
    )


def done_form(change: ChangeView) -> Form:
    """The work is done, and how the validation went."""
    return _about(
        change,
        actions.FORM_CHANGE_DONE,
        "Finish",
        "Done",
        SelectInput("validation", "Validation", (*_RESULTS, Option("later", "Not yet")), initial="passed"),
        TextInput("notes", "Notes", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
    )


def rollback_form(change: ChangeView) -> Form:
    """Why it is rolled back; the plan is shown once more."""
    plans = [each.summary for each in change.evidence if each.gate == Gate.ROLLBACK_PLAN]
    shown = (Section((Markup("The plan: "), Plain(plans[-1][:2000]))),) if plans else ()
    return Form(
        callback_id=actions.FORM_CHANGE_ROLLBACK,
        title=f"Roll back {change.reference}",
        submit="Roll back",
        memo=Target(id=change.id).encode(),
        blocks=(*shown, TextInput("reason", "Why?", is_multiline=True, max_chars=TEXT_MAX)),
    )


def recovery_form(change: ChangeView) -> Form:
    """Whether everything works again after the rollback."""
    return _about(
        change,
        actions.FORM_CHANGE_RECOVERY,
        "Recovery",
        "Save",
        SelectInput(
            "result",
            "Does everything work again?",
            (Option("passed", "Yes"), Option("failed", "No: open the change again, and tell people")),
            initial="passed",
        ),
        TextInput("notes", "What was seen", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
    )


def change_review_form(change: ChangeView) -> Form:
    """The post-implementation review."""
    return _about(
        change,
        actions.FORM_CHANGE_REVIEW,
        "Review",
        "Finish review",
        SelectInput(
            "outcome",
            "Outcome",
            (
                Option("successful", "Successful"),
                Option("successful_with_issues", "Successful, with issues"),
                Option("unsuccessful", "Unsuccessful"),
            ),
        ),
        TextInput("notes", "What was found", is_multiline=True, max_chars=TEXT_MAX),
        TextInput("lessons", "Lessons for next time", is_multiline=True, is_optional=True, max_chars=TEXT_MAX),
        TextInput(
            "tags",
            "Tags",
            is_optional=True,
            placeholder="cache, deploy",
            hint="Separated by commas.",
            max_chars=400,
        ),
    )


def _about(change: ChangeView, callback_id: str, title: str, submit: str, *blocks: Block | Input) -> Form:
    """A form about one change, which says which."""
    return Form(
        callback_id=callback_id,
        title=f"{title} {change.reference}",
        submit=submit,
        memo=Target(id=change.id).encode(),
        blocks=(Section((one_line(change.title),)), *blocks),
    )


def _times(
    zone: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None, is_optional: bool = False
) -> tuple[TextInput, TextInput]:
    def at(instant: datetime | None) -> str:
        return f"{instant.astimezone(zone_of(zone)):%Y-%m-%d %H:%M}" if instant else ""

    def field(name: str, label: str, instant: datetime | None, hint: str) -> TextInput:
        initial = at(instant)
        return TextInput(
            name, label, is_optional=is_optional, initial=initial, placeholder=_WHEN, hint=hint, max_chars=40
        )

    return field("starts_at", "Begins", starts_at, f"In {zone}."), field("ends_at", "Ends", ends_at, "")
