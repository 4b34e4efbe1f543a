"""The morning digest: what waits for somebody, most urgent first; and the choice of when and where they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Context,
    Divider,
    Form,
    Heading,
    Instant,
    Link,
    Markup,
    Option,
    Plain,
    Section,
    SelectInput,
    Text,
    TextInput,
    Tone,
    one_line,
)
from bot.plain import line_of
from bot.times import counted
from bot.views.approvals import status_of, target_of
from bot.views.bypass import scope_of
from bot.views.pieces import reference_of, title_of
from bot.views.reasons import LEVELS
from core.accounts import Account, Platform
from core.approvals import RequestView
from core.emergency import BypassView
from core.preferences import DIGEST_TIMES, LAST_ACTIVE, OFF, Preferences, Told
from core.schedules import Digest

NOTIFICATIONS: Final = "Notifications"
REVIEWS_SHOWN: Final = 3
MOVED_SHOWN: Final = 3
PLACES_HINT: Final = (
    "For whoever has an account in Slack and one in Teams. Messages that exist stay up to date in both."
)
QUIET_HINT: Final = (
    "No new message and no reminder of a request in these hours, where you live; what waited comes when they end. "
    "Emergencies, and what would time out before you could decide, come at once. Or: off."
)
_PLACES: Final[Mapping[Told | None, str]] = {
    None: "Where I was last active",
    Told.SLACK: "In Slack",
    Told.TEAMS: "In Microsoft Teams",
    Told.BOTH: "In both",
}
_WHERE: Final[Mapping[Told | None, str]] = {
    None: "where you were last active",
    Told.SLACK: "in *Slack*",
    Told.TEAMS: "in *Microsoft Teams*",
    Told.BOTH: "in *Slack* and in *Microsoft Teams*",
}
_NAMES: Final[Mapping[Platform, str]] = {Platform.SLACK: "Slack", Platform.TEAMS: "Microsoft Teams"}
_STEP_MINUTES: Final = 30  # between the times that the form offers; the command takes any


def digest_card(digest: Digest, *, now: datetime, console: str = "") -> Card:
    """What waits for the person this morning. The message stays, so it says when and not in how long."""
    agenda = digest.agenda
    blocks: list[Block] = [Heading(f"Good morning, {one_line(digest.person.name).text}"), Section(_counts(digest))]
    for request in agenda.waiting:
        blocks += _to_decide(request, now, console)
    if more := agenda.total - len(agenda.waiting):
        blocks.append(Context((Markup(f"… and {more} more: "), *_all_of_them(console))))
    if digest.reviews:
        blocks += [Divider(), Section((Markup("*Bypasses to review*"),))]
        blocks += [_to_review(bypass, now) for bypass in digest.reviews[:REVIEWS_SHOWN]]
        if (more := len(digest.reviews) - REVIEWS_SHOWN) > 0:
            blocks.append(Context((Markup(f"… and {more} more: `/bypass status`"),)))
    if agenda.moved:
        blocks += [Divider(), Section((Markup("*What became of your requests*"), Instant(digest.since, " since ")))]
        blocks += [_moved(request, console) for request in agenda.moved[:MOVED_SHOWN]]
        if len(agenda.moved) > MOVED_SHOWN:
            blocks.append(Context((Markup("… and more: `/approve mine`"),)))
    hint = "`/approve digest off` stops it, `/approve digest 09:00` moves it."
    blocks.append(Context((Markup(f"It comes at {digest.at:%H:%M} on working days. {hint}"),)))
    return Card(f"Good morning. {line_of(_counts(digest))}", tuple(blocks))


def choice_card(chosen: Preferences) -> Card:
    """`/approve digest`: whether and when it comes."""
    line = (*_chosen(chosen), Markup(". `/approve digest off`, `on` or a time such as `09:00` changes it."))
    return Card(line_of(line), (Section(line),))


def home_line(chosen: Preferences) -> Block:
    """The home page's control of when and where somebody is told."""
    line = (*_chosen(chosen), Markup(f"\n💬 You are told {_WHERE[chosen.platform]}"), *_quiet(chosen))
    return Section(line, button=Button(actions.OPEN_NOTIFICATIONS, "Change", "notifications"))


def notifications_form(chosen: Preferences, accounts: Iterable[Account] = ()) -> Form:
    """Whether and when the digest comes, and where the person is told; above: where they cannot be reached."""
    first, last = (at.hour * 60 + at.minute for at in DIGEST_TIMES)
    offered = {f"{minute // 60:02}:{minute % 60:02}" for minute in range(first, last + 1, _STEP_MINUTES)}
    offered.add(f"{chosen.digest_at:%H:%M}")
    options = (Option(OFF, "Not at all"), *(Option(at, at) for at in sorted(offered)))
    places = (Option(told or LAST_ACTIVE, label) for told, label in _PLACES.items())
    hint = "On working days, where you live, if something waits for you."
    return Form(
        actions.FORM_NOTIFICATIONS,
        NOTIFICATIONS,
        (
            *(_unreachable(each, each.unreachable_since) for each in accounts if each.unreachable_since),
            SelectInput("digest", "Morning digest", options, initial=chosen.digest_choice, hint=hint),
            SelectInput(
                "platform", "Where you are told", tuple(places), initial=chosen.platform_choice, hint=PLACES_HINT
            ),
            TextInput(
                "quiet_hours",
                "Quiet hours",
                initial=chosen.quiet_choice,
                placeholder="22:00-07:00",
                hint=QUIET_HINT,
                max_chars=20,
            ),
        ),
        submit="Save",
    )


def _chosen(chosen: Preferences) -> Text:
    if not chosen.has_digest:
        return (Markup("🌙 You have no morning digest"),)
    return (Markup(f"🌅 Your morning digest comes at *{chosen.digest_at:%H:%M}* on working days"),)


def _unreachable(account: Account, since: datetime) -> Block:
    name = _NAMES[account.chat.platform]
    way = "Add the app there again, or do something with it. Until then you are told on your other platform."
    return Section((Markup(f"⚠️ *{name}* cannot reach you"), Instant(since, " since "), Markup(f". {way}")))


def _quiet(chosen: Preferences) -> Text:
    return (Markup(f"\n🔕 Quiet hours *{chosen.quiet}*"),) if chosen.quiet else ()


def _counts(digest: Digest) -> Text:
    """How much waits, as a sentence."""
    parts = []
    if total := digest.agenda.total:
        overdue = f" ({digest.agenda.overdue} overdue)" if digest.agenda.overdue else ""
        parts.append(f"*{counted(total, 'request')}* {_waits(total)} for your decision{overdue}")
    if reviews := len(digest.reviews):
        parts.append(f"*{counted(reviews, 'bypass', 'bypasses')}* {_waits(reviews)} for your review")
    return (Markup(f"{' and '.join(parts)}."),)


def _waits(count: int) -> str:
    return "waits" if count == 1 else "wait"


def _to_decide(request: RequestView, now: datetime, console: str) -> tuple[Block, ...]:
    value = target_of(request).encode()  # the form that opens finds the stage on which this person is asked
    buttons = (
        Button(actions.VOTE_APPROVE, "Approve", value, tone=Tone.PRIMARY),
        Button(actions.VOTE_REJECT, "Reject", value, tone=Tone.DANGER),
        Button(actions.DETAILS, "Show", value),
    )
    return (Section((*_named(request, console), Markup("\n"), *_facts(request, now))), Actions(buttons))


def _named(request: RequestView, console: str) -> Text:
    return (reference_of(request.reference, console), Markup(" "), Plain(title_of(request)))


def _facts(request: RequestView, now: datetime) -> Text:
    current = next((stage for stage in request.stages if stage.status == "open"), None)
    due: Text = ()
    if current and current.paused_at:
        due = (Markup("⏸️ waits for an answer · "),)
    elif current and current.due_at:
        due = (Instant(current.due_at, "⏰ *overdue* since " if current.due_at <= now else "⏰ due "), Markup(" · "))
    risk: Text = (Markup(f"{LEVELS[request.assessment.risk.level]} · "),) if request.assessment else ()
    where: Text = (Markup(" · "), one_line(current.title)) if current else ()
    return (*due, *risk, Markup("asked by "), one_line(request.requester.name), *where)


def _to_review(bypass: BypassView, now: datetime) -> Section:
    line = (
        Markup(f"*{bypass.reference}* "),
        Plain(scope_of(bypass)),
        Markup("\n"),
        Instant(bypass.review_due_at, "⏰ *overdue* since " if bypass.review_due_at <= now else "⏰ due "),
        Markup(" · by "),
        one_line(bypass.requester.name),
    )
    return Section(line, button=Button(actions.BYPASS_REVIEW, "Review", Target(bypass.id).encode()))


def _moved(request: RequestView, console: str) -> Section:
    titles = ", ".join(stage.title for stage in request.stages if stage.status == "open")
    where: Text = (Markup(" · open now: "), one_line(titles)) if request.status == "pending" and titles else ()
    when: Text = (Instant(request.decided_at, " · "),) if request.decided_at else ()
    line = (*_named(request, console), Markup(f"\n{status_of(request)}"), *when, *where)
    return Section(line, button=Button(actions.DETAILS, "Show", target_of(request).encode()))


def _all_of_them(console: str) -> Text:
    return (Link("your inbox", console),) if console else (Markup("`/approve list`"),)
