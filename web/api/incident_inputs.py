"""What is said of incidents, and asked about them, as it travels."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from core.incidents import FOLLOW_UP_TITLE_MAX, TITLE_MAX, ToldAlert
from web.paging import PageQuery
from web.schema import Input, Instant

ONE_LINE: Final = "one line, without control characters"
_Title = Annotated[str, Field(max_length=TITLE_MAX, description=ONE_LINE)]
_Text = Annotated[str, Field(max_length=20_000)]
_Word = Annotated[str, Field(max_length=40)]
_Severity = Annotated[str, Field(max_length=20, description="critical, high, medium, low")]
_Email = Annotated[str, Field(max_length=300, description="of a person; empty: nobody")]


class IncidentIn(Input):
    """What is wrong, as somebody reports it."""

    title: _Title
    description: _Text = ""
    severity: _Severity = "medium"
    service: Annotated[str, Field(max_length=200, description="Payments, agent:invoice-reader, tool:ledger")] = ""
    started_at: Annotated[Instant | None, Field(description="when it began; now, if it is not said")] = None


class IncidentAlertIn(Input):
    """One state of one alert of a system that has no connector here."""

    source: Annotated[str, Field(max_length=40, description="what tells it; not sla, countersign, alert, person")]
    key: Annotated[str, Field(max_length=500, description="names the alert: there is one open incident of it")]
    group: Annotated[str, Field(max_length=500, description="alerts of one group share an incident")] = ""
    state: Annotated[str, Field(max_length=20, description="firing or resolved")]
    severity: _Severity = "high"
    service: Annotated[str, Field(max_length=120)] = ""
    title: Annotated[_Title, Field(min_length=1)]
    words: Annotated[str, Field(max_length=4_000)] = ""
    started_at: Annotated[Instant | None, Field(description="of this episode, the same in its resolution")] = None
    labels: Annotated[
        dict[Annotated[str, Field(max_length=120)], Annotated[str, Field(max_length=500)]], Field(max_length=50)
    ] = Field(default_factory=dict)
    link: Annotated[str, Field(max_length=2_000, description="an http or https address")] = ""

    def told(self) -> ToldAlert:
        """What the core is told."""
        return ToldAlert(**self.model_dump())


class PersonIn(Input):
    """Who works on it."""

    email: _Email


class RoleIn(Input):
    """Who has a role in it."""

    role: Annotated[str, Field(max_length=40, description="commander, communications, scribe")]
    email: _Email


class SeverityIn(Input):
    """How bad it is."""

    severity: _Severity
    reason: _Text = ""


class StartIn(Input):
    """When it began."""

    started_at: Instant


class MaybeReasonIn(Input):
    """Why, if somebody wants to say."""

    reason: _Text = ""


class IncidentReasonIn(Input):
    """Why."""

    reason: _Text


class UpdateIn(Input):
    """How it stands, for everybody who follows it."""

    text: _Text


class EntryIn(Input):
    """What somebody saw or did, and when."""

    text: _Text
    at: Annotated[Instant | None, Field(description="now, if it is not said")] = None


class TargetIn(Input):
    """What it has to do with."""

    target: Annotated[str, Field(max_length=2_100, description="CHG-1001, REQ-1002, INC-1003, OPS-17, an address")]


class ResolutionIn(Input):
    """What ended it."""

    resolution: _Text
    cause: _Text = ""


class IncidentReviewIn(Input):
    """The post-incident review."""

    summary: _Text
    causes: _Text
    went_well: _Text = ""
    went_wrong: _Text = ""


class FollowUpIn(Input):
    """What must be done so that it does not happen again."""

    title: Annotated[str, Field(max_length=FOLLOW_UP_TITLE_MAX, description=ONE_LINE)]
    owner: Annotated[str, Field(max_length=300, description="the e-mail address of a person")]
    due_at: Instant
    before: Annotated[_Text, Field(description="what is measured now, to compare with afterwards")] = ""


class FollowUpChangeIn(Input):
    """What of it is otherwise."""

    owner: Annotated[str | None, Field(max_length=300)] = None
    due_at: Instant | None = None
    drop: Annotated[_Text, Field(description="why it will not be done")] = ""


class EvidenceOfWorkIn(Input):
    """What shows that it is done, and what is measured now."""

    evidence: _Text
    after: _Text = ""


class IncidentsQuery(PageQuery):
    """Which incidents."""

    state: Annotated[str | None, Field(max_length=20, description="open, acknowledged, resolved, closed")] = None
    severity: Annotated[str | None, Field(max_length=20)] = None
    service: Annotated[str | None, Field(max_length=200, description="as it was named, or of the business")] = None
    source: _Word | None = None
    q: Annotated[str | None, Field(max_length=200, description="words, or INC-12")] = None
    since: Annotated[Instant | None, Field(description="under way after that")] = None
    until: Annotated[Instant | None, Field(description="begun before that")] = None
    mine: Annotated[bool, Field(description="only those that are assigned to me")] = False
    open: Annotated[bool, Field(description="only those under way")] = False
    waiting_for_review: Annotated[bool, Field(description="only those whose review is due")] = False


class FollowUpsQuery(PageQuery):
    """Which follow-ups."""

    state: Annotated[str | None, Field(max_length=20, description="open, done, dropped")] = None
    mine: Annotated[bool, Field(description="only mine")] = False
