"""What is said of changes, and asked about them, as it travels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.changes import Proposal
from web.paging import PageQuery
from web.schema import Input, Instant, Query

_Text = Annotated[str, Field(max_length=20_000)]
_Word = Annotated[str, Field(max_length=40)]
_Resource = Annotated[str, Field(max_length=300, description="agent:invoice-reader, service:Payments")]
_Resources = Annotated[list[_Resource], Field(max_length=100)]


class ChangeIn(Input):
    """A new change. With a template, what it does not say is as the template says, and no more is approved."""

    title: Annotated[str | None, Field(max_length=300)] = None
    description: _Text | None = None
    type: _Word | None = None
    resources: _Resources = Field(default_factory=list)
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    template: Annotated[str, Field(max_length=100, description="of a standard change")] = ""
    rollback_plan: Annotated[_Text, Field(description="evidence for the gate of that name")] = ""

    def proposal(self) -> Proposal:
        """What the registry is told."""
        return Proposal(self.title, self.description, self.type, self.resources, self.starts_at, self.ends_at)


class RevisionIn(Input):
    """What changes in it; the rest stays."""

    title: Annotated[str | None, Field(max_length=300)] = None
    description: _Text | None = None
    type: _Word | None = None
    resources: _Resources | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    reason: _Text = ""

    def proposal(self) -> Proposal:
        """What the registry is told."""
        return Proposal(self.title, self.description, self.type, self.resources, self.starts_at, self.ends_at)


class EvidenceIn(Input):
    """What shows that a gate is passed, or is not."""

    gate: Annotated[str, Field(max_length=40, description="testing, rollback_plan, communication")]
    summary: _Text
    result: Annotated[str, Field(max_length=20, description="passed or failed; the last one counts")] = "passed"
    url: Annotated[str, Field(max_length=2_000)] = ""


class TimesIn(Input):
    """A time; without one, the time that was wished for."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None


class TryIn(Input):
    """A time to be tried."""

    starts_at: Instant
    ends_at: Instant


class CompletionIn(Input):
    """That the work is done, and how the validation went, now or later."""

    validation: Annotated[str | None, Field(max_length=20, description="passed or failed; null: not yet")] = None
    notes: _Text = ""


class ReasonIn(Input):
    """Why."""

    reason: _Text


class ChangeReviewIn(Input):
    """The post-implementation review."""

    outcome: Annotated[str, Field(max_length=40, description="successful, successful_with_issues, unsuccessful")]
    notes: _Text
    lessons: _Text = ""
    tags: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)] = Field(default_factory=list)


class ChangesQuery(PageQuery):
    """Which changes."""

    state: _Word | None = None
    type: _Word | None = None
    risk: Annotated[str | None, Field(max_length=10, description="low, medium, high")] = None
    q: Annotated[str | None, Field(max_length=200, description="words, a resource, or CHG-12")] = None
    resource: Annotated[str | None, Field(max_length=300, description="that it touches, or that feels it")] = None
    since: Annotated[Instant | None, Field(description="whose time ends after that")] = None
    until: Annotated[Instant | None, Field(description="whose time begins before that")] = None
    mine: Annotated[bool, Field(description="only those that I raised")] = False
    open: Annotated[bool, Field(description="only those that are not over")] = False
    waiting_for_review: Annotated[bool, Field(description="only those whose review is due")] = False


class CalendarQuery(Query):
    """Which time."""

    since: Annotated[Instant | None, Field(description="now, if it is not said")] = None
    until: Annotated[Instant | None, Field(description="35 days later, if it is not said")] = None


class AgendaQuery(Query):
    """Of how many days."""

    days: Annotated[int, Field(ge=1, le=92)] = 14
