"""Whose chat account it is: how to link one, and what is told when one was linked or unlinked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import actions
from bot.cards import Actions, Card, Context, LinkButton, Markup, Section, Text, one_line
from bot.plain import line_of
from core.access import PersonView
from core.accounts import AccountEvent, LinkedBy


def link_card(address: str) -> Card:
    """The answer to `/approve link`."""
    lead: Text = (
        Markup(
            "🔗 Open our page, sign in, and confirm that this chat account is yours. It shows a code; type it here: "
        ),
        Markup("`/approve link 123456`."),
    )
    warning = Context(
        (
            Markup(
                "The link holds once, for ten minutes, and is for you alone. Nobody of us ever asks you for the code."
            ),
        )
    )
    button = LinkButton(actions.LINK_ACCOUNT, "Link this account", address)
    return Card(f"{line_of(lead)} {address}", (Section(lead), Actions((button,)), warning))


def linked_card(person: PersonView) -> Card:
    """The answer to the right code."""
    line: Text = (
        Markup("✅ This chat account is linked to "),
        one_line(f"{person.name} ({person.email})"),
        Markup(". What you do here from now on, you do as them."),
    )
    return Card(line_of(line), (Section(line),))


def notice_card(
    event: str, data: Mapping[str, Any], person: PersonView, *, reader: PersonView, is_itself: bool
) -> Card:
    """What the account itself, its person elsewhere, and whoever had it before are told."""
    account = one_line(str(data["account"]["name"] or data["account"]["chat_user"]))
    whose = one_line(f"{person.name} ({person.email})")
    is_theirs = data.get("linked_by") == LinkedBy.SIGNED_LINK  # they have just done it themselves
    by: Text = () if is_theirs else (Markup("; by "), one_line(str(data.get("by", ""))))
    if event == AccountEvent.UNLINKED:
        subject: Text = (Markup("This chat account"),) if is_itself else (Markup("The chat account "), account)
        line: Text = (Markup("🔓 "), *subject, Markup(" is no longer linked to "), whose, *by)
    elif is_itself:
        line = (Markup("🔗 This chat account is linked to "), whose, *by)
    elif reader.id == person.id:
        line = (Markup("🔗 The chat account "), account, Markup(" is linked to you"), *by)
    else:
        line = (Markup("🔓 The chat account "), account, Markup(" was yours and is linked to "), whose)
    hint = Context(
        (Markup("If this is wrong, unlink it under *My security* in the console, and tell your administrator."),)
    )
    return Card(line_of(line), (Section(line), hint))
